"""What a run takes for done, under way or new on a machine that knows little: sidecars, old ids, the service's word."""

import json
import shutil

import pytest

from kirin_cli.errors import ServiceUnreachable, UsageError
from kirin_cli.ledger.entry import Intent
from kirin_cli.ledger.states import LedgerEvent, LedgerState
from kirin_cli.run.attempt_choice import MAX_ATTEMPTS_ASKED, with_external_id
from kirin_cli.run.identity import derive_external_id
from kirin_cli.wire.responses import parse_task

ORIGIN = "https://cloud.example"


def only(prepared):
    assert not prepared.findings, prepared.findings
    (job,) = prepared.jobs
    return job


def service(desk, *states):
    """A service that has attempts with these statuses of the only job."""
    first = only(desk.prepared())
    ids = {
        with_external_id(first, ORIGIN, number).external_id: parse_task(
            {"id": f"t{number}", "status": status, "model": "kirin_v1_t2v"}
        )
        for number, status in enumerate(states, start=1)
    }
    asked = []

    def query(external_id):
        asked.append(external_id)
        return ids.get(external_id)

    desk.query = query
    return asked


@pytest.mark.parametrize(
    ("redo", "states", "attempt", "task"),
    [
        ("again", (), 1, ""),
        ("again", ("completed",), 2, ""),
        ("again", ("completed", "failed"), 3, ""),
        ("again", ("completed", "in_progress"), 2, "t2"),
        ("retry-failed", (), 1, ""),
        ("retry-failed", ("failed",), 2, ""),
        ("retry-failed", ("failed", "completed"), 2, "t2"),
        ("retry-failed", ("failed", "in_progress"), 2, "t2"),
    ],
)
def test_without_a_ledger_the_service_says_which_attempts_there_are(desk, redo, states, attempt, task):
    desk.jobs("rain")
    service(desk, *states)
    job = only(desk.prepared(redo=redo))
    assert (job.attempt, job.noted_task) == (attempt, task)


def test_a_plain_run_asks_nothing_here(desk):
    desk.jobs("rain")
    asked = service(desk, "completed")
    assert only(desk.prepared()).attempt == 1
    assert asked == []


def test_what_another_machine_began_after_the_ledgers_last_attempt_counts(desk):
    desk.jobs("rain")
    service(desk, "completed", "completed", "failed")
    desk.stands(only(desk.prepared()), LedgerState.DONE)
    assert only(desk.prepared(redo="again")).attempt == 4


def test_a_service_without_end_is_not_asked_for_ever(desk):
    desk.jobs("rain")
    service(desk, *["completed"] * (MAX_ATTEMPTS_ASKED + 5))
    with pytest.raises(UsageError, match="50 attempts of job rain"):
        desk.prepared(redo="again")


def test_an_attempt_that_failed_on_another_machine_is_followed_by_one_that_went_better_there(desk):
    desk.jobs("rain")
    service(desk, "failed", "failed", "completed")
    first = only(desk.prepared())
    entry = desk.ledger.move(desk.stands(first, LedgerState.INTENT), LedgerEvent.FOUND, task_id="t1")
    desk.ledger.move(entry, LedgerEvent.FAILED)
    job = only(desk.prepared())
    assert (job.attempt, job.noted_task) == (3, "t3")
    service(desk, "failed", "failed")
    assert only(desk.prepared()).attempt == 1
    desk.query = unreachable
    assert only(desk.prepared()).attempt == 1


def unreachable(_):
    raise ServiceUnreachable("nobody is there")


def test_one_question_that_is_not_answered_stops_all(desk):
    desk.jobs(*"abcdefghijklm")
    desk.query = unreachable
    with pytest.raises(ServiceUnreachable):
        desk.prepared(redo="again")


def test_a_sidecar_is_found_wherever_it_lies_in_the_output_folder(desk):
    desk.jobs("rain")
    rain = only(desk.prepared())
    desk.result(rain, desk.folder / "renders/2025/06/t1-rain.mp4")
    prepared = desk.prepared()
    assert prepared.paths == {rain.external_id: desk.folder / "renders/2025/06/t1-rain.mp4"}
    assert list(prepared.skipped) == [rain.external_id]


def test_a_moved_folder_is_as_good_as_the_first(desk):
    desk.jobs("rain", "snow")
    rain, _ = desk.prepared().jobs
    desk.result(rain, desk.folder / "renders/rain.mp4")
    shutil.move(desk.folder / "renders", desk.folder / "films")
    assert list(desk.prepared(folder=desk.folder / "films").skipped) == [rain.external_id]


def test_a_name_with_a_day_or_a_task_needs_no_ledger(desk):
    desk.write("output: {name: '{date}-{job}-{task_id}.{ext}'}", "jobs:", "  - {name: rain, params: {prompt: rain}}")
    rain = only(desk.prepared())
    desk.result(rain, desk.folder / "renders/2025-06-15-rain-t1.mp4")
    desk.now = 1_760_000_000.0
    assert list(desk.prepared().skipped) == [rain.external_id]


def test_a_sidecar_whose_file_is_gone_names_the_task_and_the_place(desk):
    desk.jobs("rain")
    rain = only(desk.prepared())
    path = desk.result(rain, desk.folder / "renders/old/film.mp4", task_id="t9")
    path.unlink()
    prepared = desk.prepared()
    assert (only(prepared).noted_task, only(prepared).external_id) == ("t9", rain.external_id)
    assert prepared.paths == {rain.external_id: path}


