"""The metric of `publish` as a line of a Lambda function's log, from which CloudWatch extracts it.

It requires no call and no permission but that to write the log.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import time

from readmodel_cfn.template.metrics import NAMESPACE, PUBLISH_TIME, published_dimensions


def embedded_metric(stack_name: str, prefix: str = "") -> str:
    """The line that says that documents were published now."""
    now = time.time()
    dimensions = published_dimensions(stack_name, prefix)
    metric = {
        "Namespace": NAMESPACE,
        "Dimensions": [[*dimensions]],
        "Metrics": [{"Name": PUBLISH_TIME, "Unit": "Seconds"}],
    }
    about = {"Timestamp": int(now * 1000), "CloudWatchMetrics": [metric]}
    return json.dumps({"_aws": about, **dimensions, PUBLISH_TIME: now})
