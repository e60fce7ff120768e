"""Faults and signals while documents are published, released and verified.

Whatever happens, the command says what is true, loses nothing, and succeeds when it is run again.
The budget draws from the matrix of all calls and all faults; `make faults` tries it wholly.
"""

import random
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from typing import Any

import pytest

from fault_commands import BUCKET, COMMANDS, DELETE_MISSING, PUBLISH, RELEASE, VERIFY_OVER, Command
from fault_kinds import HELD, Fault
from fault_matrix import cells, drawn, kind_of
from fault_proxy import Proxy
from fault_site import Place
from fault_targets import Target, bucket_target, stack_target
from fault_trials import faulted, signalled, signalled_after, undisturbed
from robust_budget import Budget

# A connection that a fault or a signal cuts is closed by the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)


@pytest.fixture(scope="module")
def target_of(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Target]]:
    """Creates the target of a kind of store, at most once."""
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("commands")

        @cache
        def place() -> Place:
            sandbox, client_of = map(request.getfixturevalue, ("sandbox", "client_of"))
            proxy = Proxy(sandbox.port)
            stack.callback(proxy.close)
            return Place(sandbox, proxy, folder, lambda service: client_of(sandbox, service))

        @cache
        def make(store: str) -> Target:
            made: Any = bucket_target(folder) if store == BUCKET else stack_target(place(), store)
            target: Target = stack.enter_context(made)
            return target

        yield make


def by_store(commands: tuple[Command, ...]) -> list[Any]:
    """The commands, those of one store in one process of pytest-xdist."""
    return [
        pytest.param(each, id=each.name, marks=pytest.mark.xdist_group(f"faults-{each.store}"))
        for each in commands
    ]


@pytest.mark.parametrize("command", by_store(COMMANDS))
def test_command_survives_faults(
    target_of: Callable[[str], Target], command: Command, budget: Budget
) -> None:
    target = target_of(command.store)
    clean = undisturbed(target, command)
    every = [cell for cell in cells(command, clean.calls) if cell.how == "faults"]
    wrong = []
    for cell in drawn(every, budget.examples(2, 8), f"{budget.seed} {command.name}", kind_of):
        if budget.is_used_up():
            break
        done = faulted(target, command, clean, cell.fault)
        wrong += [str(done)] * bool(done.wrong)
        budget.record("faults in publish, release and verify", 1)
    assert not wrong, "\n".join(wrong)


KILLED = (PUBLISH, DELETE_MISSING, RELEASE, VERIFY_OVER)


@pytest.mark.parametrize("command", by_store(KILLED))
def test_command_survives_signals(
    target_of: Callable[[str], Target], command: Command, budget: Budget
) -> None:
    target = target_of(command.store)
    choose = random.Random(f"{budget.seed} {command.name}")  # noqa: S311
    clean = undisturbed(target, command)
    wrong = []
    for number in range(budget.examples(2, 6)):
        if budget.is_used_up():
            break
        signals = SIGNALS if command.changes else SIGNALS[:2]  # a killed `verify` leaves its probe
        by = signals[(budget.seed + number) % len(signals)]
        if number % 3 == 2:
            done = signalled_after(target, command, clean, choose.uniform(0, 0.5), by)
        else:
            held = Fault(choose.choice(HELD), first=choose.randint(1, len(clean.calls)))
            done = signalled(target, command, clean, held, by)
        wrong += [str(done)] * bool(done.wrong)
        budget.record(f"{by.name} in publish, release and verify", 1)
    assert not wrong, "\n".join(wrong)
