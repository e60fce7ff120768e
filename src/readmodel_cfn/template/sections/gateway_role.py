"""The options of the gateway role."""

from dataclasses import dataclass

from readmodel_cfn.template.naming import BOUNDARY, IAM_NAME, IAM_NAME_IN_WORDS
from readmodel_cfn.template.options import check_options, option


@dataclass(frozen=True)
class GatewayRole:
    """The IAM role that API Gateway assumes to read the documents."""

    name: str | None = option(
        None,
        "Name of the role. By default CloudFormation generates a unique name.",
        pattern=IAM_NAME,
        allowed=IAM_NAME_IN_WORDS,
        example="shop-api",
        of_resource=True,
    )
    permissions_boundary: str | None = option(
        None,
        "ARN of the permissions boundary of the role. By default there is none.",
        pattern=BOUNDARY,
        allowed="the ARN of an IAM policy",
        example="arn:aws:iam::123456789012:policy/boundary",
        of_resource=True,
    )

    def __post_init__(self) -> None:
        check_options(self, "gateway_role")
