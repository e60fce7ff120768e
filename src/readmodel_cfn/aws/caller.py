"""The account of the credentials, for a stack that does not exist: it has no ARN to read."""

from readmodel_cfn.aws.errors import aws_errors, readable_responses
from readmodel_cfn.aws.location import StackLocation
from readmodel_cfn.progress import Note, OnProgress, Step, ignore

_ASSUMED_ROLE = ":assumed-role/"


def in_callers_account(location: StackLocation, on_progress: OnProgress = ignore) -> StackLocation:
    """The location with the account, and the assumed role, that GetCallerIdentity returns.

    The call requires no permission, but an endpoint policy or the network can prevent it. Then the
    account stays unknown, which a note reports.
    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html

    Raises:
        ConfigError: the connection is limited to another account.
    """
    on_progress(Step("Reading the account"))
    sts = location.connection.client("sts")
    try:
        with readable_responses("get_caller_identity"):
            found = sts.get_caller_identity()
            account, arn = found["Account"], found["Arn"]
    except aws_errors() as error:
        reason = " ".join(str(error).split())
        on_progress(Note(f"The account is unknown: {reason}"))
        return location.in_account("", location.role_arn)
    role = arn if _ASSUMED_ROLE in arn else None
    return location.in_account(account, location.role_arn or role)
