"""One run of `deploy`: each step is decided, shown, agreed to, taken and followed."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property

from readmodel_cfn.cli.consent_by_name import consent_by_name
from readmodel_cfn.cli.following import followed
from readmodel_cfn.cli.leftovers import removed_methods
from readmodel_cfn.cli.slow import slow
from readmodel_cfn.cli.target import Target, consent, consent_to_delete
from readmodel_cfn.cli.telling import ToPeople, ToPrograms
from readmodel_cfn.cli.wanted import handed_over
from readmodel_cfn.consent import Consent
from readmodel_cfn.deploy import deploy as stacks
from readmodel_cfn.deploy.consents import needed_consent
from readmodel_cfn.deploy.diagnosis import check
from readmodel_cfn.deploy.diff import Diff
from readmodel_cfn.deploy.events import Following
from readmodel_cfn.deploy.plan import CHANGING
from readmodel_cfn.deploy.preflight import preflight
from readmodel_cfn.deploy.taken import check_template_bucket
from readmodel_cfn.deploy.values import Stack
from readmodel_cfn.deploy.wanted import Wanted

_LEFTOVERS = (
    "A removed route can answer nothing but errors any more; to have it gone from the deployed "
    "API, raise serial under [deployment] and deploy again."
)
_COMPARING = "CloudFormation finds what would change"


@dataclass(frozen=True)
class Asked:
    """What the command line asked for, beyond the stack itself."""

    yes: bool
    recreate: bool
    adopt: str | None
    detach: bool
    timeout: float | None
    beyond: stacks.Beyond


class Detached(Exception):
    """It goes on by itself, as asked."""


@dataclass(frozen=True)
class Deployment:
    """One run of `deploy`."""

    target: Target
    wanted: Wanted
    asked: Asked
    say: ToPeople | ToPrograms
    origin: Callable[[str], str | None]
    template_bucket: str | None

    def run(self) -> Stack:
        """Lead the stack to what is wanted, and return it as it then is."""
        seen = self._settled()
        if self.asked.beyond or seen.plan.action in CHANGING:
            self._preflight(seen)
        stack = self._beyond(seen) if self.asked.beyond else self._changed(seen)
        changed = stack is not seen.stack
        stacks.protect(self.target.stacks, self.wanted, stack, changed=changed)
        if seen.plan.action == "nothing" and not self.asked.beyond:
            self.say.note("No change.")
        if removed_methods(seen.template, self.wanted.content):
            self.say.note(_LEFTOVERS)
        return stack

    @cached_property
    def _sendable(self) -> Wanted:
        """What is wanted, with a template too long for a call put where it is found."""
        return handed_over(self.target, self.wanted, self.template_bucket)

    def _settled(self) -> stacks.Look:
        """The stack once it can be created or updated; it may have to be led there."""
        adopt = self.asked.adopt is not None
        while True:
            with slow(f"Asking AWS about {self.target.where}"):
                seen = stacks.look(self.target.stacks, self.wanted, adopt=adopt)
            self.say.plan(self.target.where, seen.plan)
            stacks.refuse(self.wanted.name, seen.plan)
            if needed := needed_consent(self.target.stacks, self.wanted, seen):
                self._consent(needed)
            if seen.plan.action not in stacks.SETTLED_FIRST:
                return seen
            following = stacks.settle(self.target.stacks, seen)
            if seen.plan.action == "attach" and self.asked.detach:
                raise Detached
            ended = followed(self.target, following, self.say, self.asked.timeout)
            stacks.check_settled(self.target.stacks, self.wanted.name, seen, ended, self.origin)

    def _preflight(self, seen: stacks.Look) -> None:
        """Refuse what is known to fail, before anything is touched."""
        connection, stack = self.target.connection, seen.stack
        with slow("Looking for what would make it fail"):
            notes = preflight(
                self.wanted,
                seen.template,
                connection.client,
                region=connection.region_name,
                had=stack.parameters if stack else None,
                importing=self.asked.beyond.import_existing,
            )
            if self.template_bucket and not self.wanted.fits_a_call:
                notes += check_template_bucket(connection.client("s3"), self.template_bucket)
        for line in notes:
            self.say.note(line)

    def _consent(self, needed: Consent) -> None:
        where = self.target.where
        for line in needed.lost:
            self.say.note(f"  remove  {line}")
        if needed.kind == "adopt":
            consent_by_name(needed, "--adopt", self.asked.adopt or "")
        elif needed.kind == "recreate":
            consent_to_delete(f"Delete {where}, which never worked?", self.asked.recreate)
        else:
            consent(f"Continue the rollback of {where}?", self.asked.yes)

    def _changed(self, seen: stacks.Look) -> Stack:
        wanted = self._sendable if seen.plan.action in ("update", "adopt") else self.wanted
        with slow(_COMPARING):
            found = stacks.difference(self.target.stacks, wanted, seen, self.say.note)
        self._show(found)
        if seen.plan.action in CHANGING:
            self._ask(seen.plan.action)
            begun = stacks.change(self.target.stacks, self._sendable, seen)
            if begun:
                return self._end(begun)
        elif seen.plan.action == "protect":
            self._ask("protect" if self.wanted.termination_protection else "unprotect")
        assert seen.stack is not None  # noqa: S101 - only a create begins without a stack
        return seen.stack

    def _beyond(self, seen: stacks.Look) -> Stack:
        client, asked = self.target.stacks, self.asked.beyond
        with ExitStack() as until_done:
            made = stacks.beyond_update(client, self._sendable, seen, asked, self.say.note)
            with slow(_COMPARING):
                diff, held = until_done.enter_context(made)
            self._show(diff)
            if not diff.changes and seen.stack:
                self.say.note("No change.")
                return seen.stack
            self._ask("import" if asked.import_existing else "revert")
            return self._end(stacks.execute(client, self.wanted, held))

    def _show(self, diff: Diff) -> None:
        if diff:
            self.say.diff(diff)

    def _ask(self, action: str) -> None:
        consent(f"{action.capitalize()} {self.target.where}?", self.asked.yes)

    def _end(self, begun: Following) -> Stack:
        if self.asked.detach:
            raise Detached
        ended = followed(self.target, begun, self.say, self.asked.timeout)
        return check(self.target.stacks, self.wanted.name, ended, self.origin)
