"""Hypothesis strategies for hostile texts: values of wrong types, and edits of valid texts."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

Path = tuple[str | int, ...]

WORDS = st.sampled_from(
    [
        *(
            "",
            " ",
            "*",
            "-1",
            "0",
            "null",
            "true",
            "..",
            "/",
            "a/b",
            "{id}",
            "{id+}",
            "{",
            "}",
            "$",
        ),
        *("${", "${A}", "${AWS::Region}", "AWS::NoValue", "\x1b[31m", "\n", "\x00", "\u202e", "é"),
        *("200", "(", "4\\d{2}", "[", "arn:aws:s3:::b", "https://a.example", "a" * 300, "A.Arn"),
        *("{{resolve:ssm:/a}}", "integration.response.body", "method.request.path.id", "'x'"),
        *("arn:aws:apigateway:eu-west-1:s3:path/b/k.json", "$input.json('$')", "#set($a=1)"),
    ]
)
NUMBERS = st.one_of(
    st.integers(-3, 500),
    st.sampled_from([2**31, 2**63, 2**64, -(2**63), 10**30, 10**400, 10**9]),
    st.floats(),
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, WORDS, st.text(max_size=12))
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(WORDS | st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=8,
)


def nested(value: Any, levels: int, wrap: Callable[[Any], Any]) -> Any:
    """The value below so many levels."""
    for _ in range(levels):
        value = wrap(value)
    return value


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of every value within a value."""
    yield path
    if isinstance(value, dict):
        for key, below in value.items():
            yield from places(below, (*path, key))
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from places(below, (*path, index))


def value_at(value: Any, path: Path) -> Any:
    """The value at a path; None if the path does not exist any more."""
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def put(value: Any, path: Path, new: Any) -> Any:
    """The value with another one at a path, if the path exists."""
    if not path:
        return new
    holder: Any = value_at(value, path[:-1])
    step: Any = path[-1]
    if isinstance(holder, dict) or (isinstance(holder, list) and step in range(len(holder))):
        holder[step] = new
    return value


def remove(value: Any, path: Path) -> Any:
    """The value without what is at a path."""
    holder = value_at(value, path[:-1]) if path else None
    if isinstance(holder, dict):
        holder.pop(path[-1], None)
    elif isinstance(holder, list) and isinstance(path[-1], int) and path[-1] < len(holder):
        del holder[path[-1]]
    return value


@st.composite
def changed(
    draw: st.DrawFn,
    bases: list[Any],
    wraps: list[Callable[[Any], Any]],
    new: st.SearchStrategy[Any] = VALUES,
) -> Any:
    """A valid value with some of its parts replaced, removed, moved, wrapped or renamed."""
    number = draw(st.integers(0, len(bases) - 1))
    value, every = deepcopy(bases[number]), list(places(bases[number]))
    for _ in range(draw(st.integers(1, 4))):
        path = draw(st.sampled_from(every))
        match draw(st.integers(0, 5)):
            case 0 | 1:
                value = put(value, path, draw(new))
            case 2:
                value = remove(value, path)
            case 3:  # a part of another place
                other = draw(st.sampled_from(every))
                value = put(value, path, deepcopy(value_at(value, other)))
            case 4 if wraps:
                wrap = draw(st.sampled_from(wraps))
                value = put(value, path, wrap(deepcopy(value_at(value, path))))
            case _:
                value = _renamed(value, path, draw(WORDS | st.text(max_size=6)))
    return value


def _renamed(value: Any, path: Path, name: str) -> Any:
    holder = value_at(value, path[:-1]) if path else None
    if isinstance(holder, dict) and path[-1] in holder:
        holder[name] = holder.pop(path[-1])
    return value


TOKENS = st.one_of(
    st.binary(max_size=6),
    st.sampled_from(
        [
            *(b"[", b"]", b"{", b"}", b'"', b"'", b"'''", b'"""', b":", b",", b"=", b"#", b"\n"),
            *(b"- ", b"  ", b"\t", b"\r", b"\0", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"---"),
            *(b"&a ", b"*a", b"<<: *a", b"!Sub ", b"!Ref ", b"!!python/object:os.system ", b"!x "),
            *(b"? ", b"| ", b"> ", b"%YAML 1.2\n", b"\\u0000", b"\\ud800", b"\\x1b", b"1e999"),
            *(b"[" * 3000, b"{" * 3000, b"9" * 5000, b"- " * 2000, b"a." * 2000, b"\n" * 3000),
        ]
    ),
)
EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 30), TOKENS), min_size=1, max_size=3)


def edited(text: bytes, edits: list[tuple[float, int, bytes]]) -> bytes:
    """The text with bytes replaced: each edit has a place, a number of bytes, and new bytes."""
    for place, removed, inserted in edits:
        at = int(place * len(text))
        text = text[:at] + inserted + text[at + removed :]
    return text


class Raw(str):
    """A text that is written unchanged, such as a date of TOML."""

    __slots__ = ()


def toml_of(value: Any) -> str:
    """A value as TOML; tables within it are inline."""
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return '"null"'
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, dict):
        inside = ", ".join(
            f"{toml_of(str(key))} = {toml_of(below)}" for key, below in value.items()
        )
        return f"{{{inside}}}"
    return f"[{', '.join(map(toml_of, value))}]"


def toml_file(content: Any) -> str:
    """An object as a file: one line for each key."""
    if not isinstance(content, dict):
        return toml_of(content)
    return "".join(f"{toml_of(str(key))} = {toml_of(value)}\n" for key, value in content.items())
