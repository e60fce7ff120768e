"""The intrinsic functions except Fn::If: each takes its argument as written."""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from readmodel_cfn.cloudformation.values import (
    PartialText,
    Text,
    Unknown,
    as_text,
    is_known,
    join_texts,
    substitute,
    unknown_function,
)

if TYPE_CHECKING:
    from readmodel_cfn.cloudformation.evaluate import Evaluator

MAX_CHARACTERS = 1_000_000
"""The maximum number of characters and unknown parts of a text that a function returns."""

VARIABLE = re.compile(r"\$\{(!?)([^{}]*)\}")
"""What Fn::Sub replaces: `${Name}`, `${LogicalId.Attribute}`, and `${!Literal}` by `${Literal}`."""

_DYNAMIC = re.compile(r"\{\{resolve:[^{}]*\}\}")
# The attribute that has the same value as Ref, by resource type:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGateway.html
_SAME_AS_REF = {
    "AWS::ApiGateway::RestApi": "RestApiId",
    "AWS::Serverless::Api": "RestApiId",
    "AWS::ApiGateway::Resource": "ResourceId",
    "AWS::ApiGateway::Deployment": "DeploymentId",
}

Evaluate = Callable[[Any], Any]


def call(evaluator: "Evaluator", name: str, argument: Any, level: int) -> Any:
    """The value of a function call; unknown if only CloudFormation can evaluate the function."""

    def evaluate(value: Any) -> Any:
        return evaluator.evaluate_at(value, level)

    try:
        if function := _FUNCTIONS.get(name):
            return function(evaluator, evaluate, argument)
    except _WrongArgumentError as error:
        return unknown_function(name, argument, f"{name}: {error}")
    return unknown_function(name, evaluate(argument))


def dynamic_references(value: PartialText) -> PartialText:
    """A text with its `{{resolve:...}}` as unknown parts."""
    if isinstance(value, str) and "{{resolve:" not in value:
        return value
    return substitute(_DYNAMIC, value, lambda match: Unknown(match[0]))


def reference(evaluator: "Evaluator", name: str) -> Any:
    """The value of a Ref (`Bucket`) or an Fn::GetAtt (`Role.Arn`)."""
    if name in evaluator.values:
        return evaluator.values[name]
    logical_id, _, attribute = name.partition(".")
    if attribute and _SAME_AS_REF.get(evaluator.types.get(logical_id, "")) == attribute:
        return reference(evaluator, logical_id)
    return Unknown(name)


class _WrongArgumentError(ValueError):
    """A function's argument that CloudFormation would reject; the message says why."""


def _ref(evaluator: "Evaluator", evaluate: Evaluate, argument: Any) -> Any:
    name = evaluate(argument)
    if not isinstance(name, str):
        raise _WrongArgumentError("it needs a name")
    return reference(evaluator, name)


def _get_att(evaluator: "Evaluator", evaluate: Evaluate, argument: Any) -> Any:
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    if not isinstance(parts, list) or len(parts) < 2:
        raise _WrongArgumentError("it needs a logical ID and an attribute")
    names = [evaluate(part) for part in parts]
    if not all(isinstance(name, (str, Text, Unknown)) for name in names):
        raise _WrongArgumentError("it needs a logical ID and an attribute")
    if not is_known(names):
        return unknown_function("Fn::GetAtt", names)
    return reference(evaluator, ".".join(names))


def _sub(evaluator: "Evaluator", evaluate: Evaluate, argument: Any) -> Any:
    parts = [argument, {}] if isinstance(argument, str) else argument
    if not isinstance(parts, list) or len(parts) != 2 or not isinstance(parts[0], str):
        raise _WrongArgumentError("it needs a text, or a list of a text and an object")
    if not isinstance(parts[1], Mapping):
        raise _WrongArgumentError("its variables must be an object")
    own = {name: evaluate(value) for name, value in parts[1].items()}

    def replaced(match: re.Match[str]) -> Any:
        if match[1]:
            return f"${{{match[2]}}}"
        name = match[2].strip()
        return _part(own[name] if name in own else reference(evaluator, name))

    pieces: list[Any] = []
    end = 0
    for match in VARIABLE.finditer(parts[0]):
        pieces += [parts[0][end : match.start()], replaced(match)]
        end = match.end()
    return _joined([*pieces, parts[0][end:]])


def _join(_: "Evaluator", evaluate: Evaluate, argument: Any) -> Any:
    if not isinstance(argument, list) or len(argument) != 2 or not isinstance(argument[0], str):
        raise _WrongArgumentError("it needs a delimiter and a list")
    delimiter, items = argument[0], evaluate(argument[1])
    if isinstance(items, Unknown):
        return unknown_function("Fn::Join", [delimiter, items])
    if not isinstance(items, list):
        raise _WrongArgumentError("its second argument must be a list")
    pieces: list[Any] = []
    for item in items:
        pieces += [delimiter, _part(item)]
    return _joined(pieces[1:])


