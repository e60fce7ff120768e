"""A command that was killed or interrupted at any call succeeds when it is run again.

`make faults` does it at every call of every scene.
"""

import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fault_bench import interrupted, killed
from fault_kinds import Fault
from fault_proxy import Proxy
from fault_scenes import CREATE, DELETE, DIFF, UPDATE, UPDATE_FAILS, Scene
from fault_site import Place

from readmodel_cfn.local.sandbox import Sandbox


@pytest.fixture(scope="module")
def place(
    sandbox: Sandbox, client_of: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    proxy = Proxy(sandbox.port)
    folder = tmp_path_factory.mktemp("kills")
    yield Place(sandbox, proxy, folder, lambda service: client_of(sandbox, service))
    proxy.close()


KILLS = [
    (CREATE, Fault("held before", "CreateStack")),
    (CREATE, Fault("held after", "CreateStack")),
    (CREATE, Fault("held before", "DescribeStackEvents")),
    (UPDATE, Fault("held after", "CreateChangeSet")),
    (UPDATE, Fault("held before", "DeleteChangeSet")),
    (UPDATE, Fault("held after", "UpdateStack")),
    (UPDATE, Fault("held before", "DescribeStacks", first=2)),
    (DIFF, Fault("held after", "CreateChangeSet")),
    (UPDATE_FAILS, Fault("held after", "UpdateStack")),
    (DELETE, Fault("held after", "DeleteStack")),
    (DELETE, Fault("held after", "DescribeStackEvents", first=2)),
]


def name(value: object) -> str:
    return str(getattr(value, "name", value))


@pytest.mark.parametrize(("scene", "held"), KILLS, ids=name)
def test_killed_command_can_be_repeated(place: Place, scene: Scene, held: Fault) -> None:
    done = killed(place, scene, held)
    assert done.injected, done
    assert done.wrong == (), done


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
