"""Tasks that are named by a person: of the ledger, of the service alone, of an earlier key, of nobody."""

from types import SimpleNamespace

import pytest

from kirin_cli.api.client import QueryResult, QueryStatus
from kirin_cli.api.exchange import TransportError
from kirin_cli.errors import NotPermitted, ServiceUnreachable, UsageError
from kirin_cli.ledger.states import LedgerState
from kirin_cli.redaction import hide_values, show_all_values
from kirin_cli.run.job import OutputTarget
from kirin_cli.run.resume import entries_for_ids, jobs_from_entries, unfinished_entries
from kirin_cli.wire.responses import Task, TaskState

ORIGIN = "https://cloud.example"
ME = {"origin": ORIGIN, "account": "me"}


def task(task_id="t-9", model="kirin_v1_t2v"):
    return Task(task_id, "running", TaskState.RUNNING, None, None, (), None, None, {"model": model})


def service(answer):
    """A service with one answer; `asked` is what for."""
    asked = []
    return SimpleNamespace(query=lambda given, **_: asked.append(given) or answer, asked=asked)


def test_a_task_of_the_ledger_is_not_asked_for(desk):
    desk.jobs("rain")
    (rain,) = desk.prepared().jobs
    entry = desk.stands(rain, LedgerState.RUNNING)
    client = service(QueryResult(QueryStatus.ABSENT))
    for given in (entry.external_id, str(entry.task_id), entry.external_id[:9]):
        assert entries_for_ids(desk.ledger, client, [given, given], **ME) == [entry]
    assert client.asked == []


def test_a_task_of_the_service_alone_is_written_down_and_can_never_be_sent(desk):
    (entry,) = entries_for_ids(desk.ledger, service(QueryResult(QueryStatus.FOUND, task())), ["order-7"], **ME)
    assert (entry.state, entry.task_id, entry.external_id, entry.model) == (
        LedgerState.ACCEPTED,
        "t-9",
        "order-7",
        "kirin_v1_t2v",
    )
    (job,) = jobs_from_entries([entry]).jobs
    assert "taken up by its id alone" in job.unsendable
    assert unfinished_entries(desk.ledger, **ME) == [entry]


def test_a_job_that_is_taken_up_has_its_tags_and_its_place_in_the_run_and_no_secret_of_the_environment(desk):
    desk.write(
        "jobs:", "  - {name: a, params: {prompt: a}}", "  - {name: b, params: {prompt: b}, tags: [night, s3cret-x]}"
    )
    _, rain = desk.prepared().jobs
    hide_values(["s3cret-x"])
    try:
        (job,) = jobs_from_entries([desk.stands(rain, LedgerState.RUNNING)]).jobs
    finally:
        show_all_values()
    assert (job.tags, job.position, rain.tags) == (("night", "***"), 2, ("night", "s3cret-x"))


def test_two_names_of_one_task_are_one_task(desk):
    client = service(QueryResult(QueryStatus.FOUND, task()))
    (entry,) = entries_for_ids(desk.ledger, client, ["order-7", "t-9"], **ME)
    assert client.asked == ["order-7", "order-7"]
    assert entry.external_id == "order-7"


def test_a_task_of_an_earlier_key_is_that_keys(desk):
    desk.jobs("rain")
    (rain,) = desk.prepared().jobs
    entry = desk.stands(rain, LedgerState.RUNNING)
    client = service(QueryResult(QueryStatus.FOUND, task(str(entry.task_id))))
    (found,) = entries_for_ids(desk.ledger, client, [str(entry.task_id)], origin=ORIGIN, account="me, later")
    assert found.external_id == entry.external_id


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (QueryResult(QueryStatus.ABSENT, status=404), UsageError, "has no task nobody, and neither has the service"),
        (QueryResult(QueryStatus.DENIED, status=401), NotPermitted, "refuses the key"),
        (QueryResult(QueryStatus.UNCLEAR, status=503), ServiceUnreachable, "the service gives no answer about it"),
        (
            QueryResult(QueryStatus.UNCLEAR, fault=TransportError("refused", "refused")),
            ServiceUnreachable,
            "gives no answer",
        ),
        (QueryResult(QueryStatus.FOUND, task(model="")), UsageError, "of no model that the service names"),
        (QueryResult(QueryStatus.FOUND, task(model=None)), UsageError, "of no model that the service names"),
    ],
)
def test_whom_nobody_knows_is_an_error_in_words_and_leaves_no_trace(desk, answer, error, words):
    with pytest.raises(error, match=words):
        entries_for_ids(desk.ledger, service(answer), ["nobody"], **ME)
    assert unfinished_entries(desk.ledger, **ME) == []


def test_where_files_go_can_be_changed(desk):
    desk.write("output: {name: 'film-{job}.{ext}'}", "jobs:", "  - {name: rain, params: {prompt: a}}")
    (rain,) = desk.prepared().jobs
    entry = desk.stands(rain, LedgerState.DONE)

    def target(*arguments, **options):
        (job,) = jobs_from_entries([entry], *arguments, **options).jobs
        return job.target

    films = desk.folder / "films"
    assert target() == rain.target
    assert target(force=True) == OutputTarget(rain.target.folder, rain.target.template, replace=True)
    assert target(OutputTarget(films, "{job}{-take}.{ext}")) == OutputTarget(films, "film-{job}.{ext}")
    assert target(OutputTarget(films, "clip.{ext}", replace=True)) == OutputTarget(films, "clip.{ext}", replace=True)
