"""Every durable step of a run, one after the other, goes wrong; the same run again always ends with one good file.

Fault S18, promise 5, and the disk that is full or broken at any moment (faults L1, L2, L5).
"""

from collections.abc import Callable

import pytest
from faults import oracle
from faults.bench import CLIP, Bench, RunResult
from faults.failing import (
    ANSWERED,
    COMMIT,
    IO_ERROR,
    MAX_STEPS,
    NAMED,
    NO_SPACE,
    NOTE,
    POST,
    Dead,
    Harm,
    Steps,
    at_steps,
    death,
    wired,
)
from loopback import faults


def dies(machine: Bench, steps: Steps) -> set[str]:
    """One run that may be killed; the task ids that the service told it."""
    told: set[str] = set()
    try:
        told |= machine.run_unjudged(settle=0.0, **wired(steps, 100 + steps.at)).returned_ids
    except Dead:
        if not (machine.renders / "rain.mp4").exists():
            # What the end of a real process would have left behind.
            machine.renders.mkdir(exist_ok=True)
            (machine.renders / "rain.mp4.part").write_bytes(CLIP[:777])
    return told


def ends_well(machine: Bench, told: set[str], *, resume: bool = False) -> RunResult:
    """The same run again: one task, one good file."""
    if resume:
        posts, was_sent = machine.posts, any(entry.counters.exposed for entry in machine.entries())
        resumed = machine.run(resume=True, **wired(Steps(), 2))
        assert machine.posts == posts
        if was_sent and machine.api.truth.created():
            assert (resumed.exit_code, len(list(machine.renders.glob("*.mp4")))) == (0, 1)
    result = machine.run(settle=0.0, **wired(Steps(), 3))
    assert (result.exit_code, result.outcome.state) in {(0, "done"), (0, "skipped")}
    assert machine.api.truth.created() == 1
    assert result.outcome.outputs[0].path.read_bytes() == CLIP
    oracle.ids_are_kept(told, machine.folder / "state")
    assert not list(machine.renders.glob("*.part"))
    return result


def test_the_steps_are_those_that_are_meant(machine: Bench) -> None:
    steps = Steps()
    assert machine.run(**wired(steps, 1)).exit_code == 0
    assert {COMMIT, POST, ANSWERED, NOTE, NAMED} <= set(steps.names)
    assert 20 < len(steps.names) < MAX_STEPS
    assert steps.names[: steps.names.index(POST)].count(COMMIT) >= 4


WAYS = {
    "plain": (),
    "answer lost": (faults.close_after_reading(create=True),),
    "never arrived": (faults.close_after_reading(create=False),),
    "created late": (faults.create_late(queries=2, hold=False),),
    "a limit, then trouble": (faults.answer(429), faults.answer(503, create=True)),
}


@at_steps
@pytest.mark.parametrize(("way", "resume"), [(way, False) for way in WAYS] + [("plain", True), ("answer lost", True)])
def test_S18_a_run_that_dies_at_any_step_is_finished_by_the_next(
    fresh: Callable[[], Bench], way: str, resume: bool, stride: int
) -> None:
    for at in range(1, MAX_STEPS, stride):
        machine, steps = fresh(), Steps(at, for_ever=True)
        machine.api.script("POST", *WAYS[way])
        told = dies(machine, steps)
        assert machine.api.truth.created() <= 1
        ends_well(machine, told, resume=resume)
        if not steps.reached:
            return
    raise AssertionError("a run never ended")


@at_steps
def test_S18_of_several_jobs_at_once_none_is_lost_and_none_is_made_twice(
    fresh: Callable[[], Bench], stride: int
) -> None:
    for at in range(5, 3 * MAX_STEPS, 2 * stride):
        machine, steps = fresh(), Steps(at, for_ever=True)
        machine.write_jobs("a", "b", "c")
        dies(machine, steps)
        result = machine.run(**wired(Steps(), 2))
        assert (result.exit_code, machine.api.truth.created(), len(list(machine.renders.glob("*.mp4")))) == (0, 3, 3)
        if not steps.reached:
            return
    raise AssertionError("a run never ended")


def test_S18_a_run_that_dies_again_and_again_gets_through_all_the_same(machine: Bench) -> None:
    for at in range(1, MAX_STEPS, 2):
        dies(machine, Steps(at, for_ever=True))
    assert machine.api.truth.created() == 1
    ends_well(machine, set())


@at_steps
@pytest.mark.parametrize("for_ever", [False, True], ids=["once", "for ever"])
@pytest.mark.parametrize("harm", [NO_SPACE, IO_ERROR], ids=["ENOSPC", "EIO"])
def test_L1_L2_L5_a_disk_that_fails_at_any_step_costs_nothing_twice(
    fresh: Callable[[], Bench], harm: Harm, for_ever: bool, stride: int
) -> None:
    for at in range(1, MAX_STEPS, stride):
        machine, steps = fresh(), Steps(at, harm, for_ever=for_ever)
        result = machine.run(**wired(steps, 1))
        if POST not in steps.names:
            assert (result.exit_code, machine.posts) == (9, 0)
        if for_ever and steps.reached and NAMED not in steps.names:
            assert result.exit_code == 9
        assert result.exit_code in {0, 9}
        ends_well(machine, result.returned_ids)
        if not steps.reached:
            return
    raise AssertionError("a run never ended")


def test_death_is_no_error_of_ours() -> None:
    with pytest.raises(Dead):
        death("")
