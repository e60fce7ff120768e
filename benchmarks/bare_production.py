"""A plain troposphere script for the production stack, with N static routes (default 1).

It creates the resources of `readmodel-cfn template` for the routes route0, route1, ... and does not
use this package: no options, no checks, no hash in the deployment's logical ID. Parts that all
routes share, such as the integration responses, are created once.
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
    StringLike,
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


def batches(inline: int) -> list[list[str]]:
    """The keys in batches that fit into a policy: the first is inline, the others are managed.

    700 characters are reserved for the rest of the policy, 91 for the ARN and prefix of each key.
    """
    batch_list: list[list[str]] = [[]]
    available = inline - 700
    for key in (f"payload{i}.json" for i in range(n)):
        size = 91 + 2 * len(key)
        if size > available:
            batch_list.append([])
            available = 6144 - 700
        batch_list[-1].append(key)
        available -= size
    return batch_list


def objects(keys: list[str]) -> list[Join]:
    """The ARNs of the keys."""
    return [Join("", [arn, f"/{key}"]) for key in keys]


def write(keys: list[str]) -> PolicyDocument:
    """A policy that allows to put the keys."""
    put = Statement(Effect=Allow, Action=[awacs.s3.PutObject], Resource=objects(keys))
    return PolicyDocument(Version="2012-10-17", Statement=[put])


def read(keys: list[str]) -> PolicyDocument:
    """A policy that allows to get the keys; with s3:ListBucket a missing key is a 404."""
    get = Statement(Effect=Allow, Action=[awacs.s3.GetObject], Resource=objects(keys))
    prefixes = StringLike("s3:prefix", [f"{key}*" for key in keys])
    find = Statement(
        Effect=Allow,
        Action=[awacs.s3.ListBucket],
        Resource=[arn],
        Condition=Condition(prefixes),
    )
    return PolicyDocument(Version="2012-10-17", Statement=[get, find])


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
first, *more = batches(2048)
user = t.add_resource(
    iam.User(
        "DataStoreWriter",
        Policies=[iam.Policy(PolicyName="data-store-writer", PolicyDocument=write(first))],
    )
)
for number, keys in enumerate(more, start=2):
    t.add_resource(
        iam.ManagedPolicy(
            f"DataStoreWriterPolicy{number}", PolicyDocument=write(keys), Users=[Ref(user)]
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
first, *more = batches(10240)
t.add_resource(
    iam.PolicyType(
        "ApiGatewayDataStorePolicy",
        PolicyName="data-store-read-only",
        PolicyDocument=read(first),
        Roles=[Ref(role)],
    )
)
for number, keys in enumerate(more, start=2):
    t.add_resource(
        iam.ManagedPolicy(
            f"ApiGatewayDataStorePolicy{number}", PolicyDocument=read(keys), Roles=[Ref(role)]
        )
    )
api = t.add_resource(
    ag.RestApi(
        "ApiGateway",
        Name=Join(" ", [StackName, "Api"]),
        Description="JSON published ahead of time, read fast",
        EndpointConfiguration=ag.EndpointConfiguration(Types=["REGIONAL"]),
        FailOnWarnings=True,
        MinimumCompressionSize=1024,
        SecurityPolicy="TLS_1_2",
    )
)
to, of = "method.response.header", "integration.response.header"
validators = {f"{to}.{name}": f"{of}.{name}" for name in ("ETag", "Last-Modified", "Cache-Control")}
vary = {f"{to}.Vary": "'Accept-Encoding'"}
response_headers = {
    "200": {f"{to}.Content-Type": f"{of}.Content-Type", **validators, **vary},
    "304": {**validators, **vary},
}
errors = (
    ("400", "40[0-2]|40[5-9]|4[1-9][0-9]", "Bad Request"),
    ("403", "403", "Forbidden"),
    ("404", "404", "Not Found"),
    ("500", "50[0-2]|50[4-9]|5[1-9][0-9]", "Internal Server Error"),
    ("503", "503", "Service Unavailable"),
    ("502", None, "Bad Gateway"),
)
successes = [
    ag.IntegrationResponse(StatusCode=status, SelectionPattern=status, ResponseParameters=headers)
    for status, headers in response_headers.items()
]
rules: dict[str, list[ag.IntegrationResponse]] = {"GET": [*successes], "HEAD": [*successes]}
for status, pattern, message in errors:
    when = {"SelectionPattern": pattern} if pattern else {}
    body = {"application/json": f'{{"message":"{message}"}}'}
    rules["GET"].append(ag.IntegrationResponse(StatusCode=status, ResponseTemplates=body, **when))
    rules["HEAD"].append(ag.IntegrationResponse(StatusCode=status, **when))
declared = [
    *(
        ag.MethodResponse(StatusCode=status, ResponseParameters=dict.fromkeys(headers, False))
        for status, headers in response_headers.items()
    ),
    *(ag.MethodResponse(StatusCode=status) for status, _, _ in errors),
]
conditions = [f"request.header.{name}" for name in ("If-None-Match", "If-Modified-Since")]
optional = {f"method.{name}": False for name in conditions}
condition_headers = {f"integration.{name}": f"method.{name}" for name in conditions}
service = ["arn:", Partition, ":apigateway:", Region, ":s3:path/", Ref(bucket)]
root, credentials, rest_api = GetAtt(api, "RootResourceId"), GetAtt(role, "Arn"), Ref(api)
resources = [
    t.add_resource(
        ag.Resource(f"Route{i}Resource", RestApiId=rest_api, ParentId=root, PathPart=f"route{i}")
    )
    for i in range(n)
]
methods = [
    t.add_resource(
        ag.Method(
            f"Route{i}{verb.capitalize()}Method",
            AuthorizationType="NONE",
            HttpMethod=verb,
            RequestParameters=optional,
            Integration=ag.Integration(
                Type="AWS",
                IntegrationHttpMethod=verb,
                IntegrationResponses=rules[verb],
                Uri=Join("", [*service, f"/payload{i}.json"]),
                Credentials=credentials,
                PassthroughBehavior="WHEN_NO_MATCH",
                RequestParameters=condition_headers,
            ),
            ResourceId=Ref(resource),
            RestApiId=rest_api,
            MethodResponses=declared,
        )
    )
    for verb in ("GET", "HEAD")
    for i, resource in enumerate(resources)
]
methods.append(
    t.add_resource(
        ag.GatewayResponse(
            "ApiGatewayUnknownPath",
            ResponseType="MISSING_AUTHENTICATION_TOKEN",
            RestApiId=rest_api,
            ResponseTemplates={"application/json": '{"message":"Not Found"}'},
            StatusCode="404",
        )
    )
)
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
