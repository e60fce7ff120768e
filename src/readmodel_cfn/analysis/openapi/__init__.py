"""OpenAPI: the read API of a template as an OpenAPI 3.1 document, made from the template alone.

Read is what the template declares: methods, request parameters, method responses, the templates of
their bodies. What it does not write out (an Fn::If, an import) is left out, and the document's
description names the methods concerned.

OpenAPI cannot say two things. A greedy parameter `{proxy+}` becomes `{proxy}`, with a description
that it takes slashes. A payload is whatever was published: it has a media type and no schema.
"""

from collections.abc import Mapping
from typing import Any

from readmodel_cfn.analysis.audit.view import View
from readmodel_cfn.analysis.openapi.about import info, servers
from readmodel_cfn.analysis.openapi.answer import ERROR
from readmodel_cfn.analysis.openapi.choice import choose
from readmodel_cfn.analysis.openapi.paths import paths

__all__ = ["document"]


def document(
    template: Mapping[str, Any], api: str | None = None, known: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The document, as plain values.

    `api` is the logical id of the API, where several read S3. `known` are values for what the
    template refers to, by its name, such as `AWS::StackName` and `AWS::Region`.

    Raises:
        ConfigError: there is no such API, or it is not clear which is meant.
    """
    view = View(template)
    chosen = choose(view, api)
    described, left_out = paths(view, chosen)
    return {
        "openapi": "3.1.0",
        "info": info(view, chosen, left_out, known or {}),
        "servers": [servers(view, chosen, known or {})],
        "paths": described,
        "components": {"schemas": {"Error": ERROR}},
    }
