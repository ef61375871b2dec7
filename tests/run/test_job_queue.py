"""Which job goes next: in order, by what it needs, as many as there is room for, and those held back first."""

from types import SimpleNamespace

import pytest

from kirin_cli.ledger.states import LedgerState
from kirin_cli.run.job_queue import JobQueue
from kirin_cli.run.limits import RunLimits


def run_of(name, state=LedgerState.INTENT, **needs):
    job = SimpleNamespace(external_id=name, needs=needs, noted_task=None)
    return SimpleNamespace(job=job, entry=SimpleNamespace(state=state), needed_outcomes={}, unaffordable=None)


def done(cost=None):
    return SimpleNamespace(error=None, state="done", cost=cost)


def queue_of(*runs, room=2, earlier=None):
    return JobQueue(runs, RunLimits(in_flight=room, jobs=len(runs)), None, earlier or {})


def names(queue, **how):
    return [job_run.job.external_id for job_run in iter(lambda: queue.pop_ready(**how), None)]


def test_as_many_go_in_order_as_there_is_room_for_and_the_next_where_one_makes_room():
    runs = [run_of(name) for name in "abcd"]
    queue = queue_of(*runs)
    assert names(queue) == ["a", "b"]
    queue.release_slot(runs[0])
    assert names(queue) == ["c"]
    queue.finish(runs[1], done())
    assert names(queue) == ["d"]


@pytest.mark.parametrize("earlier", [{}, {"a": done()}])
def test_what_needs_a_result_waits_for_it_unless_it_was_there_before(earlier):
    first, second = run_of("a"), run_of("b", first="a")
    queue = queue_of(*([second] if earlier else [second, first]), earlier=earlier)
    assert names(queue) == (["b"] if earlier else ["a"])
    if not earlier:
        queue.finish(first, done())
        assert names(queue) == ["b"]
    assert second.needed_outcomes["first"].state == "done"


def test_where_nothing_may_be_sent_what_is_sent_already_goes_on():
    queue = queue_of(run_of("a"), run_of("b", LedgerState.RUNNING))
    assert names(queue, sends=False) == ["b"]
    assert names(queue) == ["a"]
