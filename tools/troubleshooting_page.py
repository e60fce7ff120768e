"""docs/troubleshooting.md: the errors by their first words, with the cause and what to do.

The messages and what to do come from the source, the causes from error_causes.py.
"""

import re
from collections.abc import Iterable, Iterator

from error_causes import ALSO, CAUSES, NOT_REACHED
from error_messages import Message, messages

from readmodel_cfn.aws.causes import HINTS

_HEAD = """# Troubleshooting

```text
Error: stack shop in eu-west-1: does not exist; check the name and the region; ...
```

Every error is one line on stderr: where, what is wrong, and what to do next. Search this page for
the first words after the place, here `does not exist`. A value in a message is written as `...`.
This page is generated from the source.

The exit code says what has happened:

| code | what has happened |
|---|---|
| 1 | nothing was changed |
| 2 | a value in `readmodel.toml` or on the command line is wrong; nothing was changed |
| 3 | cfn-lint or the audit has findings; nothing was changed |
| 4 | CloudFormation has rolled back (see `readmodel-cfn diagnose`), or a release was undone |
| 6 | a person has to do something in AWS |
| 7 | the API does not respond as expected |
| 8 | another writer was first, or a version is stored with another content; that is unchanged |
| 9 | it was interrupted or is still in progress; run the same command again |
| 10 | the document is not published |

If the line is not enough:

- `readmodel-cfn diagnose` prints why the last operation on the stack failed, and what to do.
- `readmodel-cfn status` prints the stack's state, and whether its stage serves its template.
- `readmodel-cfn verify` checks the API over HTTP.
- `--debug`, on every command, prints [what is sent to AWS](deploying.md#what-is-sent-to-aws) and
  what comes back. Secrets are masked.
- `python -X dev -m readmodel_cfn ...` prints the traceback of an error that ends with "this is a
  bug in readmodel-cfn".
"""
_CODES = """
## Errors of AWS

They begin with `AWS` and the operation, such as `AWS DescribeStacks: AccessDenied: ...`. What to do
depends on the code:

| code | what to do |
|---|---|
"""
_NOT_REACHED = """
These have no code, because AWS was not reached:

| error | cause | what to do |
|---|---|---|
"""
_REST = """
## Errors that say their cause

| error | what to do |
|---|---|
"""
# The sections, each with its modules.
_SECTIONS = {
    "Configuration and templates": (
        *("config/", "template/", "lint.py", "files.py", "toml.py", "cloudformation/", "analysis/"),
        *("target.py", "schemas.py", "stacks.py", "policy/", "estimate/"),
    ),
    "Command line and consent": ("cli/", "stack/", "consent.py", "errors.py", "results.py"),
    "Credentials and network": ("aws/",),
    "Deploy, diff, follow and delete": ("deploy/",),
    "Publish, history, restore and unpublish": ("publish/",),
    "Read and verify": ("verify/", "aws/http.py"),
    "Sandbox and serve": ("local/",),
}


def page() -> str:
    """The page in Markdown.

    Raises:
        SystemExit: a cause has no message any more.
    """
    found = messages()
    if unused := [words for words in CAUSES if not any(begins(each.what, words) for each in found)]:
        raise SystemExit(f"tools/error_causes.py: no error begins with {unused}")
    explained = [each for each in found if cause_of(each.what)]
    parts = [
        f"\n## {title}\n\n| error | cause | what to do |\n|---|---|---|\n"
        + _lines(_explained(each for each in explained if _section(each.module) == title))
        + _rows(ALSO.get(title, ()))
        for title in _SECTIONS
    ]
    rest = [each for each in found if each not in explained]
    others = dict.fromkeys(f"| {_words(each.what)} | {_text(each.hint)} |" for each in rest)
    return "".join(
        [
            _HEAD,
            _CODES,
            _lines(_codes()),
            _NOT_REACHED,
            _rows(NOT_REACHED),
            *parts,
            _REST,
            _lines(others),
        ]
    )


def begins(what: str, words: str) -> bool:
    """Whether a message begins with the words; a value at its beginning does not count."""
    return what.startswith(words) or what.removeprefix("... ").startswith(words)


def cause_of(what: str) -> tuple[str, str] | None:
    """The cause of a message and what to do, by the longest words that it begins with."""
    words = [each for each in CAUSES if begins(what, each)]
    return CAUSES[max(words, key=len)] if words else None


def _section(module: str) -> str:
    """The section with the longest beginning of the module's path.

    Raises:
        SystemExit: there is none.
    """
    found = [
        (len(part), title)
        for title, parts in _SECTIONS.items()
        for part in parts
        if module.startswith(part)
    ]
    if not found:
        raise SystemExit(f"tools/troubleshooting_page.py: {module} is in no section")
    return max(found)[1]


def _explained(found: Iterable[Message]) -> Iterator[str]:
    rows: dict[str, str] = {}
    for each in found:
        cause, todo = cause_of(each.what) or ("", "")
        rows.setdefault(
            each.what, f"| {_words(each.what)} | {cause} | {todo or _text(each.hint)} |"
        )
    yield from rows.values()


def _codes() -> Iterator[str]:
    by_hint: dict[str, list[str]] = {}
    for code, hint in HINTS.items():
        by_hint.setdefault(hint, []).append(f"`{code}`")
    for hint, codes in by_hint.items():
        yield f"| {', '.join(codes)} | {_text(hint)} |"


def _words(what: str) -> str:
    return f"`{what.replace('|', '/').strip()}`"


def _text(hint: str) -> str:
    """A hint as a cell: an option or a table in it is code."""
    text = (hint or "-").replace("|", "/").replace("<", "&lt;")
    text = re.sub(r"(?<![\w-])(--[a-z][a-z-]*)", r"`\1`", text)
    return re.sub(r"(\[\w+\]|\{\w+\})", r"`\1`", text)


def _rows(found: Iterable[tuple[str, str, str]]) -> str:
    return _lines(f"| {' | '.join(cells)} |" for cells in found)


def _lines(rows: Iterable[str]) -> str:
    return "".join(f"{row}\n" for row in rows)
