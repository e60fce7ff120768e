"""A compiled Velocity template, and what rendering it gives."""

import importlib
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType
from typing import Any

from ..expressions import Scope
from ..failures import GatewayResponseError
from ..rendered import Overrides, Rendered
from . import semantics, values
from .variables import namespace


class TemplateSyntaxError(ValueError):
    """A template that airspeed cannot parse."""


@dataclass(frozen=True, slots=True)
class VelocityTemplate:
    """A template that airspeed evaluates; threads may share it."""

    template: Any
    operators: ModuleType

    @property
    def passes_on(self) -> bool:
        """Whether the body stays as it is: no template with a directive or a reference does."""
        return False

    def render(self, body: bytes, scope: Scope) -> Rendered:
        """The text that replaces `body`, with the overrides that the template set.

        Raises `GatewayResponseError` where the template fails on this request (500), or the body it
        reads as JSON is none.
        """
        variables = namespace(body.decode(), scope)
        try:
            output = self.template.merge(variables)
        except self.operators.TemplateError as error:
            cause = error.__cause__
            if isinstance(cause, GatewayResponseError):
                raise cause from None
            raise GatewayResponseError("API_CONFIGURATION_ERROR") from error
        return Rendered(output.encode(), _overrides(variables["context"]))


@lru_cache(maxsize=256)
def compile_template(text: str) -> VelocityTemplate:
    """The template written as `text`; raises `TemplateSyntaxError` for one that cannot be parsed.

    Needs the distribution airspeed-ext, which is imported here.
    """
    operators = importlib.import_module("airspeed.operators")
    template = operators.Template(text)
    try:
        template.ensure_compiled()
    except (operators.TemplateError, operators.NoMatch) as error:
        raise TemplateSyntaxError(str(error)) from None
    for element in semantics.elements(template.root_element, operators._Element):
        semantics.apply(element, operators)
    return VelocityTemplate(template, operators)


def _overrides(context: dict[str, Any]) -> Overrides:
    request, response = context["requestOverride"], context["responseOverride"]
    status = response.get("status")
    return Overrides(
        header=_texts(request["header"]),
        path=_texts(request["path"]),
        querystring=_texts(request["querystring"]),
        status=status if isinstance(status, int) and 100 <= status <= 599 else None,
        response_header=_texts(response["header"]),
    )


def _texts(overrides: dict[str, Any]) -> dict[str, str]:
    """The overrides as texts; a list is one header with commas (assumed)."""
    return {
        name: ",".join(map(values.text, value)) if isinstance(value, list) else values.text(value)
        for name, value in overrides.items()
    }
