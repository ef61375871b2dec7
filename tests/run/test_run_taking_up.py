"""Tasks that are named by a person: of the ledger, of the service alone, of an earlier key, of nobody."""

from types import SimpleNamespace

import pytest

from kirin_cli.api.client import Found, Queried
from kirin_cli.api.faults import TransportFault
from kirin_cli.errors import NotPermitted, ServiceUnreachable, UsageError
from kirin_cli.ledger.states import State
from kirin_cli.run.job import Target
from kirin_cli.run.taking_up import named, taken_up, unfinished
from kirin_cli.wire.answers import Task, TaskState

ORIGIN = "https://cloud.example"
ME = {"origin": ORIGIN, "account": "me"}


def task(task_id="t-9", model="kirin_v1_t2v"):
    return Task(task_id, "running", TaskState.RUNNING, None, None, (), None, None, {"model": model})


def service(answer):
    """A service with one answer; `asked` is what for."""
    asked = []
    return SimpleNamespace(query=lambda given: asked.append(given) or answer, asked=asked)


def test_a_task_of_the_ledger_is_not_asked_for(desk):
    desk.jobs("rain")
    (rain,) = desk.prepared().jobs
    entry = desk.stands(rain, State.RUNNING)
    client = service(Queried(Found.ABSENT))
    for given in (entry.external_id, str(entry.task_id), entry.external_id[:9]):
        assert named(desk.ledger, client, [given, given], **ME) == [entry]
    assert client.asked == []


def test_a_task_of_the_service_alone_is_written_down_and_can_never_be_sent(desk):
    (entry,) = named(desk.ledger, service(Queried(Found.FOUND, task())), ["order-7"], **ME)
    assert (entry.state, entry.task_id, entry.external_id, entry.model) == (
        State.ACCEPTED,
        "t-9",
        "order-7",
        "kirin_v1_t2v",
    )
    (job,) = taken_up([entry]).jobs
    assert "taken up by its id alone" in job.unsendable
    assert unfinished(desk.ledger, **ME) == [entry]


def test_two_names_of_one_task_are_one_task(desk):
    client = service(Queried(Found.FOUND, task()))
    (entry,) = named(desk.ledger, client, ["order-7", "t-9"], **ME)
    assert client.asked == ["order-7"]
    assert entry.external_id == "order-7"


def test_a_task_of_an_earlier_key_is_that_keys(desk):
    desk.jobs("rain")
    (rain,) = desk.prepared().jobs
    entry = desk.stands(rain, State.RUNNING)
    client = service(Queried(Found.FOUND, task(str(entry.task_id))))
    (found,) = named(desk.ledger, client, [str(entry.task_id)], origin=ORIGIN, account="me, later")
    assert found.external_id == entry.external_id


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (Queried(Found.ABSENT, status=404), UsageError, "has no task nobody, and neither has the service"),
        (Queried(Found.DENIED, status=401), NotPermitted, "refuses the key"),
        (Queried(Found.UNCLEAR, status=503), ServiceUnreachable, "the service gives no answer about it"),
        (Queried(Found.UNCLEAR, fault=TransportFault("refused", "refused")), ServiceUnreachable, "gives no answer"),
        (Queried(Found.FOUND, task(model="kirin_v9")), UsageError, "does not know"),
        (Queried(Found.FOUND, task(model=None)), UsageError, "does not know"),
    ],
)
def test_whom_nobody_knows_is_an_error_in_words_and_leaves_no_trace(desk, answer, error, words):
    with pytest.raises(error, match=words):
        named(desk.ledger, service(answer), ["nobody"], **ME)
    assert unfinished(desk.ledger, **ME) == []


def test_where_files_go_can_be_changed(desk):
    desk.write("output: {name: 'film-{job}.{ext}'}", "jobs:", "  - {name: rain, params: {prompt: a}}")
    (rain,) = desk.prepared().jobs
    entry = desk.stands(rain, State.DONE)

    def target(*arguments, **options):
        (job,) = taken_up([entry], *arguments, **options).jobs
        return job.target

    films = desk.folder / "films"
    assert target() == rain.target
    assert target(force=True) == Target(rain.target.folder, rain.target.template, replace=True)
    assert target(Target(films, "{job}{-take}{-n}.{ext}")) == Target(films, "film-{job}.{ext}")
    assert target(Target(films, "clip.{ext}", replace=True)) == Target(films, "clip.{ext}", replace=True)
