"""The metric that says when documents were last published; an alarm watches it.

One call for each run. If it fails, that is only a note: the documents are published.
"""

import time
from dataclasses import dataclass

from readmodel_cfn.aws.connection import Connection
from readmodel_cfn.aws.errors import readable_errors
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.progress import Note, OnProgress
from readmodel_cfn.template.metrics import NAMESPACE, PUBLISH_TIME, published_dimensions
from readmodel_cfn.threads import call_within

_SECONDS = 10.0  # that a run waits for CloudWatch, which a private network may not reach


@dataclass(frozen=True)
class PublishMetric:
    """The metric of one read model, by its stack and its prefix in it."""

    stack_name: str
    prefix: str = ""

    def write(self, connection: Connection, on_progress: OnProgress) -> None:
        """Write the time of the run; a failure is a note."""
        dimensions = published_dimensions(self.stack_name, self.prefix)
        datum = {
            "MetricName": PUBLISH_TIME,
            "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
            "Value": time.time(),
            "Unit": "Seconds",
        }

        @readable_errors()
        def put() -> None:
            client.put_metric_data(Namespace=NAMESPACE, MetricData=[datum])

        try:
            client = connection.client("cloudwatch")
            call_within(_SECONDS, put)
        except (ReadModelError, TimeoutError) as error:
            what = "the documents are published, but the metric for the alarm is not written"
            on_progress(Note(f"Warning: {what}: {error}"))
