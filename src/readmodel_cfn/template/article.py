"""The 2018 article's original template: one function for each of its sections, in its order.

Read it together with the article, or deploy it to compare it with the production stack. It has gaps
that `ReadModel` closes: a region in the template, `s3:*` for the writer, a secret key in the
outputs, no ETag. No other part of the generator uses it.
"""

from awacs import sts
from awacs.aws import Action, Allow, PolicyDocument, Principal, Statement
from troposphere import GetAtt, Join, Output, Parameter, Ref, Template, iam, s3
from troposphere import apigateway as ag

REGION = "eu-west-1"
"""The only region that the article's template works in."""

STACK_NAME_LENGTH = 64 - len("-data-store-writer")
"""Maximum length of the stack name: IAM allows 64 characters for the user's name."""

_OBJECTS = Join("", [GetAtt("DataStore", "Arn"), "/*"])


def build_article() -> Template:
    """The article's template. The value of its parameter StackName must be the stack's name.

    The bucket is named after the stack, so the name must be lower case and at most
    STACK_NAME_LENGTH characters; the stack works in REGION only.
    """
    template = Template()
    template.set_version("2010-09-09")
    about = "Beginning of every resource's name"
    template.add_parameter(Parameter("StackName", Type="String", Description=about))
    template.add_resource([data_store(), *writer(), *gateway_role(), *gateway(), deployment()])
    template.add_output(outputs())
    return template


def named(suffix: str) -> Join:
    """A physical name: the stack's name and a suffix."""
    return Join("", [Ref("StackName"), suffix])


def data_store() -> s3.Bucket:
    """An S3 bucket as a data store for our json payload."""
    return s3.Bucket("DataStore", BucketName=named("-data-store"))


def writer() -> tuple[iam.User, iam.AccessKey]:
    """A specific user for writing to the S3 bucket, and its API keys."""
    write = Statement(Effect=Allow, Action=[Action("s3", "*")], Resource=[_OBJECTS])
    document = PolicyDocument(Version="2012-10-17", Statement=[write])
    user = iam.User(
        "DataStoreWriter",
        UserName=named("-data-store-writer"),
        Policies=[iam.Policy(PolicyName=named("-data-store-writer"), PolicyDocument=document)],
    )
    key = iam.AccessKey(
        "DataStoreWriterAccessKey",
        DependsOn="DataStoreWriter",
        Serial=1,
        Status="Active",
        UserName=named("-data-store-writer"),
    )
    return user, key


def gateway_role() -> tuple[iam.Role, iam.PolicyType]:
    """A role that API Gateway assumes, and its read privileges to the S3 bucket.

    The policies have no Version: AWS then uses version 2008-10-17, which allows the same.
    """
    assume = Statement(
        Sid="",
        Effect=Allow,
        Principal=Principal("Service", "apigateway.amazonaws.com"),
        Action=[sts.AssumeRole],
    )
    role = iam.Role(
        "ApiGatewayRole",
        RoleName=named("-api-gateway-role"),
        AssumeRolePolicyDocument=PolicyDocument(Statement=[assume]),
    )
    read = Statement(Effect=Allow, Action=[Action("s3", "Get*")], Resource=[_OBJECTS])
    policy = iam.PolicyType(
        "ApiGatewayDataStorePolicy",
        PolicyName=named("-data-store-read-only"),
        PolicyDocument=PolicyDocument(Statement=[read]),
        Roles=[Ref("ApiGatewayRole")],
    )
    return role, policy


def gateway() -> tuple[ag.RestApi, ag.Resource, ag.Method]:
    """An API Gateway with a "sample" resource and a "get" method which proxies to the bucket."""
    api = ag.RestApi(
        "ApiGateway",
        Name=named(" Api"),
        Description="A simple Read Model example using S3",
        FailOnWarnings=True,
    )
    resource = ag.Resource(
        "SampleResource",
        RestApiId=Ref("ApiGateway"),
        ParentId=GetAtt("ApiGateway", "RootResourceId"),
        PathPart="samples",
    )
    s3_path = f"arn:aws:apigateway:{REGION}:s3:path"
    method = ag.Method(
        "SamplesGetMethod",
        AuthorizationType="NONE",
        HttpMethod="GET",
        Integration=ag.Integration(
            Type="AWS",
            IntegrationHttpMethod="GET",
            IntegrationResponses=[ag.IntegrationResponse(StatusCode="200", SelectionPattern="200")],
            Uri=Join("/", [s3_path, named("-data-store"), "payload.json"]),
            Credentials=GetAtt("ApiGatewayRole", "Arn"),
            PassthroughBehavior="WHEN_NO_MATCH",
        ),
        ResourceId=Ref("SampleResource"),
        RestApiId=Ref("ApiGateway"),
        MethodResponses=[ag.MethodResponse(StatusCode="200")],
    )
    return api, resource, method


def deployment() -> ag.Deployment:
    """A deployment using the above API Gateway as "v1"."""
    return ag.Deployment(
        "ApiGatewayDeployment",
        DependsOn=["SamplesGetMethod"],
        RestApiId=Ref("ApiGateway"),
        Description="Initial Deployment",
        StageName="v1",
    )


def outputs() -> list[Output]:
    """The outputs, with the secret key: everybody who can describe the stack can read it."""
    url = ["https://", Ref("ApiGateway"), f".execute-api.{REGION}.amazonaws.com/v1/samples"]
    secret = GetAtt("DataStoreWriterAccessKey", "SecretAccessKey")
    printed = {
        "SamplesUrl": ("Url to access the Samples data", Join("", url)),
        "S3BucketName": ("Name of S3 bucket created", named("-data-store")),
        "DataStoreAccessKeyId": (
            "Access Key Id for the Data Store (S3)",
            Ref("DataStoreWriterAccessKey"),
        ),
        "DataStoreSecretAccessKey": ("Secret Access Key for the Data Store (S3)", secret),
        "DataStoreUser": ("User to upload to the Data Store (S3)", named("-data-store-writer")),
    }
    return [
        Output(title, Description=about, Value=value) for title, (about, value) in printed.items()
    ]
