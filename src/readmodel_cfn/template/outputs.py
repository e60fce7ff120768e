"""The outputs of a read model, and how another stack imports them.

The article: "We have our outputs so we can use the solution". They are the URL, the bucket, and the
writer with its secret key. Here `[writer] key_in` decides where the key is stored; by default an
output names the secret that contains it.
"""

from collections.abc import Sequence
from typing import Literal, get_args

from troposphere import (
    AWSHelperFn,
    AWSProperty,
    Export,
    GetAtt,
    ImportValue,
    Join,
    Output,
    Ref,
    Region,
    StackName,
    URLSuffix,
    iam,
    logs,
    secretsmanager,
    sns,
)
from troposphere import apigateway as ag

from readmodel_cfn.template.cdn import CdnResources
from readmodel_cfn.template.naming import Names
from readmodel_cfn.template.references import Reference
from readmodel_cfn.template.releases import PREVIEW_STAGE
from readmodel_cfn.template.routes import Route
from readmodel_cfn.template.sections.domain import Domain

ExportName = Literal[
    "ApiKeyId",
    "AlarmTopicArn",
    "ApiUrl",
    "DataStoreRoleArn",
    "DataStoreSecretArn",
    "DataStoreUser",
    "DefaultEndpointUrl",
    "DistributionId",
    "DistributionUrl",
    "LogGroupName",
    "PreviewUrl",
    "ReadArn",
    "S3BucketName",
    "SamplesUrl",
]
"""The outputs that `export=True` exports: all except the user's access key.

The output of an API key begins with the key's name: ReaderApiKeyId.
"""


def imported(stack: str | AWSHelperFn, output: ExportName, prefix: str = "") -> ImportValue:
    """The value of an output that another stack exports, as an ImportValue.

    `stack` is that stack's name, or a function such as a Ref to a parameter; `prefix` is the prefix
    of the read model in it. `add_read_model` takes an imported bucket name as `data_store`.
    """
    name = f"{prefix}{output}"
    return ImportValue(f"{stack}-{name}" if isinstance(stack, str) else Join("-", [stack, name]))


def exported(outputs: list[Output]) -> list[Output]:
    """The same outputs with the export names that `imported` uses, except the access key."""
    for output in outputs:
        if output.title.endswith(get_args(ExportName)):
            output.Export = Export(Join("-", [StackName, output.title]))
    return outputs


def build_outputs(
    names: Names,
    *,
    urls: list[Output],
    bucket: Reference,
    writer: iam.User | iam.Role | None,
    access_key: iam.AccessKey | None,
    secret: secretsmanager.Secret | None,
    topic: sns.Topic | None = None,
) -> list[Output]:
    """The outputs of one read model: `urls`, the bucket's name, the writer and its key."""
    outputs = [*urls, *_bucket(bucket, names)]
    if isinstance(writer, iam.Role):
        about = "Role to assume to publish to the bucket"
        arn = GetAtt(writer, "Arn")
        outputs.append(Output(names("DataStoreRoleArn"), Description=about, Value=arn))
    elif writer is not None:
        about = "User that publishes to the bucket"
        outputs.append(Output(names("DataStoreUser"), Description=about, Value=Ref(writer)))
    if secret is not None:
        about = "Secret that holds the key of the user that publishes"
        outputs.append(Output(names("DataStoreSecretArn"), Description=about, Value=Ref(secret)))
    elif access_key is not None:
        outputs += _key(access_key, names)
    if topic is not None:
        about = "Topic that the alarms notify: subscribe to it"
        outputs.append(Output(names("AlarmTopicArn"), Description=about, Value=Ref(topic)))
    return outputs


def url(api: ag.RestApi, stage: str, path: str = "") -> Join:
    """The URL of a path, or the base URL of the stage.

    A private API has one name for each of its VPC endpoints; this is that of the first:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-api-test-invoke-url.html
    """
    end = f"/{stage}/{path}" if path else f"/{stage}"
    endpoint = api.properties.get("EndpointConfiguration")
    vpces = endpoint.properties.get("VpcEndpointIds") if isinstance(endpoint, AWSProperty) else None
    of_vpce = [f"-{vpces[0]}"] if isinstance(vpces, list) and isinstance(vpces[0], str) else []
    return Join("", ["https://", Ref(api), *of_vpce, ".execute-api.", Region, ".", URLSuffix, end])


def url_outputs(
    api: ag.RestApi,
    stage: str,
    routes: Sequence[Route],
    names: Names,
    domain: Domain | None = None,
) -> list[Output]:
    """The URL of the first route, with parameters in braces, and the base URL.

    With a domain name they are its URLs, and that of execute-api is one more output.
    """
    first, default = routes[0].path, url(api, stage)
    values = (f"{domain.url}/{first}", domain.url) if domain else (url(api, stage, first), default)
    outputs = [
        Output(names("SamplesUrl"), Description=f"URL to read {first}", Value=values[0]),
        Output(names("ApiUrl"), Description="URL of the API", Value=values[1]),
    ]
    if domain:
        about = "API Gateway's own URL of the API"
        about += "" if domain.default_endpoint else ", which answers 403"
        outputs.append(Output(names("DefaultEndpointUrl"), Description=about, Value=default))
    return outputs


def log_group_output(group: logs.LogGroup, names: Names) -> Output:
    """The name of the log group of the access logs."""
    about = "Log group of the API's access logs"
    return Output(names("LogGroupName"), Description=about, Value=Ref(group))


def preview_output(api: ag.RestApi, names: Names) -> Output:
    """The base URL of the stage that can serve another release."""
    about = "URL of the API's preview stage"
    return Output(names("PreviewUrl"), Description=about, Value=url(api, PREVIEW_STAGE))


def cdn_outputs(cdn: CdnResources, names: Names) -> list[Output]:
    """The URL of the distribution, and its ID."""
    about = "URL of the CDN, at which documents are read"
    return [
        Output(names("DistributionUrl"), Description=about, Value=cdn.url),
        Output(
            names("DistributionId"),
            Description="ID of the CloudFront distribution",
            Value=Ref(cdn.distribution),
        ),
    ]


def _bucket(bucket: Reference, names: Names) -> list[Output]:
    """The bucket's name; an imported bucket is already an output of its own stack."""
    if isinstance(bucket.name, ImportValue):
        return []
    about = "Name of the bucket to publish to"
    return [Output(names("S3BucketName"), Description=about, Value=bucket.name)]


def _key(access_key: iam.AccessKey, names: Names) -> list[Output]:
    """The access key itself: everybody who can describe the stack can read it."""
    return [
        Output(
            names("DataStoreAccessKeyId"),
            Description="Access Key Id for the Data Store (S3)",
            Value=Ref(access_key),
        ),
        Output(
            names("DataStoreSecretAccessKey"),
            Description="Secret Access Key for the Data Store (S3)",
            Value=GetAtt(access_key, "SecretAccessKey"),
        ),
    ]
