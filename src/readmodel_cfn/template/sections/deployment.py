"""The options of the stage that serves the API."""

from dataclasses import dataclass

from readmodel_cfn.limits import THROTTLE_BURST, THROTTLE_RATE
from readmodel_cfn.template.options import check_options, option


@dataclass(frozen=True)
class Deployment:
    """The stage that serves the API: its name, throttling and metrics."""

    stage: str = option(
        "v1",
        "Name of the stage, the first segment of the path of every URL (default v1).",
        pattern=r"[A-Za-z0-9_-]{1,128}",
        allowed="1 to 128 of A-Z a-z 0-9 _ -",
    )
    serial: int = option(
        1, "Serial number; raise it to deploy an unchanged API again (default 1).", minimum=1
    )
    throttle_rate: int | None = option(
        None,
        "Throttling: requests per second for each method. By default the account's limit applies.",
        minimum=0,
        maximum=THROTTLE_RATE,
        example=500,
    )
    throttle_burst: int | None = option(
        None,
        "Throttling: burst of requests for each method. By default the account's limit applies.",
        minimum=0,
        maximum=THROTTLE_BURST,
        example=250,
    )
    metrics: bool = option(
        False,
        "Send CloudWatch metrics for each method, billed as custom metrics (default false).",
    )

    def __post_init__(self) -> None:
        check_options(self, "deployment")
