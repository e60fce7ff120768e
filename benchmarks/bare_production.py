"""A bare troposphere script for the production stack, with N static routes (1 by default).

It makes the resources of `readmodel-cfn template` for the routes route0, route1, ... with nothing
of this package: no options, no checks, and no hash in the deployment's logical id.
"""

import sys

import awacs.s3
import awacs.sts
from awacs.aws import (
    Action,
    Allow,
    Bool,
    Condition,
    Deny,
    PolicyDocument,
    Principal,
    SecureTransport,
    Statement,
)
from troposphere import (
    GetAtt,
    Join,
    Output,
    Partition,
    Ref,
    Region,
    StackName,
    Template,
    URLSuffix,
    iam,
    s3,
    secretsmanager,
)
from troposphere import apigateway as ag

n = int(sys.argv[1]) if len(sys.argv) > 1 else 1
t = Template()
t.set_version("2010-09-09")
t.set_description("A read model: JSON kept in S3, served by API Gateway")
bucket = t.add_resource(
    s3.Bucket(
        "DataStore",
        DeletionPolicy="RetainExceptOnCreate",
        UpdateReplacePolicy="Retain",
        BucketEncryption=s3.BucketEncryption(
            ServerSideEncryptionConfiguration=[
                s3.ServerSideEncryptionRule(
                    ServerSideEncryptionByDefault=s3.ServerSideEncryptionByDefault(
                        SSEAlgorithm="AES256"
                    )
                )
            ]
        ),
        LifecycleConfiguration=s3.LifecycleConfiguration(
            Rules=[
                s3.LifecycleRule(
                    Id="old-versions-and-unfinished-uploads",
                    Status="Enabled",
                    AbortIncompleteMultipartUpload=s3.AbortIncompleteMultipartUpload(
                        DaysAfterInitiation=7
                    ),
                    NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(NoncurrentDays=30),
                )
            ]
        ),
        OwnershipControls=s3.OwnershipControls(
            Rules=[s3.OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")]
        ),
        PublicAccessBlockConfiguration=s3.PublicAccessBlockConfiguration(
            BlockPublicAcls=True,
            BlockPublicPolicy=True,
            IgnorePublicAcls=True,
            RestrictPublicBuckets=True,
        ),
        VersioningConfiguration=s3.VersioningConfiguration(Status="Enabled"),
    )
)
arn = GetAtt(bucket, "Arn")
tls = PolicyDocument(
    Version="2012-10-17",
    Statement=[
        Statement(
            Effect=Deny,
            Principal=Principal("*"),
            Action=[Action("s3", "*")],
            Resource=[arn, Join("", [arn, "/*"])],
            Condition=Condition(Bool(SecureTransport, "false")),
        )
    ],
)
t.add_resource(
    s3.BucketPolicy(
        "DataStorePolicy",
        DeletionPolicy="RetainExceptOnCreate",
        UpdateReplacePolicy="Retain",
        Bucket=Ref(bucket),
        PolicyDocument=tls,
    )
)
objects = [Join("", [arn, f"/payload{i}.json"]) for i in range(n)]
write = PolicyDocument(
    Version="2012-10-17",
    Statement=[Statement(Effect=Allow, Action=[awacs.s3.PutObject], Resource=objects)],
)
user = t.add_resource(
    iam.User(
        "DataStoreWriter",
        Policies=[iam.Policy(PolicyName="data-store-writer", PolicyDocument=write)],
    )
)
key = t.add_resource(
    iam.AccessKey("DataStoreWriterAccessKey", Serial=1, Status="Active", UserName=Ref(user))
)
begin, middle = '{"access_key_id":"', '","secret_access_key":"'
secret = t.add_resource(
    secretsmanager.Secret(
        "DataStoreWriterSecret",
        Description="Key of the user that publishes to the data store",
        SecretString=Join("", [begin, Ref(key), middle, GetAtt(key, "SecretAccessKey"), '"}']),
    )
)
trust = PolicyDocument(
    Version="2012-10-17",
    Statement=[
        Statement(
            Effect=Allow,
            Principal=Principal("Service", "apigateway.amazonaws.com"),
            Action=[awacs.sts.AssumeRole],
        )
    ],
)
role = t.add_resource(iam.Role("ApiGatewayRole", AssumeRolePolicyDocument=trust))
read = PolicyDocument(
    Version="2012-10-17",
    Statement=[Statement(Effect=Allow, Action=[awacs.s3.GetObject], Resource=objects)],
)
t.add_resource(
    iam.PolicyType(
        "ApiGatewayDataStorePolicy",
        PolicyName="data-store-read-only",
        PolicyDocument=read,
        Roles=[Ref(role)],
    )
)
api = t.add_resource(
    ag.RestApi(
        "ApiGateway",
        Name=Join(" ", [StackName, "Api"]),
        Description="JSON published ahead of time, read fast",
        EndpointConfiguration=ag.EndpointConfiguration(Types=["REGIONAL"]),
        FailOnWarnings=True,
        SecurityPolicy="TLS_1_2",
    )
)
header = "method.response.header.Content-Type"
methods = []
for i in range(n):
    resource = t.add_resource(
        ag.Resource(
            f"Route{i}Resource",
            RestApiId=Ref(api),
            ParentId=GetAtt(api, "RootResourceId"),
            PathPart=f"route{i}",
        )
    )
    path = ["arn:", Partition, ":apigateway:", Region, ":s3:path/", Ref(bucket)]
    method = ag.Method(
        f"Route{i}GetMethod",
        AuthorizationType="NONE",
        HttpMethod="GET",
        Integration=ag.Integration(
            Type="AWS",
            IntegrationHttpMethod="GET",
            IntegrationResponses=[
                ag.IntegrationResponse(
                    StatusCode="200",
                    SelectionPattern="200",
                    ResponseParameters={header: "integration.response.header.Content-Type"},
                ),
                ag.IntegrationResponse(StatusCode="502"),
            ],
            Uri=Join("", [*path, f"/payload{i}.json"]),
            Credentials=GetAtt(role, "Arn"),
            PassthroughBehavior="WHEN_NO_MATCH",
        ),
        ResourceId=Ref(resource),
        RestApiId=Ref(api),
        MethodResponses=[
            ag.MethodResponse(StatusCode="200", ResponseParameters={header: False}),
            ag.MethodResponse(StatusCode="502"),
        ],
    )
    methods.append(t.add_resource(method))
deployment = t.add_resource(
    ag.Deployment("ApiGatewayDeployment", DependsOn=methods, RestApiId=Ref(api))
)
t.add_resource(
    ag.Stage("ApiGatewayStage", RestApiId=Ref(api), DeploymentId=Ref(deployment), StageName="v1")
)
host = ["https://", Ref(api), ".execute-api.", Region, ".", URLSuffix]
for title, meaning, value in (
    ("SamplesUrl", "URL to read route0", Join("", [*host, "/v1/route0"])),
    ("ApiUrl", "URL of the API", Join("", [*host, "/v1"])),
    ("S3BucketName", "Name of the bucket to publish to", Ref(bucket)),
    ("DataStoreUser", "User that publishes to the bucket", Ref(user)),
    ("DataStoreSecretArn", "Secret that holds the key of the user that publishes", Ref(secret)),
):
    t.add_output(Output(title, Description=meaning, Value=value))
print(t.to_json())