def test_sidecars_of_other_jobs_requests_scopes_and_services_are_not_taken(desk):
    desk.jobs("rain")
    rain = only(desk.prepared())
    for number, other in enumerate(
        (
            rain.replace(name="snow"), rain.replace(take=2), rain.replace(scope="spring"),
            rain.replace(request=rain.request.replace("a rain", "b rain")),
        )
    ):  # fmt: skip
        desk.result(with_external_id(other, ORIGIN), desk.folder / f"renders/{number}.mp4")
    desk.result(with_external_id(rain, "https://b.example"), desk.folder / "renders/4.mp4", origin="https://b.example")
    prepared = desk.prepared()
    assert not prepared.skipped
    assert not only(prepared).noted_task


@pytest.mark.parametrize(
    "lie",
    [
        {"external_task_id": "krn1-A"},
        {"attempt": 7},
        {"scope": "spring"},
        {"outputs": {"../../etc/passwd": {"bytes": 1}}},
        {"outputs": {"film.mp4": {"bytes": 1, "sha256": "0" * 64}}},
    ],
)
def test_a_sidecar_that_contradicts_itself_saves_nothing(desk, lie):
    desk.jobs("rain")
    rain = only(desk.prepared())
    path = desk.result(rain, desk.folder / "renders/film.mp4")
    note = json.loads(path.with_suffix(".json").read_text())
    path.with_suffix(".json").write_text(json.dumps(note | lie))
    path.write_bytes(b"x")
    assert not desk.prepared().skipped


def test_a_file_of_the_right_size_with_other_bytes_is_not_the_video(desk):
    desk.jobs("rain")
    path = desk.result(only(desk.prepared()), desk.folder / "renders/film.mp4")
    path.write_bytes(path.read_bytes()[::-1])
    assert not desk.prepared().skipped


def test_links_lead_nowhere(desk):
    desk.jobs("rain")
    desk.result(only(desk.prepared()), desk.folder / "elsewhere/film.mp4")
    (desk.folder / "renders").mkdir()
    (desk.folder / "renders/link").symlink_to(desk.folder / "elsewhere")
    assert not desk.prepared().skipped


def test_the_attempts_of_sidecars_are_counted_on(desk):
    desk.jobs("rain")
    first = only(desk.prepared())
    desk.result(with_external_id(first, ORIGIN, 4), desk.folder / "renders/rain.mp4")
    assert only(desk.prepared()).attempt == 4
    assert only(desk.prepared(redo="again")).attempt == 5


def old_entry(desk, job, *, origin=ORIGIN, name="", request=""):
    """An entry as kirin 0.1 wrote it, after the migration: under the id that it derived then."""
    name, request = name or job.name, request or job.request
    external_id = derive_external_id(origin, request, scope="", job=name, take=1)
    intent = Intent(
        origin=ORIGIN, account="me", external_id=external_id, model="kirin_v1_t2v", request=request, job=job.name
    )
    entry = desk.ledger.intend(intent)
    with desk.ledger.store.write(durable=True) as transaction:
        transaction("UPDATE entries SET has_old_id = 1 WHERE id = ?", (entry.id,))
    entry = desk.ledger.move(entry, LedgerEvent.SEND)
    return desk.ledger.move(entry, LedgerEvent.ACCEPTED, task_id="t1")


def test_what_an_earlier_version_sent_under_an_id_of_its_own_is_gone_on_with(desk):
    desk.write("jobs:", '  - {name: "cafe\\u0301", params: {prompt: "one\\r\\ntwo"}}')
    job = only(desk.prepared())
    assert job.name == "caf\u00e9"
    assert job.values["prompt"] == "one\r\ntwo"
    entry = old_entry(desk, job, origin="https://cloud.example:443", request=job.request.replace("\\n", "\\r\\n"))
    assert entry.external_id != job.external_id
    assert only(desk.prepared()).external_id == entry.external_id
    assert only(desk.prepared(redo="again")).attempt == 2


def test_an_old_sidecar_without_a_scope_is_known_by_the_id_that_was_derived_then(desk):
    desk.jobs("rain")
    rain = only(desk.prepared())
    origin = "https://cloud.example:443"
    old = derive_external_id(origin, rain.request, scope="", job="rain", take=1)
    path = desk.result(rain.replace(external_id=old), desk.folder / "renders/rain.mp4", origin=origin)
    note = json.loads(path.with_suffix(".json").read_text())
    del note["scope"], note["attempt"]
    path.with_suffix(".json").write_text(json.dumps(note))
    assert list(desk.prepared().skipped) == [old]
    assert not desk.prepared(scope="spring").skipped


@pytest.mark.parametrize("name", ["a.2", "a.old-1", "A.3"])
def test_a_name_that_kirin_gives_to_other_files_of_another_job_is_refused(desk, name):
    desk.jobs("a", name)
    (finding,) = desk.prepared().findings
    assert "could be the name of a second or an earlier file of job a too" in finding.message
    assert finding.line == 5
    assert desk.prepared(replace=True).findings
    desk.jobs(name)
    assert not desk.prepared().findings


def test_a_job_called_like_a_second_take_is_refused(desk):
    desk.write("jobs:", "  - {name: a, take: 2, params: {prompt: a}}", "  - {name: a-2, params: {prompt: b}}")
    for force in (False, True):
        (finding,) = desk.prepared(replace=force).findings
        assert "a-2.mp4 is where the video of job a goes too" in finding.message