def _part(value: Any) -> Any:
    """A value as a part of a text."""
    if isinstance(value, (Mapping, list)) or value is None:
        raise _WrongArgumentError("an object or a list cannot be a part of a text")
    return as_text(value)


def _joined(pieces: list[PartialText]) -> Any:
    size = sum(
        len(piece)
        if isinstance(piece, str)
        else sum(len(part) if isinstance(part, str) else 1 for part in piece.parts)
        for piece in pieces
    )
    if size > MAX_CHARACTERS:
        raise _WrongArgumentError(f"its text has more than {MAX_CHARACTERS:,} characters")
    joined = dynamic_references(join_texts(pieces))
    if isinstance(joined, Text) and len(joined.parts) == 1:
        return joined.parts[0]
    return joined


def _select(_: "Evaluator", evaluate: Evaluate, argument: Any) -> Any:
    if not isinstance(argument, list) or len(argument) != 2:
        raise _WrongArgumentError("it needs an index and a list")
    index, items = evaluate(argument[0]), evaluate(argument[1])
    if not is_known(index) or isinstance(items, Unknown):
        return unknown_function("Fn::Select", [index, items])
    if not isinstance(items, list):
        raise _WrongArgumentError("its second argument must be a list")
    if not re.fullmatch("[0-9]{1,6}", str(as_text(index))) or int(index) >= len(items):
        raise _WrongArgumentError(f"the list has no item {as_text(index)}")
    return items[int(index)]


def _split(_: "Evaluator", evaluate: Evaluate, argument: Any) -> Any:
    if not isinstance(argument, list) or len(argument) != 2 or not isinstance(argument[0], str):
        raise _WrongArgumentError("it needs a delimiter and a text")
    delimiter, text = argument[0], evaluate(argument[1])
    if isinstance(text, (Unknown, Text)):
        return unknown_function("Fn::Split", [delimiter, text])
    if not delimiter or not isinstance(text, str):
        raise _WrongArgumentError("it needs a delimiter and a text")
    return text.split(delimiter)


def _find_in_map(evaluator: "Evaluator", evaluate: Evaluate, argument: Any) -> Any:
    if not isinstance(argument, list) or len(argument) not in (3, 4):
        raise _WrongArgumentError("it needs a mapping's name and two keys")
    keys = [evaluate(key) for key in argument[:3]]
    if not is_known(keys):
        return unknown_function("Fn::FindInMap", keys)
    found: Any = evaluator.mappings
    for key in keys:
        found = found.get(str(as_text(key))) if isinstance(found, Mapping) else None
    options = argument[3] if len(argument) == 4 else None
    if found is None and isinstance(options, Mapping) and "DefaultValue" in options:
        return evaluate(options["DefaultValue"])
    if found is None:
        raise _WrongArgumentError(f"Mappings has no {'.'.join(str(as_text(k)) for k in keys)}")
    return evaluate(found)


def _base64(_: "Evaluator", evaluate: Evaluate, argument: Any) -> Any:
    text = evaluate(argument)
    if not is_known(text):
        return unknown_function("Fn::Base64", text)
    return b64encode(_part(text).encode(errors="surrogatepass")).decode()


def _length(_: "Evaluator", evaluate: Evaluate, argument: Any) -> Any:
    items = evaluate(argument)
    if isinstance(items, Unknown):
        return unknown_function("Fn::Length", items)
    if not isinstance(items, list):
        raise _WrongArgumentError("it needs a list")
    return len(items)


def _to_json_string(_: "Evaluator", evaluate: Evaluate, argument: Any) -> Any:
    value = evaluate(argument)
    if isinstance(value, Unknown) or not is_known(value):
        return unknown_function("Fn::ToJsonString", value)
    if not isinstance(value, (Mapping, list)):
        raise _WrongArgumentError("it needs an object or a list")
    text = json.dumps(value, separators=(",", ":"))
    if len(text) > MAX_CHARACTERS:
        raise _WrongArgumentError(f"its text has more than {MAX_CHARACTERS:,} characters")
    return text


_FUNCTIONS: Mapping[str, Callable[["Evaluator", Evaluate, Any], Any]] = {
    "Ref": _ref,
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::FindInMap": _find_in_map,
    "Fn::Base64": _base64,
    "Fn::Length": _length,
    "Fn::ToJsonString": _to_json_string,
}
