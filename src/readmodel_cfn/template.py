"""The template of one read model, and any template as text."""

import json
from collections.abc import Mapping
from copy import copy
from typing import Any, Literal

from troposphere import Parameter, Template

from readmodel_cfn.compose import add
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.model import ReadModel
from readmodel_cfn.naming import Names
from readmodel_cfn.resources import outputs_of, resources
from readmodel_cfn.room import FEWER

_MOST_BYTES = 1_000_000  # of a template's text that comes from S3, CloudFormation's quota
_LEAF = json.JSONEncoder().encode
_TOP = ("AWSTemplateFormatVersion", "Description", "Parameters", "Resources", "Outputs")


def build_template(model: ReadModel, prefix: str = "") -> Template:
    """A template with the one read model; `prefix` begins its logical ids and outputs.

    Raises:
        ConfigError: more than one template, or one API, can hold.
    """
    template = Template()
    template.set_version("2010-09-09")
    if model.as_printed:
        template.add_parameter(
            Parameter("StackName", Type="String", Description="Beginning of every resource's name")
        )
    else:
        template.set_description("A read model: JSON kept in S3, served by API Gateway")
    names = Names(prefix)
    made = resources(model, names)
    add(template, made, outputs_of(model, made, names))
    return template


def render(template: Template, form: Literal["json", "compact", "yaml"] = "json") -> str:
    """The template's text: byte for byte the same for the same template, in the article's order.

    `json` is for reading, `compact` JSON without white space is what CloudFormation is sent, as its
    size counts; `yaml` is the long form, which needs no tags.

    Raises:
        ConfigError: more than CloudFormation takes, in whatever form.
    """
    content = _ordered(_plain(template))
    if form == "yaml":
        text = as_yaml(content)
    else:
        text = _compact(content) if form == "compact" else indented(content) + "\n"
    if len(text) > _MOST_BYTES and (size := len(_compact(content))) > _MOST_BYTES:
        raise ConfigError(
            f"the template has {size:,} bytes, CloudFormation takes {_MOST_BYTES:,}",
            where="routes",
            hint=FEWER,
        )
    return text


def _compact(content: Mapping[str, Any]) -> str:
    return json.dumps(content, separators=(",", ":"))


def indented(value: Any, margin: str = "\n") -> str:
    """A value as json.dumps writes it with indent=2, in two thirds of the time."""
    inner = margin + "  "
    if isinstance(value, dict) and value:
        parts = [f"{_LEAF(key)}: {indented(one, inner)}" for key, one in value.items()]
        return f"{{{inner}{f',{inner}'.join(parts)}{margin}}}"
    if isinstance(value, list | tuple) and value:
        parts = [indented(one, inner) for one in value]
        return f"[{inner}{f',{inner}'.join(parts)}{margin}]"
    return _LEAF(value)


def _plain(template: Template) -> dict[str, Any]:
    """The template as plain values, each resource rendered once.

    Template.to_dict renders them too, and then walks through each of them again.
    """
    rest = copy(template)
    rest.resources = {}
    rendered = {title: one.to_dict() for title, one in template.resources.items()}
    return {**rest.to_dict(), "Resources": rendered}


def _ordered(content: Mapping[str, Any]) -> dict[str, Any]:
    """The parts in the order that people write them; troposphere has one of its own."""
    parts = {name: content[name] for name in _TOP if name in content} | dict(content)
    parts["Resources"] = {title: _type_first(one) for title, one in parts["Resources"].items()}
    return parts


def _type_first(resource: Mapping[str, Any]) -> dict[str, Any]:
    others = {name: value for name, value in resource.items() if name != "Properties"}
    last = {"Properties": resource["Properties"]} if "Properties" in resource else {}
    return {"Type": resource["Type"]} | others | last


def as_yaml(content: Mapping[str, Any]) -> str:
    """Plain values as YAML, in their order."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes no anchors: nobody wants to read them."""

        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
            return True

    return str(yaml.dump(content, Dumper=Dumper, sort_keys=False, width=100))
