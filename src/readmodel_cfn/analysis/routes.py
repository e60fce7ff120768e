"""The routes of a template: the paths whose methods read S3."""

from readmodel_cfn.analysis.methods import Method
from readmodel_cfn.analysis.view import View
from readmodel_cfn.cloudformation.reader import TemplateSource, template_content
from readmodel_cfn.cloudformation.resources import references
from readmodel_cfn.cloudformation.values import reference_of


def route_paths(template: TemplateSource, output: str | None = None) -> list[str]:
    """The paths that read S3, such as `products/{id}`, in the order of the template.

    A path that the template does not contain, for example because a parameter is part of it, is
    left out.

    Args:
        template: A text in JSON or YAML, a file's Path, a mapping, a troposphere Template or a
            ReadModel.
        output: The name of an output with an API's URL: only that API's routes.

    Raises:
        ConfigError: a file that cannot be read, or a text that is not a template.
    """
    view = View(template_content(template))
    apis = None if output is None else set(references(view.outputs.get(output)))
    found = (
        view.paths.get(read.resource) for read in view.reads if apis is None or _is_of(read, apis)
    )
    paths = (path.removeprefix("/") for path in found if isinstance(path, str))
    return list(dict.fromkeys(paths))


def _is_of(method: Method, apis: set[str]) -> bool:
    return reference_of(method.api) in apis
