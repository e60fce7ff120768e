"""Groups of findings: one mistake that several resources have in the same way."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile

from readmodel_cfn.analysis.audit.rule import Finding
from readmodel_cfn.plural import counted


@dataclass(frozen=True)
class Group:
    """Findings of one rule with the same fix, in the order of the template."""

    findings: tuple[Finding, ...]

    def __str__(self) -> str:
        return f"{self.first.rule} in {self.where}: {self.what}"

    @property
    def first(self) -> Finding:
        """The first finding; the others have the same rule, severity, meaning and fix."""
        return self.findings[0]

    @property
    def where(self) -> str:
        """The logical ID of the resource, or how many there are, such as 4 methods."""
        resources = {finding.resource: finding.type for finding in self.findings}
        if len(resources) == 1:
            return self.first.resource
        kinds = set(resources.values())
        name = kinds.pop().rpartition("::")[2] if len(kinds) == 1 else "resource"
        return counted(len(resources), name[:1].lower() + name[1:] if name else "resource")

    @property
    def what(self) -> str:
        """What is wrong; what differs between the findings is `...`."""
        texts = [finding.what.split(" ") for finding in self.findings]
        begin = _common(texts)
        if all(text == begin for text in texts):
            return self.first.what
        rest = [text[len(begin) :] for text in texts]
        end = _common(text[::-1] for text in rest)[::-1]
        return " ".join([*begin, "...", *end])


def group(findings: Iterable[Finding]) -> list[Group]:
    """The findings by mistake, which is a rule and its fix, in the order of the first of each."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.rule, finding.todo), []).append(finding)
    return [Group(tuple(members)) for members in groups.values()]


def _common(texts: Iterable[list[str]]) -> list[str]:
    """The words with which all texts begin."""

    def columns() -> Iterator[set[str]]:
        return (set(words) for words in zip(*texts, strict=False))

    return [next(iter(words)) for words in takewhile(lambda words: len(words) == 1, columns())]
