"""Outputs. The article: "We have our outputs so we can use the solution".

The URL, the bucket and the writer. The article puts the writer's secret key here; here it is where
`[writer] key_in` says, and the outputs tell where.
"""

from collections.abc import Sequence

from troposphere import GetAtt, Join, Output, Ref, Region, URLSuffix, iam, s3, secretsmanager
from troposphere import apigateway as ag

from readmodel_cfn.naming import Names, stack_named
from readmodel_cfn.routes import Route


def urls(api: ag.RestApi, stage: str, routes: Sequence[Route], names: Names) -> list[Output]:
    """The first route's URL, parameters in braces, and the URL that all paths start from."""
    base = ["https://", Ref(api), ".execute-api.", Region, ".", URLSuffix, f"/{stage}"]
    first = routes[0].path
    return [
        Output(
            names("SamplesUrl"),
            Description=f"URL to read {first}",
            Value=Join("", [*base[:-1], f"{base[-1]}/{first}"]),
        ),
        Output(names("ApiUrl"), Description="URL of the API", Value=Join("", base)),
    ]


def bucket(store: s3.Bucket, names: Names) -> Output:
    """The bucket's name."""
    return Output(
        names("S3BucketName"), Description="Name of the bucket to publish to", Value=Ref(store)
    )


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
