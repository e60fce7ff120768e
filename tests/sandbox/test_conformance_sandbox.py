"""The sandbox answers the facts of tests/conformance that need no prepared S3 as `serve` does.

The APIs of many facts are in one stack each. See tests/functional/test_conformance.py.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest

from conformance_facts import Fact, facts, template
from conformance_runner import faults, send
from readmodel_cfn.limits import TEMPLATE_BODY_BYTES
from readmodel_cfn.local.sandbox import Sandbox
from stacks import Stack

APIS = 40
"""APIs in a stack: a template may have 500 resources."""
KEY = "abcdefghijklmnopqrstuvwxyz"
# The sandbox evaluates the policy, and calls other backends than S3. It refuses other hosts and the
# pages of other origins.
# In a stack every key has a value.
ELSEWHERE = ("resource policy", "integration type", "API key abc123")


def is_tried(fact: Fact) -> bool:
    sent = [header for request in fact.requests for header in request.get("with", ())]
    from_elsewhere = any(header.startswith(("Host: own", "Origin: ")) for header in sent)
    elsewhere = from_elsewhere or fact.not_evaluated.startswith(ELSEWHERE)
    is_large = len(json.dumps(template(fact))) > TEMPLATE_BODY_BYTES
    return not (fact.needs_s3 or fact.documents or fact.differs or elsewhere or is_large)


TRIED = [fact for fact in facts() if is_tried(fact)]
SERVED = [fact for fact in TRIED if not fact.refused]
REFUSED = [fact for fact in TRIED if fact.refused]


def resources(fact: Fact, prefix: str) -> dict[str, Any]:
    """The resources of a fact's API, with other logical IDs, and another API key."""
    own = template(fact)["Resources"]
    names = [name for name in own if name not in ("Bucket", "Role")]
    return {f"{prefix}{name}": renamed(own[name], names, prefix) for name in names}


def renamed(value: Any, names: list[str], prefix: str, under: str = "") -> Any:
    if isinstance(value, dict):
        return {key: renamed(own, names, prefix, key) for key, own in value.items()}
    if isinstance(value, list):
        if under == "Fn::GetAtt":
            return [f"{prefix}{value[0]}", *value[1:]]
        return [renamed(own, names, prefix, under) for own in value]
    if under in ("Ref", "DependsOn"):
        return f"{prefix}{value}"
    return f"{prefix}{KEY}" if value == KEY else value


Apis = Mapping[str, tuple[str, str]]


@pytest.fixture(scope="module")
def apis(sandbox: Sandbox, client_of: Callable[..., Any]) -> Iterator[Apis]:
    """The ID of the API of each fact, and the prefix of its logical IDs."""
    found: dict[str, tuple[str, str]] = {}
    stacks = []
    for start in range(0, len(SERVED), APIS):
        prefixes = {f"F{start + i}": fact for i, fact in enumerate(SERVED[start : start + APIS])}
        made: dict[str, Any] = {"Resources": {}, "Outputs": {}}
        for prefix, fact in prefixes.items():
            made["Resources"] |= resources(fact, prefix)
            made["Outputs"][prefix] = {"Value": {"Ref": f"{prefix}Api"}}
        stacks.append(Stack(f"conformance-{start}", client_of(sandbox, "cloudformation")))
        outputs = stacks[-1].deploy(made)
        found |= {str(fact): (outputs[prefix], prefix) for prefix, fact in prefixes.items()}
    yield found
    for stack in stacks:
        stack.delete()


@pytest.mark.parametrize("fact", SERVED, ids=str)
def test_answer_is_that_of_serve(sandbox: Sandbox, apis: Apis, fact: Fact) -> None:
    api, prefix = apis[str(fact)]
    port = urlsplit(sandbox.endpoint_url).port
    assert port
    for request in fact.requests:
        given = json.loads(json.dumps(request).replace(KEY, f"{prefix}{KEY}"))
        answer = send(port, given, prefix=f"/_aws/execute-api/{api}")
        if fact.not_evaluated:
            assert answer.status == 501
            assert fact.not_evaluated in json.loads(answer.body)["message"]
        else:
            assert list(faults(given["get"], answer)) == []


@pytest.mark.parametrize("fact", REFUSED, ids=str)
def test_what_aws_refuses_fails_for_the_same_reason(stack: Any, fact: Fact) -> None:
    made = {"Resources": resources(fact, "")}
    made["Resources"]["Role"] = template(fact)["Resources"]["Role"]
    with pytest.raises(AssertionError) as error:
        stack.deploy(made)
    assert fact.refused in str(error.value)
