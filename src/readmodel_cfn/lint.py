"""Lint: a template's text in, cfn-lint's findings out. Serves any template."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from readmodel_cfn.errors import ConfigError

DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True)
class Finding:
    """One finding of cfn-lint.

    `rule` is its id, `level` error, warning or informational, `place` the path below the template's
    root or, where the text is no template, the line; `meaning` is the rule's own description.
    """

    kind: ClassVar[str] = "finding"

    rule: str
    level: str
    place: str
    message: str
    meaning: str

    def as_dict(self) -> dict[str, str]:
        """The finding as `lint --json` prints it."""
        return asdict(self)


def lint(text: str, regions: Sequence[str] = (DEFAULT_REGION,)) -> list[Finding]:
    """Check a template, JSON or YAML, for the regions that it is meant for.

    An empty list means that cfn-lint has nothing to say. Text that is no template is a finding too,
    never an exception. A `.cfnlintrc` in the working directory is honoured, as cfn-lint does.

    Raises:
        ConfigError: a region that cfn-lint does not know, or a `.cfnlintrc` that it cannot read.
    """
    from cfnlint.api import ManualArgs
    from cfnlint.api import lint as cfn_lint
    from cfnlint.exceptions import CfnLintExitException, InvalidRegionException
    from yaml import YAMLError

    # Without templates, those that a `.cfnlintrc` names would be looked for on the disk.
    config = ManualArgs(regions=list(regions), templates=[])
    try:
        return [_finding(one) for one in cfn_lint(text, config=config)]
    except InvalidRegionException as error:
        what = f"cfn-lint knows no region {' or '.join(regions)}"
        raise ConfigError(what, hint="check --region, or upgrade cfn-lint") from error
    except (CfnLintExitException, YAMLError, UnicodeError, OSError) as error:
        raise ConfigError(f"cannot be used: {error}", where=".cfnlintrc") from error


def _finding(match: Any) -> Finding:
    rule = match.rule
    path = getattr(match, "path", None)  # a parse error has none
    place = "/".join(str(part) for part in path) if path else f"line {match.linenumber}"
    return Finding(rule.id, rule.severity, place, match.message, rule.description)
