"""Single steps of a job with answers that a whole run seldom meets: before sending, while asking, while fetching."""

import random
from pathlib import Path
from types import SimpleNamespace

import pytest

from kirin_cli.api.client import Found, Queried
from kirin_cli.api.faults import TransportFault
from kirin_cli.errors import GenerationFailed, UsageError
from kirin_cli.ledger.states import Event, State
from kirin_cli.run import fetching, inquiry, submission
from kirin_cli.run.brakes import Brakes
from kirin_cli.run.clock import SystemClock
from kirin_cli.run.course import Course, Later, Over
from kirin_cli.run.pace import Pace
from kirin_cli.run.steps import STEPS, step
from kirin_cli.spec.medium import Medium
from kirin_cli.wire import DIALECTS
from kirin_cli.wire.answers import Task, TaskState

RUNNING = Task("t1", "in_progress", TaskState.RUNNING, None, None, (), None, None, {})
NOT_SENT = Queried(Found.UNCLEAR, fault=TransportFault("refused", "connection refused", certainly_not_sent=True))


@pytest.fixture
def course(desk):
    """Makes a job in a state, whose service gives these answers."""

    def made(state, *answers, **world):
        desk.jobs("rain")
        (rain,) = desk.prepared().jobs
        waiting, brakes = list(answers), Brakes(in_flight=1, jobs=1)
        parts = {
            "client": SimpleNamespace(query=lambda _: waiting.pop(0)), "gate": brakes, "ledger": desk.ledger,
            "pace": Pace(rng=random.Random(1)), "emit": lambda _: None, "clock": SystemClock(), "settle": 0.0,
            "dialect": DIALECTS["gateway"], "uploader": None, "waits": True,
        }  # fmt: skip
        return Course(rain, desk.stands(rain, state), SimpleNamespace(**{**parts, **world}))

    return made


def test_every_state_has_a_step():
    assert set(STEPS) == set(State)


def test_P7_a_refused_key_before_sending_leaves_the_job_as_it_was(course):
    it = course(State.INTENT, Queried(Found.DENIED, status=401))
    it.inherited = True
    over = step(it)
    assert isinstance(over, Over)
    assert (over.outcome.state, over.outcome.exit_code, it.entry.state) == ("pending", 4, State.INTENT)
    assert it.world.gate.halted()


def test_S1_a_service_that_cannot_be_asked_before_sending_is_given_up_after_a_few_tries(course):
    it = course(State.INTENT, *[NOT_SENT] * 5)
    it.inherited = True
    assert all(isinstance(inquiry.ask_first(it), Later) for _ in range(4))
    over = inquiry.ask_first(it)
    assert isinstance(over, Over)
    assert (over.outcome.state, over.outcome.exit_code) == ("pending", 3)


def test_what_another_process_moves_meanwhile_is_claimed_anew(course, desk):
    it = course(State.UNKNOWN, Queried(Found.ABSENT, status=404))
    it.claimed = True
    desk.ledger.move(it.entry, Event.FOUND, task_id="t1")
    assert inquiry.inquire(it) == Later(0)
    assert (it.claimed, it.entry.state) == (False, State.ACCEPTED)


def test_a_download_that_another_process_took_over_is_left_to_it(course, desk):
    it = course(State.SUCCEEDED)
    desk.ledger.move(it.entry, Event.FETCH)
    assert fetching.fetch(it) == Later(0)


def test_P3_a_task_that_went_back_to_running_is_asked_for_again(course):
    assert isinstance(fetching.fetch(course(State.SUCCEEDED, Queried(Found.FOUND, RUNNING))), Later)


def test_P7_a_refused_key_while_fetching_says_that_it_is_paid_for(course):
    over = fetching.fetch(course(State.SUCCEEDED, Queried(Found.DENIED, status=401)))
    assert isinstance(over, Over)
    assert (over.outcome.state, over.outcome.exit_code, over.outcome.error.charged) == ("pending", 4, "yes")


def test_an_upload_that_fails_sends_nothing(course):
    def fail(*_):
        raise GenerationFailed("the storage refuses the video")

    it = course(State.INTENT)
    it.job.values["video"] = Medium("clip.mp4", "file", format="mp4", path=Path("clip.mp4"))
    it.world.uploader = SimpleNamespace(url_of=fail)
    over = step(it)
    assert isinstance(over, Over)
    assert (over.outcome.state, it.entry.state) == ("pending", State.INTENT)
    assert "the storage refuses the video" in over.outcome.error.message


def test_what_fails_before_the_first_byte_is_no_submission(course):
    def create(*_, **__):
        raise UsageError("the body has changed")

    it = course(State.INTENT)
    it.world.client.create = create
    with pytest.raises(UsageError):
        submission.send(it)
    assert (it.entry.state, it.entry.tally.posts, it.entry.tally.exposed) == (State.INTENT, 1, 0)
