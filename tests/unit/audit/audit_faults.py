"""Faults: a change that breaks a good template, and what the audit says of it."""

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
    """A fault: how it is made, where it is found (rule, place), and what the finding says."""

    name: str
    make: Break
    found: tuple[tuple[str, str], ...]
    says: str
    options: dict[str, bool] = field(default_factory=dict)


def case(name: str, make: Break, rule: str, place: str, says: str, **options: bool) -> Case:
    return Case(name, make, ((rule, place),), says, options)


def without_response(status: str) -> Break:
    """Nothing answers in place of this integration response, or the default does."""

    def make(template: Template) -> None:
        find(template, RESPONSES).remove(answer(template, "SampleGet", status))

    return make


def with_answer(status: str, method: str = "SampleGet", **properties: Any) -> Break:
    return lambda template: answer(template, method, status).update(properties)


def without_in_answer(status: str, name: str, method: str = "SampleGet") -> Break:
    """Take a property out of an integration response, or a header out of its mappings."""

    def make(template: Template) -> None:
        found = answer(template, method, status)
        header = f"method.response.header.{name}"
        if header in found.get("ResponseParameters", {}):
            del found["ResponseParameters"][header]
        else:
            del found[name]

    return make


def mapping(status: str, name: str, source: str, declared: bool = True) -> Break:
    """Map a header of an answer, and declare it."""

    def make(template: Template) -> None:
        target = f"method.response.header.{name}"
        answer(template, "SampleGet", status).setdefault("ResponseParameters", {})[target] = source
        for one in find(template, f"{GET}/MethodResponses"):
            if one["StatusCode"] == status and declared:
                one.setdefault("ResponseParameters", {})[target] = False

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
    """Answer what had one status with another, declared too."""

    def make(template: Template) -> None:
        answer(template, "SampleGet", status).update(StatusCode=other, **properties)
        for one in find(template, f"{GET}/MethodResponses"):
            if one["StatusCode"] == status:
                one["StatusCode"] = other

    return make


def no_method(name: str) -> Break:
    """Take a method away, from DependsOn as well."""

    def make(template: Template) -> None:
        drop(template, name)
        find(template, "Deployment1a2b/DependsOn").remove(name)

    return make
