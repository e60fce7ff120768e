"""Faults: changes that break a good template, and the findings that the audit must report."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from audit_templates import Template, answer, drop, find, put

GET = "SampleGet/Properties"
HEAD = "SampleHead/Properties"
BY_ID = "ProductGet/Properties"
ASKED = f"{GET}/Integration/RequestParameters"
RESPONSES = f"{GET}/Integration/IntegrationResponses"
Break = Callable[[Template], Any]


@dataclass(frozen=True)
class Case:
    """A change and its findings: rule and place, and the names and numbers in their texts."""

    name: str
    make: Break
    found: tuple[tuple[str, str], ...]
    facts: str
    options: dict[str, bool] = field(default_factory=dict)


def case(name: str, make: Break, rule: str, place: str, facts: str, **options: bool) -> Case:
    return Case(name, make, ((rule, place),), facts, options)


def without_response(status: str) -> Break:
    """Remove the integration response of a status."""

    def make(template: Template) -> None:
        find(template, RESPONSES).remove(answer(template, "SampleGet", status))

    return make


def with_answer(status: str, method: str = "SampleGet", **properties: Any) -> Break:
    return lambda template: answer(template, method, status).update(properties)


def without_in_answer(status: str, name: str, method: str = "SampleGet") -> Break:
    """Remove a property of an integration response, or a header from its mappings."""

    def make(template: Template) -> None:
        found = answer(template, method, status)
        header = f"method.response.header.{name}"
        if header in found.get("ResponseParameters", {}):
            del found["ResponseParameters"][header]
        else:
            del found[name]

    return make


def mapping(status: str, name: str, source: str, declared: bool = True) -> Break:
    """Map a header of a response, and declare it."""

    def make(template: Template) -> None:
        target = f"method.response.header.{name}"
        answer(template, "SampleGet", status).setdefault("ResponseParameters", {})[target] = source
        for response in find(template, f"{GET}/MethodResponses"):
            if response["StatusCode"] == status and declared:
                response.setdefault("ResponseParameters", {})[target] = False

    return make


def putting(path: str, value: Any) -> Break:
    return lambda template: put(template, path, value)


def dropping(path: str) -> Break:
    return lambda template: drop(template, path)


def appending(path: str, value: Any) -> Break:
    return lambda template: find(template, path).append(value)


def all_of(*steps: Break) -> Break:
    def make(template: Template) -> None:
        for step in steps:
            step(template)

    return make


def answered_as(status: str, other: str, **properties: Any) -> Break:
    """Replace a response's status by another, in the method responses too."""

    def make(template: Template) -> None:
        answer(template, "SampleGet", status).update(StatusCode=other, **properties)
        for response in find(template, f"{GET}/MethodResponses"):
            if response["StatusCode"] == status:
                response["StatusCode"] = other

    return make


def no_method(name: str) -> Break:
    """Remove a method, from DependsOn as well."""

    def make(template: Template) -> None:
        drop(template, name)
        find(template, "Deployment1a2b/DependsOn").remove(name)

    return make
