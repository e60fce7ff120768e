"""Outputs. The article: "We have our outputs so we can use the solution".

The URL, the bucket and the writer. The article puts the writer's secret key here; here it is where
`[writer] key_in` says, and the outputs tell where.
"""

from collections.abc import Sequence

from troposphere import (
    GetAtt,
    ImportValue,
    Join,
    Output,
    Ref,
    Region,
    URLSuffix,
    iam,
    secretsmanager,
)
from troposphere import apigateway as ag

from readmodel_cfn.naming import Names, stack_named
from readmodel_cfn.references import Reference
from readmodel_cfn.routes import Route

SECRETS = ("DataStoreAccessKeyId", "DataStoreSecretAccessKey")
"""Ends of the names of those outputs that hold a key."""


def url(api: ag.RestApi, stage: str, path: str = "") -> Join:
    """The URL of a path, or the one that all paths start from."""
    end = f"/{stage}/{path}" if path else f"/{stage}"
    return Join("", ["https://", Ref(api), ".execute-api.", Region, ".", URLSuffix, end])


def urls(api: ag.RestApi, stage: str, routes: Sequence[Route], names: Names) -> list[Output]:
    """The first route's URL, parameters in braces, and the URL that all paths start from."""
    first = routes[0].path
    return [
        Output(
            names("SamplesUrl"),
            Description=f"URL to read {first}",
            Value=url(api, stage, first),
        ),
        Output(names("ApiUrl"), Description="URL of the API", Value=url(api, stage)),
    ]


def bucket(store: Reference, names: Names) -> list[Output]:
    """The bucket's name, unless it is an output already: of the stack that it is imported from."""
    if isinstance(store.name, ImportValue):
        return []
    meaning = "Name of the bucket to publish to"
    return [Output(names("S3BucketName"), Description=meaning, Value=store.name)]


def writer_user(user: iam.User, names: Names) -> Output:
    """The user's name."""
    return Output(
        names("DataStoreUser"), Description="User that publishes to the bucket", Value=Ref(user)
    )


def writer_role(role: iam.Role, names: Names) -> Output:
    """The role's ARN, which is what its principals need to assume it."""
    return Output(
        names("DataStoreRoleArn"),
        Description="Role to assume to publish to the bucket",
        Value=GetAtt(role, "Arn"),
    )


def secret(key_secret: secretsmanager.Secret, names: Names) -> Output:
    """Where the user's key is."""
    return Output(
        names("DataStoreSecretArn"),
        Description="Secret that holds the key of the user that publishes",
        Value=Ref(key_secret),
    )


def key(access_key: iam.AccessKey, names: Names) -> list[Output]:
    """The user's key itself, in two outputs: all who may describe the stack can read it."""
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


def as_printed(api: ag.RestApi, access_key: iam.AccessKey, names: Names) -> list[Output]:
    """The five outputs as the article prints them."""
    host = ["https://", Ref(api), ".execute-api.eu-west-1.amazonaws.com/v1/samples"]
    return [
        Output(
            names("SamplesUrl"),
            Description="Url to access the Samples data",
            Value=Join("", host),
        ),
        Output(
            names("S3BucketName"),
            Description="Name of S3 bucket created",
            Value=stack_named("-data-store"),
        ),
        *key(access_key, names),
        Output(
            names("DataStoreUser"),
            Description="User to upload to the Data Store (S3)",
            Value=stack_named("-data-store-writer"),
        ),
    ]
