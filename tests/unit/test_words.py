"""No text or name uses a word that readers of this project had to translate."""

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLACES = [
    *("src", "docs", "tests", "examples", "tools", "benchmarks"),
    *("README.md", "CONTRIBUTING.md", "CHANGELOG.md"),
    *("Makefile", "setup.py", "setup.cfg", "pyproject.toml", "mkdocs.yml"),
]
SUFFIXES = {".py", ".md", ".toml", ".yml", ".yaml", ".sh", ".txt", ".cfg"}

# A regular expression, and what to write instead. Words in names are found too: `_` and the border
# before a capital letter count as spaces.
WORDS = {
    r"mend(s|ed|ing)?": "fix",
    r"(un)?told": "print, show, report",
    r"(?<!can\s)(?<!cannot\s)tell|tells|telling": "print, show, report",
    r"(go|goes|going|went|gone) on": "continue, in progress",
    r"for ever": "until stopped, without end",
    r"as it is(?!\s\w+ed\b)": "unchanged, or what it is",
    r"by (itself|themselves)": "automatically, alone",
    r"led|leads?": "points to, results in, brings",
    r"that (is|are) there|there already": "existing",
    r"(that|which|who) (is|are) none": "that is not one",
    r"wanted": "expected, desired, required",
    r"wish(es|ed)?": "option, request",
    r"losses": "deletion plan, what is deleted",
    r"doors?": "access checks, port, endpoint",
    r"rooms?": "limit, space, package",
    r"patience|patient(ly)?": "retry, wait",
    r"settle[sd]?|settling": "recover, finish",
    r"hears?|heard": "receive, response",
    r"until it is off again|whatever it is|if need be|as you said|in silence": "a plain sentence",
    r"honest(ly)?": "correct",
    r"knocks?": "sends a request",
    r"complain(s|ts?)?": "error, refuse",
    r"troubles?": "error, failure",
    r"stor(y|ies)": "log, messages",
    r"begun": "started",
    r"anew": "again",
    r"be had": "be read, be found",
    r"nobody's|of (ours|yours|theirs)": "my, our, your, their",
    r"stands (in|on|beside|before|around|first|here|there)": "is in, is before",
    r"(has|have|had) not(?=[.,;:)])": "does not have",
}
# The same, in the text as it is written.
NAMES = {
    r"to_the_end": "wait",
    r"for (\w+, )*\(?one(, \w+)*\)? in|lambda one": "a variable named after the item",
}
# (path, text found): why it stays.
EXCEPTIONS: dict[tuple[str, str], str] = {}


@pytest.mark.parametrize("place", PLACES)
def test_texts_and_names_are_in_plain_english(place: str) -> None:
    root = ROOT / place
    files = sorted(root.rglob("*")) if root.is_dir() else [root]
    found = list(chain.from_iterable(hits(file) for file in files if is_text(file)))
    if found:
        pytest.fail(f"{len(found)} words to replace\n" + "\n".join(found), pytrace=False)


def test_words_are_found_in_sentences_lines_and_names(tmp_path: Path) -> None:
    text = "It was told,\n# goes\n# on.\nclass WantedStack: ...\nfor one in listed: to_the_end()\n"
    (tmp_path / "doors.py").write_text(text, encoding="utf-8")
    found = [line.split(": ")[:2] for line in hits(tmp_path / "doors.py", tmp_path)]
    assert found == [
        ["doors.py", "doors"],
        ["doors.py:1", "told"],
        ["doors.py:2", "goes on"],
        ["doors.py:4", "wanted"],
        ["doors.py:5", "for one in"],
        ["doors.py:5", "to_the_end"],
    ]


def is_text(file: Path) -> bool:
    generated = any(part.endswith(".egg-info") for part in file.parts)
    return file.is_file() and not generated and (file.suffix in SUFFIXES or file.parent == ROOT)


def hits(file: Path, root: Path = ROOT) -> Iterator[str]:
    """`path:line: word: what to write instead`, for each word that is found."""
    path = file.relative_to(root).as_posix()
    if file == Path(__file__):
        return
    for match in WORDS_PATTERN.finditer(as_words(path)):
        yield f"{path}: {described(match, WORDS)}"
    text = file.read_text(encoding="utf-8")
    found = [(match, WORDS) for match in WORDS_PATTERN.finditer(as_words(text))]
    found += [(match, NAMES) for match in NAMES_PATTERN.finditer(text)]
    for match, replacements in found:
        line = match.string.count("\n", 0, match.start()) + 1
        if (path, words_of(match)) not in EXCEPTIONS:
            yield f"{path}:{line}: {described(match, replacements)}"


def as_words(text: str) -> str:
    """The text with the words of names separated; lines stay the same."""
    return re.sub(r"_|(?<=[a-z])(?=[A-Z])", " ", text)


def described(match: re.Match[str], replacements: dict[str, str]) -> str:
    (number,) = (name for name, group in match.groupdict().items() if group is not None)
    return f"{words_of(match)}: {list(replacements.values())[int(number[1:])]}"


def words_of(match: re.Match[str]) -> str:
    return " ".join(match[0].lower().replace("#", " ").split())


def compiled(words: dict[str, str], before: str, after: str) -> re.Pattern[str]:
    """All expressions in one; a space in them is any space, and the start of a comment line."""
    groups = (f"(?P<n{number}>{word})" for number, word in enumerate(words))
    pattern = "|".join(groups).replace(" ", r"[\s#]+")
    return re.compile(f"{before}(?:{pattern}){after}", re.IGNORECASE)


WORDS_PATTERN = compiled(WORDS, r"(?<![a-zA-Z'])", r"(?![a-zA-Z])")
NAMES_PATTERN = compiled(NAMES, r"\b", "")
