"""What leads out of each finding; commands are AWS's own where no deployment helps."""

from readmodel_cfn.deploy.live.values import Expected

MAKE_ALL_AGAIN = "run: readmodel-cfn delete, then deploy and publish again"
MEND_SETTINGS = "set them back in API Gateway, or say them in the template and deploy"
BACK_FIRST = "put the stack's own deployment back first"


def make_stage(wanted: Expected) -> str:
    """The stage as the stack believes it to be; no deploy would notice that it is gone."""
    if wanted.deployment is None:
        return "make it again in API Gateway"
    return f"run: aws apigateway create-stage {_names(wanted)} --deployment-id {wanted.deployment}"


def point_back(wanted: Expected) -> str:
    """The stack's own deployment is still there, and never changes."""
    return f"run: {_update(wanted)} op=replace,path=/deploymentId,value={wanted.deployment}"


def end_canary(wanted: Expected) -> str:
    """All requests to the stage's own deployment."""
    return f"run: {_update(wanted)} op=remove,path=/canarySettings"


def deploy_anew(wanted: Expected) -> str:
    """CloudFormation makes another deployment only under another logical id."""
    if wanted.separate:
        return "raise serial under [deployment] and deploy again"
    return "give the Deployment another logical id: it is never made again under the one it has"


def _update(wanted: Expected) -> str:
    return f"aws apigateway update-stage {_names(wanted)} --patch-operations"


def _names(wanted: Expected) -> str:
    return f"--rest-api-id {wanted.api} --stage-name {wanted.stage}"
