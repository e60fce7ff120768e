"""Sceptre: a read model as a Python template of its own, described where Sceptre keeps its data.

The template file is one line, `from readmodel_cfn.sceptre import sceptre_handler`.
"""

from typing import Any

from readmodel_cfn.config import read_model
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.template import build_template, render


def sceptre_handler(sceptre_user_data: Any) -> str:
    """The template of the read model that `sceptre_user_data` describes, as CloudFormation counts.

    The keys are readmodel.toml's, without [stack] and [publish]: Sceptre sets the stack's name,
    region and tags.

    Raises:
        SceptreException: what is wrong with it, in the one line that Sceptre prints; of any other
            error it prints a traceback.
    """
    try:
        model = read_model(sceptre_user_data or {}, "sceptre_user_data")
        return render(build_template(model), "compact")
    except ReadModelError as error:
        from sceptre.exceptions import SceptreException

        raise SceptreException(str(error)) from error
