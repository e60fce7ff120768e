"""Faults and signals while stacks are created, updated and deleted.

Whatever happens, the command says what is true, and succeeds when it is run again. The budget draws
from the matrix of all calls and all faults; `make faults` tries it wholly.
"""

import random
import signal
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from fault_bench import Trial, interrupted, killed, trial
from fault_kinds import Fault
from fault_matrix import cells, drawn, kind_of
from fault_proxy import Proxy
from fault_scenes import CREATE, DELETE, SCENES, UPDATE, UPDATE_FAILS, Scene
from fault_site import Place
from readmodel_cfn.local.sandbox import Sandbox
from robust_budget import Budget

TRIALS: Mapping[str, Callable[..., Trial]] = {
    "faults": trial,
    "killed": killed,
    "interrupted": interrupted,
}


@pytest.fixture(scope="module")
def place(
    sandbox: Sandbox, client_of: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    proxy = Proxy(sandbox.port)
    folder = tmp_path_factory.mktemp("deploys")
    yield Place(sandbox, proxy, folder, lambda service: client_of(sandbox, service))
    proxy.close()


def name(value: object) -> str:
    return str(getattr(value, "name", value))


@pytest.mark.parametrize("scene", SCENES, ids=name)
def test_deploy_survives_faults_and_kills(place: Place, scene: Scene, budget: Budget) -> None:
    clean = trial(place, scene)
    assert clean.wrong == ()
    wrong = []
    every = list(cells(scene, clean.calls))
    seed = f"{budget.seed} {scene.name}"
    choose = random.Random(seed)  # noqa: S311
    faults = [cell for cell in every if cell.how == "faults"]
    signals = [cell for cell in every if cell.how != "faults"]
    chosen = drawn(faults, budget.examples(2, 5), seed, kind_of)
    for cell in [*chosen, *drawn(signals, budget.examples(1, 3), seed, kind_of)]:
        if budget.is_used_up():
            break
        more = [choose.choice((signal.SIGINT, signal.SIGTERM))] * (cell.how == "interrupted")
        done = TRIALS[cell.how](place, scene, cell.fault, *more)
        wrong += [str(done)] * bool(done.wrong)
        budget.record(f"deploy, delete, diff, follow: {cell.how}", 1)
    assert not wrong, "\n".join(wrong)


BUSY = Fault("still in progress", "DescribeStacks", times=3)


@pytest.mark.parametrize(
    ("scene", "held"),
    [
        (CREATE, Fault("held after", "CreateStack")),
        (UPDATE, Fault("held after", "UpdateStack")),
        (UPDATE_FAILS, Fault("held after", "UpdateStack")),
    ],
    ids=name,
)
def test_repeated_command_waits_for_the_operation_of_the_killed_one(
    place: Place, scene: Scene, held: Fault
) -> None:
    done = killed(place, scene, held, BUSY)
    assert done.injected, done
    assert done.wrong == (), done


@pytest.mark.parametrize(
    ("scene", "held"),
    [
        (CREATE, Fault("held after", "CreateStack")),
        (CREATE, Fault("held after", "DescribeStackEvents")),
        (UPDATE, Fault("held after", "DescribeStackEvents", first=2)),
        (DELETE, Fault("held after", "DescribeStackEvents", first=2)),
    ],
    ids=name,
)
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_once_it_is_started_leaves_it_unfinished(
    place: Place, scene: Scene, held: Fault, by: signal.Signals
) -> None:
    done = interrupted(place, scene, held, by)
    assert done.run.exit_code == 9, done
    assert done.injected, done
    assert done.wrong == (), done


@pytest.mark.parametrize(
    ("scene", "held"),
    [
        (CREATE, Fault("held before", "DescribeStacks")),
        (UPDATE, Fault("held before", "DescribeStacks")),
        (DELETE, Fault("held after", "DescribeStackEvents")),
    ],
    ids=name,
)
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_before_anything_is_started_changes_nothing(
    place: Place, scene: Scene, held: Fault, by: signal.Signals
) -> None:
    done = interrupted(place, scene, held, by)
    assert done.run.exit_code == 1, done
    assert done.injected, done
    assert done.wrong == (), done
