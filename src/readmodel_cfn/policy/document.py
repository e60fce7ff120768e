"""The least IAM policy for deploying, publishing, reading, verifying and deleting one stack.

It allows the tool's own calls (`calls.py`), and what CloudFormation does with the caller's
permissions for each resource of the template (`handlers.py`), on the stack's own names
(`names.py`). AWS is not called.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from awacs.aws import PolicyDocument

from readmodel_cfn.cloudformation.reader import TemplateSource, content_and_text
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.limits import (
    MANAGED_POLICY_LENGTH,
    ROLE_POLICY_LENGTH,
    TEMPLATE_BODY_BYTES,
)
from readmodel_cfn.policy.calls import (
    ALSO,
    COMMANDS,
    EVERYTHING,
    PURPOSES,
    WITH_ALARMS,
    WITH_LOGS,
    WITH_RELEASES,
    Purpose,
)
from readmodel_cfn.policy.grants import ANY, Equals, Grants
from readmodel_cfn.policy.handled import allow_handlers
from readmodel_cfn.policy.handlers import HANDLERS, SERVES, permissions
from readmodel_cfn.policy.names import ROLE, USER, Names, Place
from readmodel_cfn.policy.places import Places
from readmodel_cfn.progress import Note, OnProgress, ignore
from readmodel_cfn.template.metrics import NAMESPACE

_HANDLERS: Mapping[Purpose, Sequence[str]] = {
    "deploy": HANDLERS,
    "service-role": HANDLERS,
    "read": ("read",),  # for drift detection
    "delete": ("delete",),
}
# With a role of CloudFormation the caller needs none of these.
_BY_ROLE: tuple[Purpose, ...] = ("deploy", "delete")
# PutMetricData has no resource; the condition limits it:
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/iam-cw-condition-keys-namespace.html
_CONDITIONS = {"metrics": Equals("cloudwatch:namespace", NAMESPACE)}
_ALL_KEYS = ("*",)
_NAMELESS = re.compile(r":(role/|user/|policy/|s3:::)\*(/\*)?$")


def policy(
    template: TemplateSource,
    stack_name: str,
    *purposes: Purpose,
    region: str | None = None,
    account: str | None = None,
    role_arn: str | None = None,
    parameters: Mapping[str, str] | None = None,
    keys: Sequence[str] = _ALL_KEYS,
    on_progress: OnProgress = ignore,
) -> PolicyDocument:
    """The least IAM policy for a stack; AWS is not called.

    Args:
        template: A text in JSON or YAML, a file's Path, a mapping, a troposphere Template or a
            ReadModel.
        stack_name: Name of the stack.
        purposes: What it is for: "deploy", "publish", "read", "verify" or "delete"; by default all
            of them. "diff" is the part of "deploy" that changes nothing, and "service-role" is for
            the role of `role_arn`.
        region: Region of the stack (default any).
        account: Account of the stack (default any).
        role_arn: ARN of the role that CloudFormation assumes: it needs the permissions for the
            resources. Who deploys needs only those for the calls and for passing the role.
        parameters: Values of the template's parameters.
        keys: Patterns of the keys that are published, with `*` for any text. If they make the
            policy too long for a managed policy, all keys of the bucket are allowed.
        on_progress: Gets a Note for each thing that the reader of the policy must know.

    Raises:
        ConfigError: the template cannot be read, or a purpose is unknown.
    """
    chosen = tuple(dict.fromkeys(purposes)) or EVERYTHING
    if unknown := [purpose for purpose in chosen if purpose not in PURPOSES]:
        hint = f"use {', '.join(get_args(Purpose))}"
        raise ConfigError(f"{unknown[0]!r} is not allowed", where="policy", hint=hint)
    content, text = content_and_text(template)
    sent = text or json.dumps(content, separators=(",", ":"), default=str)
    place = Place(region or ANY, account or ANY)
    names = Names(content, stack_name, place, parameters or {})
    long_template = len(sent.encode()) > TEMPLATE_BODY_BYTES
    found = _document(Places(names, keys, long_template), chosen, role_arn)
    if keys != _ALL_KEYS and policy_length(found) > MANAGED_POLICY_LENGTH:
        found = _document(Places(names, _ALL_KEYS, long_template), chosen, role_arn)
        on_progress(
            Note("The keys of the routes are too many for one policy: all keys are allowed.")
        )
    for note in (
        *_length_notes(found, chosen),
        *_breadth_notes(found),
        *_notes(content, names, chosen, role_arn),
    ):
        on_progress(Note(note))
    return found


def policy_length(document: PolicyDocument) -> int:
    """The number of characters that IAM counts: those without white space."""
    return len("".join(document.to_json().split()))


def _document(places: Places, purposes: Sequence[Purpose], role_arn: str | None) -> PolicyDocument:
    grants = Grants()
    commands = dict.fromkeys(name for purpose in purposes for name in PURPOSES[purpose])
    unused = frozenset[str]() if places.has_releases else WITH_RELEASES
    unused |= frozenset() if places.has_access_logs else WITH_LOGS
    unused |= frozenset() if places.has_alarms else WITH_ALARMS
    for command in (name for name in commands if name not in unused):
        for table in (COMMANDS, ALSO):
            for place, actions in table.get(command, {}).items():
                arns = places.arns(place)
                for action in actions:
                    grants.allow(action, arns, _CONDITIONS.get(place))
    for purpose in _handled(purposes, role_arn):
        handlers = _HANDLERS[purpose]
        allow_handlers(grants, places.names, handlers, only_reads=purpose == "read")
    if role_arn and {"deploy", "diff"} & set(purposes):
        passed = Equals("iam:PassedToService", "cloudformation.amazonaws.com")
        grants.allow("iam:PassRole", [role_arn], passed)
    return grants.document()


def _handled(purposes: Sequence[Purpose], role_arn: str | None) -> list[Purpose]:
    """The purposes that need the permissions of handlers."""
    by_role = _BY_ROLE if role_arn else ()
    return [purpose for purpose in purposes if purpose in _HANDLERS and purpose not in by_role]


def _length_notes(document: PolicyDocument, purposes: Sequence[Purpose]) -> Iterator[str]:
    length = policy_length(document)
    if length <= MANAGED_POLICY_LENGTH:
        return
    advice = "print one for each purpose, with --for"
    if len(purposes) == 1:
        advice = (
            "divide its statements between two, or make it an inline policy of a role (at most "
            f"{ROLE_POLICY_LENGTH:,})"
        )
    yield (
        f"The policy has {length:,} characters without white space, and a managed policy at most "
        f"{MANAGED_POLICY_LENGTH:,}: {advice}."
    )


def _breadth_notes(document: PolicyDocument) -> Iterator[str]:
    """The resources of which no name is known, such as those with the name of a parameter."""
    arns = {arn for statement in document.Statement for arn in statement.Resource}
    for arn in sorted(arns):
        if _NAMELESS.search(arn):
            yield f"{arn}: the template does not say which; replace the * by their names."


def _notes(
    template: Mapping[str, Any], names: Names, purposes: Sequence[Purpose], role_arn: str | None
) -> Iterator[str]:
    """What the reader of the policy must know."""
    handled = _handled(purposes, role_arn)
    types = dict.fromkeys(resource.type for resource in names.resources.values())
    for type_ in types if handled else ():
        if not any(permissions(type_).values()):
            yield f"{type_}: its permissions are unknown; add them by hand."
        elif type_ not in SERVES:
            yield f"{type_}: all permissions of its handlers, on every resource; reduce them."
    if handled and "Transform" in template:
        yield "The template has a macro: the permissions for what it creates are not included."
    unbounded = [
        identity.id
        for type_ in (ROLE, USER)
        for identity in names.of_type(type_)
        if "PermissionsBoundary" not in identity.properties
    ]
    if unbounded and {"deploy", "service-role"} & set(handled):
        yield (
            f"Whoever has this policy can give {' and '.join(unbounded)} any permission: limit "
            "them with permissions_boundary, or let CloudFormation assume a role, role_arn under "
            "[stack], whose policy is: readmodel-cfn policy --for service-role"
        )
