"""Which API of a template is described."""

from readmodel_cfn.analysis.audit.api import Api
from readmodel_cfn.analysis.audit.view import View
from readmodel_cfn.analysis.audit.words import spoken
from readmodel_cfn.errors import ConfigError


def choose(view: View, wanted: str | None) -> Api:
    """The API of that logical id, or the only one that reads S3.

    Raises:
        ConfigError: there is none, there are several, or none has that id.
    """
    found = {one.resource.id: one for one in view.apis.values() if one.resource}
    if not found:
        hint = "give one with a REST API whose methods read S3"
        raise ConfigError("no API in it reads S3", where="template", hint=hint)
    if wanted is None and len(found) > 1:
        what, hint = f"{spoken(found)} read S3", "give one of them"
        raise ConfigError(what, where="--api", hint=hint)
    name = wanted or next(iter(found))
    if name not in found:
        raise ConfigError(
            f"{name!r} is no API that reads S3", where="--api", hint=f"there is {spoken(found)}"
        )
    return found[name]
