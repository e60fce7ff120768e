"""Collects what a policy allows, and writes it in as few statements as possible."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from awacs.aws import Action, Allow, Condition, PolicyDocument, Statement, StringEquals, StringLike

from readmodel_cfn.cloudformation.patterns import covers

ANY = "*"


@dataclass(frozen=True, order=True)
class Equals:
    """A condition: the key of the request must have this value, in which `*` is any text."""

    key: str
    value: str


@dataclass
class Grants:
    """The allowed actions, each with its resources and, for some resources, a condition."""

    _arns: dict[tuple[str, Equals | None], set[str]] = field(
        default_factory=lambda: defaultdict(set)
    )

    def allow(self, action: str, arns: Iterable[str], condition: Equals | None = None) -> None:
        """Allow an action on resources."""
        self._arns[action, condition].update(arns)

    def document(self) -> PolicyDocument:
        """The policy: one statement for each service, resources and condition."""
        actions: dict[tuple[str, tuple[str, ...], Equals | None], list[str]] = defaultdict(list)
        for (action, condition), arns in self._arns.items():
            if arns := self._widest(action, condition, arns):
                service = action.partition(":")[0]
                actions[service, tuple(sorted(arns)), condition].append(action)
        statements = [
            _statement(sorted(actions[key]), *key[1:])
            for key in sorted(actions, key=lambda key: (key[:2], key[2] or Equals("", "")))
        ]
        return PolicyDocument(Version="2012-10-17", Statement=statements)

    def _widest(self, action: str, condition: Equals | None, arns: set[str]) -> set[str]:
        """The resources that no other resource of this action covers."""
        wider = arns | self._arns.get((action, None), set())
        same = set() if condition is None else self._arns.get((action, None), set())
        return {
            arn
            for arn in arns - same
            if not any(arn != other and covers(other, arn) for other in wider)
        }


def _statement(actions: Iterable[str], arns: Iterable[str], condition: Equals | None) -> Statement:
    more = {"Condition": _condition(condition)} if condition else {}
    return Statement(Effect=Allow, Action=list(_actions(actions)), Resource=list(arns), **more)


def _condition(condition: Equals) -> Condition:
    operator = StringLike if ANY in condition.value else StringEquals
    return Condition(operator(condition.key, condition.value))


def _actions(actions: Iterable[str]) -> Iterator[Action]:
    for action in actions:
        service, _, name = action.partition(":")
        yield Action(service, name)
