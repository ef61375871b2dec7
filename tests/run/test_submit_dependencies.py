"""What a job does about the results it needs, for each answer that the service may give about them."""

import random
from types import SimpleNamespace

import pytest

from kirin_cli.api.client import QueryResult, QueryStatus
from kirin_cli.api.exchange import TransportError
from kirin_cli.api.retry import PollSchedule
from kirin_cli.errors import ServiceUnreachable
from kirin_cli.jobs.placeholders import JobReference
from kirin_cli.ledger.states import LedgerState
from kirin_cli.run.follow_up import NOT_TYPED
from kirin_cli.run.job import JobError, Outcome
from kirin_cli.run.job_run import Finished, JobRun, Wait
from kirin_cli.run.limits import RunLimits
from kirin_cli.run.submit import resolve_dependencies
from kirin_cli.run.work_queue import SystemClock
from kirin_cli.wire.responses import OutputContent, Task, TaskState

FAILED = JobError(exit_code=1, message="failed: no")
UNSURE = JobError(exit_code=6, message="the outcome is unknown", charged="maybe")


def task(state=TaskState.COMPLETED, *urls):
    outputs = tuple(OutputContent("video", url) for url in urls)
    return Task("t1", state.value, state, None, None, outputs, None, None, {})


@pytest.fixture
def course(desk):
    """A job that needs the result of another, which is done; `course.answers` says what the service will say."""
    desk.jobs("rain", "first")
    rain, first = desk.prepared().jobs
    brakes, answers, asked = RunLimits(in_flight=1, jobs=1), [], []
    client = SimpleNamespace(query=lambda given, **_: asked.append(given) or answers.pop(0))
    world = SimpleNamespace(
        client=client,
        ledger=desk.ledger,
        limits=brakes,
        schedule=PollSchedule(rng=random.Random(1)),
        emit=lambda _: None,
        clock=SystemClock(),
        typed=NOT_TYPED,
    )
    made = JobRun(
        rain.replace(values={"video": JobReference("first", "url")}, needs={"first": first.external_id}),
        desk.stands(rain, LedgerState.INTENT),
        world,
    )
    made.needed_outcomes = {"first": Outcome(job=first, state="done", task_id="t1")}
    return SimpleNamespace(it=made, answers=answers, asked=asked, gate=brakes)


def test_the_url_is_the_one_that_the_service_gives_now(course):
    course.answers.append(
        QueryResult(QueryStatus.FOUND, task(TaskState.COMPLETED, "https://cdn/new", "https://cdn/second"))
    )
    values = resolve_dependencies(course.it)
    assert values["video"] == "https://cdn/new"
    assert values["external_task_id"] == course.it.job.external_id
    assert course.asked == ["t1"]


def test_without_a_task_id_the_external_id_is_asked_for(course):
    course.it.needed_outcomes = {"first": course.it.needed_outcomes["first"].replace(task_id="")}
    course.answers.append(QueryResult(QueryStatus.FOUND, task(TaskState.COMPLETED, "https://cdn/new")))
    resolve_dependencies(course.it)
    assert course.asked == [course.it.needed_outcomes["first"].job.external_id]


@pytest.mark.parametrize(
    "answer",
    [
        QueryResult(QueryStatus.ABSENT),
        QueryResult(QueryStatus.FOUND, task()),
        QueryResult(QueryStatus.FOUND, task(TaskState.FAILED)),
    ],
)
def test_a_result_that_is_gone_fails_the_job_uncharged(course, answer):
    course.answers += [answer] * 2  # an absence by the task's id is asked about once more, by the external id
    over = resolve_dependencies(course.it)
    assert isinstance(over, Finished)
    assert (over.outcome.state, over.outcome.error.charged) == ("failed", "no")
    assert "no longer gives its result" in over.outcome.error.message


def test_a_result_that_is_gone_after_the_job_was_sent_once_leaves_its_outcome_unknown(course, desk):
    course.it.entry = course.it.entry.replace(state=LedgerState.ABSENT)
    course.answers += [QueryResult(QueryStatus.ABSENT)] * 2
    outcome = resolve_dependencies(course.it).outcome
    assert (outcome.state, outcome.error.exit_code, outcome.error.charged) == ("unknown", 6, "maybe")


@pytest.mark.parametrize(
    "answer",
    [
        QueryResult(QueryStatus.UNCLEAR, status=503),
        QueryResult(QueryStatus.UNCLEAR, status=429),
        QueryResult(QueryStatus.FOUND, task(TaskState.RUNNING)),
    ],
)
def test_an_answer_that_tells_nothing_is_asked_for_again(course, answer):
    course.answers.append(answer)
    assert isinstance(resolve_dependencies(course.it), Wait)


@pytest.mark.parametrize(("kind", "code"), [(QueryStatus.DENIED, 4), (QueryStatus.NO_BALANCE, 5)])
def test_a_refused_key_stops_the_run_and_leaves_the_job_pending(course, kind, code):
    course.answers.append(QueryResult(kind, status=401))
    over = resolve_dependencies(course.it)
    assert isinstance(over, Finished)
    assert (over.outcome.state, over.outcome.exit_code) == ("pending", code)
    assert course.gate.stop_reason()


def test_a_service_that_cannot_be_reached_is_given_up_after_a_few_tries(course):
    fault = TransportError("refused", "connection refused", certainly_not_sent=True)
    course.answers += [QueryResult(QueryStatus.UNCLEAR, fault=fault)] * 9
    for _ in range(4):
        assert isinstance(resolve_dependencies(course.it), Wait)
    over = resolve_dependencies(course.it)
    assert isinstance(over, Finished)
    assert (over.outcome.state, over.outcome.exit_code) == ("pending", ServiceUnreachable.exit_code)


@pytest.mark.parametrize(
    ("state", "error", "follows", "code"),
    [
        ("done", None, None, 0),
        ("skipped", None, None, 0),
        ("failed", FAILED, "failed", 1),
        ("rejected", FAILED, "failed", 1),
        ("expired", FAILED.replace(exit_code=7), "failed", 1),
        ("pending", None, "pending", 8),
        ("pending", FAILED.replace(exit_code=5), "pending", 5),
        ("unknown", UNSURE, "pending", 6),
    ],
)
def test_how_a_need_ended_says_what_becomes_of_the_job(course, state, error, follows, code):
    course.it.needed_outcomes = {"first": course.it.needed_outcomes["first"].replace(state=state, error=error)}
    course.answers.append(QueryResult(QueryStatus.FOUND, task(TaskState.COMPLETED, "https://cdn/new")))
    over = resolve_dependencies(course.it)
    assert (over.outcome.state if isinstance(over, Finished) else None) == follows
    if follows:
        assert over.outcome.exit_code == code
        assert over.outcome.error.charged == "no"
        assert over.outcome.error.message.startswith("job first has no result for it: ")
