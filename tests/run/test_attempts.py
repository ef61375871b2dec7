"""Which attempt a command means: what is under way before what is there, rounds that were cut short before new ones."""

import os

import pytest

from kirin_cli.ledger.entry import LedgerEntry
from kirin_cli.ledger.queries import merge_rounds
from kirin_cli.ledger.states import LedgerEvent, LedgerState
from kirin_cli.run.attempts import Attempts
from kirin_cli.run.prepare import PreparedRun

S = LedgerState
HAVE_A_TASK = {S.ACCEPTED, S.RUNNING, S.SUCCEEDED, S.FETCHING, S.DONE, S.EXPIRED}


def entry(attempt, state, redo_round=""):
    return LedgerEntry(
        origin="o", account="a", external_id=f"krn1-{attempt}", model="m", request="{}", attempt=attempt, state=state,
        redo_round=redo_round, created=0.0, updated=0.0, task_id=f"task-{attempt}" if state in HAVE_A_TASK else None,
    )  # fmt: skip


def known(*states, redo_round=""):
    found = Attempts()
    for number, state in enumerate(states, start=1):
        found.add_entry(entry(number, state, redo_round if number == len(states) else ""))
    return found


@pytest.mark.parametrize(
    ("states", "current"),
    [
        ((), 1),
        ((S.INTENT,), 1),
        ((S.DONE, S.INTENT), 1),
        ((S.DONE, S.RUNNING), 2),
        ((S.DONE, S.UNKNOWN), 2),
        ((S.DONE, S.FAILED), 1),
        ((S.FAILED, S.FAILED), 2),
        ((S.FAILED, S.INTENT), 1),
        ((S.DONE, S.EXPIRED), 2),
        ((S.RUNNING, S.DONE), 1),
        ((S.UNKNOWN, S.DONE), 2),
        ((S.ABSENT, S.DONE, S.FAILED), 2),
        ((S.SENDING, S.DONE, S.UNKNOWN), 3),
        ((S.UNKNOWN, S.RUNNING, S.DONE), 2),
        ((S.UNKNOWN, S.FAILED), 1),
    ],
)
def test_a_plain_run_means(states, current):
    assert known(*states).next("", ()) == (current, False)


@pytest.mark.parametrize(
    ("redo", "states", "meant"),
    [
        ("again", (), (1, True)),
        ("again", (S.INTENT,), (1, True)),
        ("again", (S.RUNNING,), (2, True)),
        ("again", (S.DONE, S.FAILED), (3, True)),
        ("again", (S.DONE, S.INTENT), (2, True)),
        ("retry-failed", (), (1, True)),
        ("retry-failed", (S.DONE,), (1, False)),
        ("retry-failed", (S.FAILED,), (2, True)),
        ("retry-failed", (S.DONE, S.FAILED), (3, True)),
        ("retry-failed", (S.FAILED, S.INTENT), (2, True)),
        ("retry-failed", (S.FAILED, S.DONE), (2, False)),
    ],
)
def test_a_new_attempt_is_begun_only_where_that_was_asked_for(redo, states, meant):
    assert known(*states).next(redo, ()) == meant


@pytest.mark.parametrize(
    ("state", "is_new"), [(S.DONE, False), (S.FAILED, False), (S.RUNNING, False), (S.INTENT, True)]
)
def test_what_a_round_has_begun_is_gone_on_with(state, is_new):
    assert known(S.DONE, state, redo_round="again:1").next("again", ["again:1"]) == (2, is_new)


def by_name(prepared: PreparedRun) -> dict[str, int]:
    return {job.name: job.attempt for job in prepared.jobs}


def begin(desk, states, redo="again", **choices):
    """A run of all jobs that came as far as this; its jobs by name."""
    token = os.urandom(4).hex()
    jobs = {job.name: job for job in desk.prepared(redo=redo, token=token, **choices).jobs}
    for name, state in states.items():
        desk.stands(jobs[name], state)
    return jobs


def test_S24_again_killed_and_typed_again_goes_on_with_its_own_attempts_and_then_begins_the_next(desk):
    desk.jobs("a", "b", "c")
    begin(desk, dict.fromkeys("abc", S.DONE), redo="")
    jobs = begin(desk, {"a": S.DONE, "b": S.RUNNING, "c": S.INTENT})
    assert by_name(desk.prepared(redo="again")) == {"a": 2, "b": 2, "c": 2}
    finish(desk, jobs["b"])
    assert by_name(desk.prepared(redo="again")) == {"a": 2, "b": 2, "c": 2}
    desk.stands(jobs["c"], S.FAILED)
    assert by_name(desk.prepared(redo="again")) == {"a": 3, "b": 3, "c": 3}


def test_S24_a_retry_that_was_killed_does_not_retry_what_failed_in_it(desk):
    desk.jobs("a", "b")
    begin(desk, {"a": S.FAILED, "b": S.FAILED}, redo="")
    jobs = begin(desk, {"a": S.FAILED, "b": S.RUNNING}, redo="retry-failed")
    assert by_name(desk.prepared(redo="retry-failed")) == {"a": 2, "b": 2}
    finish(desk, jobs["b"])
    assert by_name(desk.prepared(redo="retry-failed")) == {"a": 3, "b": 2}


def test_S24_rounds_of_one_kind_do_not_hold_up_the_other(desk):
    desk.jobs("a", "b")
    begin(desk, {"a": S.FAILED, "b": S.RUNNING})
    assert by_name(desk.prepared(redo="retry-failed")) == {"a": 2, "b": 1}


def test_S24_what_is_not_selected_does_not_hold_up_a_round(desk):
    desk.jobs("a", "b")
    begin(desk, {"a": S.DONE, "b": S.RUNNING})
    desk.jobs("a")
    assert by_name(desk.prepared(redo="again")) == {"a": 2}


def test_S24_a_job_that_was_changed_meanwhile_belongs_to_the_round(desk):
    desk.jobs("a", "b")
    begin(desk, {"a": S.DONE, "b": S.RUNNING})
    desk.write("jobs:", "  - {name: a, params: {prompt: a a}}", "  - {name: b, params: {prompt: another}}")
    prepared = desk.prepared(redo="again")
    assert by_name(prepared) == {"a": 1, "b": 1}  # a is done, b is new
    (changed,) = [job for job in prepared.jobs if job.name == "b"]
    desk.stands(changed, S.DONE)
    assert by_name(desk.prepared(redo="again")) == {"a": 2, "b": 2}


def test_S24_several_rounds_that_were_cut_short_become_one(desk):
    desk.jobs("a")
    begin(desk, {"a": S.RUNNING})
    desk.jobs("b")
    begin(desk, {"b": S.RUNNING})
    desk.jobs("a", "b")
    prepared = desk.prepared(redo="again")
    assert by_name(prepared) == {"a": 1, "b": 1}
    assert len(prepared.rounds) == 2
    merge_rounds(desk.ledger.store, prepared.rounds[1:], prepared.rounds[0])
    assert desk.prepared(redo="again").rounds == prepared.rounds[:1]


def finish(desk, job):
    """The job's task, which is running, ends well."""
    entry = desk.entry_of(job.external_id)
    for event in (LedgerEvent.COMPLETED, LedgerEvent.FETCH, LedgerEvent.SAVED):
        entry = desk.ledger.move(entry, event)
