"""A plain troposphere script for the article's stack, to compare `template --article` with.

It creates the resources of `readmodel-cfn template --article` and does not use this package.
"""

import awacs.sts
from awacs.aws import Action, Allow, PolicyDocument, Principal, Statement
from troposphere import GetAtt, Join, Output, Parameter, Ref, Template, iam, s3
from troposphere import apigateway as ag


def name(suffix: str) -> Join:
    """The stack's name and a suffix."""
    return Join("", [Ref("StackName"), suffix])


t = Template()
t.set_version("2010-09-09")
t.add_parameter(
    Parameter("StackName", Type="String", Description="Beginning of every resource's name")
)
bucket = t.add_resource(s3.Bucket("DataStore", BucketName=name("-data-store")))
every_key = Join("", [GetAtt(bucket, "Arn"), "/*"])
write = PolicyDocument(
    Version="2012-10-17",
    Statement=[Statement(Effect=Allow, Action=[Action("s3", "*")], Resource=[every_key])],
)
user = t.add_resource(
    iam.User(
        "DataStoreWriter",
        UserName=name("-data-store-writer"),
        Policies=[iam.Policy(PolicyName=name("-data-store-writer"), PolicyDocument=write)],
    )
)
key = t.add_resource(
    iam.AccessKey(
        "DataStoreWriterAccessKey",
        DependsOn=user,
        Serial=1,
        Status="Active",
        UserName=name("-data-store-writer"),
    )
)
trust = Statement(
    Sid="",
    Effect=Allow,
    Principal=Principal("Service", "apigateway.amazonaws.com"),
    Action=[awacs.sts.AssumeRole],
)
role = t.add_resource(
    iam.Role(
        "ApiGatewayRole",
        RoleName=name("-api-gateway-role"),
        AssumeRolePolicyDocument=PolicyDocument(Statement=[trust]),
    )
)
read = PolicyDocument(
    Statement=[Statement(Effect=Allow, Action=[Action("s3", "Get*")], Resource=[every_key])]
)
t.add_resource(
    iam.PolicyType(
        "ApiGatewayDataStorePolicy",
        PolicyName=name("-data-store-read-only"),
        PolicyDocument=read,
        Roles=[Ref(role)],
    )
)
api = t.add_resource(
    ag.RestApi(
        "ApiGateway",
        Name=name(" Api"),
        Description="A simple Read Model example using S3",
        FailOnWarnings=True,
    )
)
resource = t.add_resource(
    ag.Resource(
        "SampleResource",
        RestApiId=Ref(api),
        ParentId=GetAtt(api, "RootResourceId"),
        PathPart="samples",
    )
)
service = "arn:aws:apigateway:eu-west-1:s3:path"
method = t.add_resource(
    ag.Method(
        "SamplesGetMethod",
        AuthorizationType="NONE",
        HttpMethod="GET",
        Integration=ag.Integration(
            Type="AWS",
            IntegrationHttpMethod="GET",
            IntegrationResponses=[ag.IntegrationResponse(StatusCode="200", SelectionPattern="200")],
            Uri=Join("/", [service, name("-data-store"), "payload.json"]),
            Credentials=GetAtt(role, "Arn"),
            PassthroughBehavior="WHEN_NO_MATCH",
        ),
        ResourceId=Ref(resource),
        RestApiId=Ref(api),
        MethodResponses=[ag.MethodResponse(StatusCode="200")],
    )
)
t.add_resource(
    ag.Deployment(
        "ApiGatewayDeployment",
        DependsOn=[method],
        RestApiId=Ref(api),
        Description="Initial Deployment",
        StageName="v1",
    )
)
url = ["https://", Ref(api), ".execute-api.eu-west-1.amazonaws.com/v1/samples"]
secret = GetAtt(key, "SecretAccessKey")
for title, meaning, value in (
    ("SamplesUrl", "Url to access the Samples data", Join("", url)),
    ("S3BucketName", "Name of S3 bucket created", name("-data-store")),
    ("DataStoreAccessKeyId", "Access Key Id for the Data Store (S3)", Ref(key)),
    ("DataStoreSecretAccessKey", "Secret Access Key for the Data Store (S3)", secret),
    ("DataStoreUser", "User to upload to the Data Store (S3)", name("-data-store-writer")),
):
    t.add_output(Output(title, Description=meaning, Value=value))
print(t.to_json())
