"""Builds the template of one read model, and writes any template as JSON or YAML."""

import json
import re
from collections.abc import Mapping, Sequence
from copy import copy
from json.encoder import encode_basestring_ascii as _quoted
from typing import TYPE_CHECKING, Any, Literal

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.limits import FEWER_ROUTES, TEMPLATE_BYTES

if TYPE_CHECKING:
    from pathlib import Path

    from troposphere import Template

    from readmodel_cfn.template.model import ReadModel

_TOP = (
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Resources",
    "Outputs",
)
# What YAML 1.1 (https://yaml.org/type/) or the core schema of YAML 1.2
# (https://yaml.org/spec/1.2.2/#103-core-schema) takes for a number, a date, a truth value or null,
# and what looks like it. PyYAML quotes what it reads as another value itself, which is less.
_NOT_PLAIN = re.compile(
    r"[-+]?[.0-9][0-9a-fox_.,:+-]*([t \t]+[-+0-9:.z \t]+)?"  # 012, 1e3, 0o7, 12:30:45, 2001-12-14
    r"|[-+]?\.(inf|nan)|~|null|y|n|yes|no|on|off|true|false",
    re.IGNORECASE,
)


def build_template(model: "ReadModel", prefix: str = "") -> "Template":
    """A template with one read model; its logical IDs and outputs begin with `prefix`.

    Its metadata has the model's settings, so that `diff` can compare them with changed ones.

    Raises:
        ConfigError: the template exceeds a quota of CloudFormation or API Gateway.
    """
    # Imported here because rendering the article or an existing template does not need them.
    from troposphere import Template

    from readmodel_cfn.template.compose import add
    from readmodel_cfn.template.naming import Names
    from readmodel_cfn.template.resources import build_resources, outputs_of
    from readmodel_cfn.template.settings import metadata

    template = Template()
    template.set_version("2010-09-09")
    template.set_description("A read model: JSON kept in S3, served by API Gateway")
    template.set_metadata(metadata(model, prefix))
    names = Names(prefix)
    resources = build_resources(model, names)
    add(template, resources, outputs_of(model, resources, names))
    return template


def format_of(file: "Path | None") -> Literal["json", "yaml"]:
    """The format of a template's file: yaml for .yaml or .yml, otherwise json."""
    return "yaml" if file and file.suffix in (".yaml", ".yml") else "json"


def render(template: "Template", form: Literal["json", "compact", "yaml"] = "json") -> str:
    """The template's text, always the same for the same template, in the article's order.

    `json` is indented. `compact` is JSON without white space: it is sent to CloudFormation, whose
    size quota applies to it. `yaml` has long function names and no tags.

    Raises:
        ConfigError: it is longer than CloudFormation allows.
    """
    content = _ordered(_plain(template))
    if form == "yaml":
        text = as_yaml(content)
    else:
        text = _compact(content) if form == "compact" else indented(content) + "\n"
    if len(text) > TEMPLATE_BYTES and (size := len(_compact(content))) > TEMPLATE_BYTES:
        from readmodel_cfn.template.conflicts import fitting

        what = f"the template has {size:,} bytes, CloudFormation allows {TEMPLATE_BYTES:,}"
        what += fitting(template.resources.values(), TEMPLATE_BYTES / size)
        raise ConfigError(what, where="routes", hint=FEWER_ROUTES)
    return text


def _compact(content: Mapping[str, Any]) -> str:
    return json.dumps(content, separators=(",", ":"))


def indented(value: Any, margin: str = "\n") -> str:
    """A value as json.dumps writes it with indent=2, in half the time."""
    if isinstance(value, str):
        return _quoted(value)
    if value is False:
        return "false"
    inner = margin + "  "
    if isinstance(value, dict) and value:
        parts = [f"{_quoted(key)}: {indented(item, inner)}" for key, item in value.items()]
        return f"{{{inner}{f',{inner}'.join(parts)}{margin}}}"
    if isinstance(value, list | tuple) and value:
        parts = [indented(item, inner) for item in value]
        return f"[{inner}{f',{inner}'.join(parts)}{margin}]"
    return json.dumps(value)


def _plain(template: "Template") -> dict[str, Any]:
    """The template as plain values. Template.to_dict would visit every resource twice."""
    rest = copy(template)
    rest.resources = {}
    rendered = {title: resource.to_dict() for title, resource in template.resources.items()}
    return {**rest.to_dict(), "Resources": rendered}


def _ordered(content: Mapping[str, Any]) -> dict[str, Any]:
    """The template's sections in their usual order; troposphere has another."""
    parts = {name: content[name] for name in _TOP if name in content} | dict(content)
    resources = parts["Resources"].items()
    parts["Resources"] = {title: _type_first(resource) for title, resource in resources}
    return parts


def _type_first(resource: Mapping[str, Any]) -> dict[str, Any]:
    others = {name: value for name, value in resource.items() if name != "Properties"}
    last = {"Properties": resource["Properties"]} if "Properties" in resource else {}
    return {"Type": resource["Type"]} | others | last


def as_yaml(content: Mapping[str, Any] | Sequence[Any]) -> str:
    """Plain values as YAML, in their order.

    A string that some reader of YAML takes for another value is in quotes.
    """
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes no anchors or aliases."""

        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
            return True

    def text(dumper: Dumper, value: str) -> yaml.ScalarNode:
        style = "'" if _NOT_PLAIN.fullmatch(value) else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style)

    Dumper.add_representer(str, text)
    return str(yaml.dump(content, Dumper=Dumper, sort_keys=False, width=100))
