"""A Sceptre template: the read model is described in Sceptre's stack config.

The template file is one line, `from readmodel_cfn.sceptre import sceptre_handler`.
"""

from typing import Any

from readmodel_cfn.config.file import read_model
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.template.render import build_template, render


def sceptre_handler(sceptre_user_data: Any) -> str:
    """The template, in compact JSON, of the read model that `sceptre_user_data` describes.

    The keys are those of readmodel.toml without [stack] and [publish]: Sceptre itself sets the
    name, region and tags of the stack.

    Raises:
        SceptreException: the user data is invalid. Sceptre prints other errors with a traceback.
    """
    try:
        model = read_model(sceptre_user_data or {}, "sceptre_user_data")
        return render(build_template(model), "compact")
    except ReadModelError as error:
        from sceptre.exceptions import SceptreException

        raise SceptreException(str(error)) from error
