"""Single steps of a job with answers that a whole run seldom meets: before sending, while asking, while fetching."""

import random
from dataclasses import replace
from types import SimpleNamespace

import pytest

from kirin_cli.api.client import QueryResult, QueryStatus
from kirin_cli.api.exchange import TransportError
from kirin_cli.api.retry import PollSchedule
from kirin_cli.errors import GenerationFailed, UsageError
from kirin_cli.ledger.states import LedgerEvent, LedgerState
from kirin_cli.modelspec.types import MediaFile
from kirin_cli.run import download, reconcile, submit
from kirin_cli.run.follow_up import NOT_TYPED
from kirin_cli.run.job_run import Finished, JobRun, Wait
from kirin_cli.run.limits import RunLimits
from kirin_cli.run.outage import OutageDetector
from kirin_cli.run.scheduler import STEPS
from kirin_cli.run.work_queue import SystemClock
from kirin_cli.wire import DIALECTS
from kirin_cli.wire.responses import Task, TaskState

ABSENT = QueryResult(QueryStatus.ABSENT, status=404)
RUNNING = Task("t1", "in_progress", TaskState.RUNNING, None, None, (), None, None, {})
NOT_SENT = QueryResult(
    QueryStatus.UNCLEAR, fault=TransportError("refused", "connection refused", certainly_not_sent=True)
)


@pytest.fixture
def course(desk):
    """Makes a job in a state, whose service gives these answers."""

    def made(state, *answers, **world):
        desk.jobs("rain")
        (rain,) = desk.prepared().jobs
        waiting, brakes = list(answers), RunLimits(in_flight=1, jobs=1)
        parts = {
            "typed": NOT_TYPED,
            "client": SimpleNamespace(query=lambda _, **__: waiting.pop(0)),
            "limits": brakes,
            "ledger": desk.ledger,
            "schedule": PollSchedule(rng=random.Random(1)),
            "emit": lambda _: None,
            "clock": SystemClock(),
            "grace_period": 0.0,
            "result_wait": 600.0,
            "missing_wait": 600.0,
            "outages": OutageDetector(),
            "dialect": DIALECTS["gateway"],
            "uploader": None,
            "wait": True,
            "submits": True,
            "fetches": True,
        }
        return JobRun(rain, desk.stands(rain, state), SimpleNamespace(**{**parts, **world}))

    return made


def test_every_state_has_a_step():
    assert set(STEPS) == set(LedgerState)


def test_P7_a_refused_key_before_sending_leaves_the_job_as_it_was(course):
    it = course(LedgerState.INTENT, QueryResult(QueryStatus.DENIED, status=401))
    it.inherited = True
    over = STEPS[it.entry.state](it)
    assert isinstance(over, Finished)
    assert (over.outcome.state, over.outcome.exit_code, it.entry.state) == ("pending", 4, LedgerState.INTENT)
    assert it.context.limits.stop_reason()


def test_S1_a_service_that_cannot_be_asked_before_sending_is_given_up_after_a_few_tries(course):
    it = course(LedgerState.INTENT, *[NOT_SENT] * 5)
    it.inherited = True
    assert all(isinstance(reconcile.query_before_send(it), Wait) for _ in range(4))
    over = reconcile.query_before_send(it)
    assert isinstance(over, Finished)
    assert (over.outcome.state, over.outcome.exit_code) == ("pending", 3)


def test_what_another_process_moves_meanwhile_is_claimed_anew(course, desk):
    it = course(LedgerState.UNKNOWN, QueryResult(QueryStatus.ABSENT, status=404))
    it.has_lease = True
    desk.ledger.move(it.entry, LedgerEvent.FOUND, task_id="t1")
    assert reconcile.reconcile(it) == Wait(0)
    assert (it.has_lease, it.entry.state) == (False, LedgerState.ACCEPTED)


def test_a_download_that_another_process_took_over_is_left_to_it(course, desk):
    it = course(LedgerState.SUCCEEDED)
    desk.ledger.move(it.entry, LedgerEvent.FETCH)
    assert download.fetch_result(it) == Wait(0)


def test_a_fetch_whose_urls_are_asked_for_is_one_line_of_the_history(course, desk):
    it = course(LedgerState.SUCCEEDED, QueryResult(QueryStatus.FOUND, replace(RUNNING, state=TaskState.COMPLETED)))
    assert download.fetch_result(it) == Wait(0)
    assert it.task
    assert isinstance(download.fetch_result(it), Wait)
    assert it.expired_urls == 1
    assert [row.event for row in desk.ledger.history(it.entry)].count("fetch") == 1


def test_P3_a_task_that_went_back_to_running_is_asked_for_again(course):
    assert isinstance(
        download.fetch_result(course(LedgerState.SUCCEEDED, QueryResult(QueryStatus.FOUND, RUNNING))), Wait
    )


def test_P7_a_refused_key_while_fetching_says_that_it_is_paid_for(course):
    over = download.fetch_result(course(LedgerState.SUCCEEDED, QueryResult(QueryStatus.DENIED, status=401)))
    assert isinstance(over, Finished)
    assert (over.outcome.state, over.outcome.exit_code, over.outcome.error.charged) == ("pending", 4, "yes")


def test_an_upload_that_fails_sends_nothing(course):
    def fail(*_):
        raise GenerationFailed("the storage refuses the video")

    it = course(LedgerState.INTENT, ABSENT)
    assert STEPS[it.entry.state](it) == Wait(0)
    it.job.values["video"] = MediaFile("clip.mp4", "file", format="mp4", path="clip.mp4")
    it.context.uploader = SimpleNamespace(url_of=fail)
    over = STEPS[it.entry.state](it)
    assert isinstance(over, Finished)
    assert (over.outcome.state, it.entry.state) == ("pending", LedgerState.INTENT)
    assert "the storage refuses the video" in over.outcome.error.message


def test_what_fails_before_the_first_byte_is_no_submission(course):
    def create(*_, **__):
        raise UsageError("the body has changed")

    it = course(LedgerState.INTENT, ABSENT)
    it.context.client.create = create
    assert submit.submit(it) == Wait(0)
    with pytest.raises(UsageError):
        submit.submit(it)
    assert (it.entry.state, it.entry.counters.posts, it.entry.counters.exposed) == (LedgerState.INTENT, 1, 0)
