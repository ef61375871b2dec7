"""What a run makes of checked jobs: who they are, which take, where the file goes, and what need not be done."""

from decimal import Decimal

import pytest

from kirin_cli.errors import LocalError
from kirin_cli.ledger.ledger import Ledger
from kirin_cli.ledger.states import LedgerEvent, LedgerState
from kirin_cli.ledger.store import connect
from kirin_cli.run.prepare import PreparedRun


def ids(prepared: PreparedRun) -> list[str]:
    return [job.external_id for job in prepared.jobs]


def takes(prepared: PreparedRun) -> list[int]:
    return [job.take for job in prepared.jobs]


def attempts(prepared: PreparedRun) -> list[int]:
    return [job.attempt for job in prepared.jobs]


def words(prepared: PreparedRun) -> str:
    (finding,) = prepared.findings
    return finding.message


def test_the_same_file_elsewhere_means_the_same_jobs(desk):
    desk.jobs("rain", "snow")
    elsewhere = desk.folder / "another machine"
    elsewhere.mkdir()
    copy = elsewhere / "jobs.yaml"
    copy.write_bytes((desk.folder / "jobs.yaml").read_bytes())
    assert ids(desk.prepared(copy)) == ids(desk.prepared())
    assert len(set(ids(desk.prepared()))) == 2


def test_the_ledger_is_asked_as_often_for_many_finished_jobs_as_for_one(desk):
    statements = []

    def connect_and_trace(path, busy):
        connection = connect(path, busy)
        connection.set_trace_callback(statements.append)
        return connection

    names = [f"rain{number}" for number in range(30)]
    desk.jobs(*names)
    for job in desk.prepared().jobs:
        desk.stands(job, LedgerState.DONE)
        desk.result(job, desk.folder / f"renders/{job.name}.mp4")
    asked = []
    with Ledger.open(desk.folder / "state", lambda: desk.now, connect=connect_and_trace) as desk.ledger:
        for some in (names[:1], names):
            desk.jobs(*some)
            statements.clear()
            assert len(desk.prepared().skipped) == len(some)
            asked.append(len(statements))
    assert asked[0] == asked[1] > 0


def test_scope_and_service_make_other_jobs(desk):
    desk.jobs("rain")
    assert (
        len({*ids(desk.prepared()), *ids(desk.prepared(scope="b")), *ids(desk.prepared(origin="https://c.example"))})
        == 3
    )


def test_where_the_file_goes_makes_no_other_job(desk):
    desk.jobs("rain")
    assert ids(desk.prepared()) == ids(desk.prepared(folder=desk.folder / "films"))


def test_a_job_whose_file_is_there_is_skipped_without_a_ledger(desk):
    desk.jobs("rain", "snow")
    rain, _ = desk.prepared().jobs
    path = desk.result(rain, desk.folder / "renders/rain.mp4")
    prepared = desk.prepared()
    assert list(prepared.skipped) == [rain.external_id]
    outcome = prepared.skipped[rain.external_id]
    assert (outcome.state, outcome.task_id, outcome.cost, outcome.reason) == (
        "skipped",
        "t1",
        Decimal("0.28"),
        "its file is there",
    )
    assert [output.path for output in outcome.outputs] == [path]


def test_a_changed_prompt_is_made_and_says_what_changed(desk):
    desk.jobs("rain")
    (rain,) = desk.prepared().jobs
    desk.result(rain, desk.folder / "renders/rain.mp4")
    desk.write("jobs:", "  - {name: rain, params: {prompt: another, duration: 10}}")
    prepared = desk.prepared()
    (changed,) = prepared.jobs
    assert not prepared.findings
    assert not prepared.skipped
    assert prepared.changes == {changed.external_id: "its prompt changed, its duration is new"}


def test_D14_a_video_that_its_sidecar_does_not_mean_is_in_the_way_of_a_changed_prompt(desk):
    desk.jobs("rain")
    (rain,) = desk.prepared().jobs
    path = desk.result(rain, desk.folder / "renders/rain.mp4")
    path.write_bytes(b"cut by a person")
    desk.write("jobs:", "  - {name: rain, params: {prompt: another}}")
    prepared = desk.prepared()
    assert "rain.mp4 is there already and is not the file that was fetched" in words(prepared)
    assert "--force replaces it" in words(prepared)
    (finding,) = prepared.findings
    assert (finding.file, finding.line) == (str(desk.folder / "jobs.yaml"), 4)
    assert not desk.prepared(replace=True).findings


def test_again_makes_an_attempt_whose_file_has_the_name_of_the_take(desk):
    desk.jobs("rain")
    (rain,) = desk.prepared().jobs
    desk.result(rain, desk.folder / "renders/rain.mp4")
    (again,) = desk.prepared(redo="again").jobs
    assert (again.take, again.attempt, again.label) == (1, 2, "rain")
    assert again.external_id != rain.external_id
    assert desk.prepared(redo="again").paths == {again.external_id: desk.folder / "renders/rain.mp4"}
    desk.result(again, desk.folder / "renders/rain.mp4")
    assert attempts(desk.prepared(redo="again")) == [3]
    assert attempts(desk.prepared()) == [2]
    assert list(desk.prepared().skipped) == [again.external_id]


@pytest.mark.parametrize("state", [state for state in LedgerState if state is not LedgerState.INTENT])
def test_again_goes_past_whatever_another_command_began(desk, state):
    desk.jobs("rain")
    (rain,) = desk.prepared().jobs
    desk.stands(rain, state)
    assert attempts(desk.prepared(redo="again")) == [2]


def test_again_takes_an_attempt_that_was_never_sent_for_new(desk):
    # Else a run that was stopped by an empty account would leave attempts behind that nobody asked for.
    desk.jobs("rain")
    (rain,) = desk.prepared().jobs
    desk.stands(rain, LedgerState.INTENT)
    assert ids(desk.prepared(redo="again")) == [rain.external_id]
    entry = desk.ledger.move(desk.stands(rain, LedgerState.INTENT), LedgerEvent.SEND)
    desk.ledger.move(entry, LedgerEvent.RATE_LIMITED)
    assert ids(desk.prepared(redo="again")) == [rain.external_id]


def test_again_leaves_an_attempt_alone_that_somebody_decided_to_send_again(desk):
    desk.jobs("rain")
    (rain,) = desk.prepared().jobs
    desk.ledger.move(desk.stands(rain, LedgerState.UNKNOWN), LedgerEvent.SEND_AGAIN)
    assert attempts(desk.prepared(redo="again")) == [2]


def test_an_attempt_that_was_never_sent_is_nothing_that_a_plain_run_pays_for(desk):
    desk.jobs("rain")
    (rain,) = desk.prepared().jobs
    desk.result(rain, desk.folder / "renders/rain.mp4")
    desk.stands(rain, LedgerState.DONE)
    (again,) = desk.prepared(redo="again").jobs
    desk.stands(again, LedgerState.INTENT)
    assert list(desk.prepared().skipped) == [rain.external_id]
    assert ids(desk.prepared(redo="again")) == [again.external_id]


@pytest.mark.parametrize("state", [LedgerState.FAILED, LedgerState.REJECTED])
def test_what_failed_is_left_and_gets_a_new_attempt_only_when_asked_for(desk, state):
    desk.jobs("rain")
    (rain,) = desk.prepared().jobs
    desk.stands(rain, state)
    assert attempts(desk.prepared()) == [1]
    (retried,) = desk.prepared(redo="retry-failed").jobs
    assert (retried.take, retried.attempt) == (1, 2)
    desk.stands(retried, LedgerState.RUNNING)
    assert attempts(desk.prepared()) == [2]  # what is under way is gone on with
    assert attempts(desk.prepared(redo="retry-failed")) == [2]


@pytest.mark.parametrize(
    "state",
    [
        LedgerState.UNKNOWN,
        LedgerState.CONFLICT,
        LedgerState.LOST,
        LedgerState.EXPIRED,
        LedgerState.ABANDONED,
        LedgerState.DONE,
    ],
)
def test_retry_failed_never_sends_again_what_may_have_been_paid_for(desk, state):
    desk.jobs("rain")
    (rain,) = desk.prepared().jobs
    desk.stands(rain, state)
    assert ids(desk.prepared(redo="retry-failed")) == [rain.external_id]


def test_takes_of_one_job_have_attempts_of_their_own(desk):
    desk.write("jobs:", "  - {name: rain, take: 2, params: {prompt: rain}}")
    first, second = desk.prepared().jobs
    assert [first.label, second.label] == ["rain", "rain-2"]
    desk.stands(first, LedgerState.FAILED)
    desk.stands(second, LedgerState.FAILED)
    retried = desk.prepared(redo="retry-failed")
    assert (takes(retried), attempts(retried)) == ([1, 2], [2, 2])


WITH_ID = "  - {name: rain, params: {prompt: PROMPT, external_task_id: order-7}}"


def test_A4_an_id_of_ones_own_is_used_as_it_is(desk):
    desk.write("jobs:", WITH_ID)
    (rain,) = desk.prepared(scope="spring").jobs
    assert rain.external_id == "order-7"
    assert rain.request_values["external_task_id"] == "order-7"


def test_A4_an_id_that_was_used_for_another_request_is_refused_in_words(desk):
    desk.write("jobs:", WITH_ID)
    desk.stands(desk.prepared().jobs[0], LedgerState.RUNNING)
    assert not desk.prepared().findings
    desk.write("jobs:", WITH_ID.replace("PROMPT", "another"))
    assert words(desk.prepared()) == (
        "external_task_id order-7 was used for another request (task task-of-order-7); "
        "give another id; kirin show order-7 tells what it is"
    )


def test_A4_several_takes_with_one_id_are_an_error(desk):
    desk.write("jobs:", WITH_ID.replace("name: rain", "name: rain, take: 2"))
    with pytest.raises(AssertionError, match="external_task_id"):
        desk.checked()


@pytest.mark.parametrize(
    ("redo", "state"),
    [("again", LedgerState.DONE), ("again", LedgerState.FAILED), ("retry-failed", LedgerState.FAILED)],
)
def test_A4_there_is_no_new_attempt_of_an_id_of_ones_own(desk, redo, state):
    desk.write("jobs:", WITH_ID)
    desk.stands(desk.prepared().jobs[0], state)
    assert "has an external_task_id of its own" in words(desk.prepared(redo=redo))
    assert not desk.prepared().findings


def test_one_request_twice_is_refused(desk):
    both = [desk.jobs("rain"), desk.folder / "copy.yaml"]
    both[1].write_bytes(both[0].read_bytes())
    assert "asks for the very same as job rain at" in words(desk.prepared(*both))


def test_D14_two_jobs_with_one_file_are_refused(desk):
    desk.write("output: {name: 'film.{ext}'}", "jobs:", *(f"  - {{name: {n}, params: {{prompt: {n}}}}}" for n in "ab"))
    assert "film.mp4 is where the video of job a goes too" in words(desk.prepared())


def test_files_that_are_named_after_their_task_never_meet(desk):
    desk.write(
        "output: {name: '{task_id}.{ext}'}", "jobs:", *(f"  - {{name: {n}, params: {{prompt: {n}}}}}" for n in "ab")
    )
    prepared = desk.prepared()
    assert not prepared.findings
    a, _ = prepared.jobs
    entry = desk.stands(a, LedgerState.DONE)
    desk.result(a, desk.folder / f"renders/{entry.task_id}.mp4")
    assert list(desk.prepared().skipped) == [a.external_id]


def test_a_file_named_after_a_day_is_found_on_any_other_day(desk):
    desk.write("output: {name: '{date}-{job}.{ext}'}", "jobs:", "  - {name: a, params: {prompt: a}}")
    desk.now = 1_750_000_000.0  # 2025-06-15
    (a,) = desk.prepared().jobs
    desk.stands(a, LedgerState.DONE)
    desk.result(a, desk.folder / "renders/2025-06-15-a.mp4")
    desk.now += 3 * 86_400
    assert list(desk.prepared().skipped) == [a.external_id]


def test_D14_a_new_job_named_after_a_day_finds_what_is_in_its_way_today(desk):
    desk.write("output: {name: '{date}-{job}.{ext}'}", "jobs:", "  - {name: a, params: {prompt: a}}")
    desk.now = 1_750_000_000.0
    (desk.folder / "renders").mkdir()
    (desk.folder / "renders/2025-06-15-a.mp4").write_bytes(b"mine")
    assert "was not made by kirin" in words(desk.prepared())


def test_a_folder_of_no_use_is_found_before_anything_is_paid(desk):
    desk.jobs("rain")
    (desk.folder / "renders").write_text("a file")
    with pytest.raises(LocalError, match="is no folder"):
        desk.prepared()


def test_labels_tell_jobs_of_one_name_apart(desk):
    paths = [
        desk.write("jobs:", "  - {name: rain, params: {prompt: one}}", name="a.yaml"),
        desk.write("output: {dir: films}", "jobs:", "  - {name: rain, params: {prompt: two}}", name="b.yaml"),
    ]
    assert [job.label for job in desk.prepared(*paths).jobs] == ["a:rain", "b:rain"]


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("harbour", ""),
        ("job-1", "job-1 Neon rain over a harbour"),
        ("Clip_04 b", "Clip_04 b Neon rain over a harbour"),
        ("jobs-2", "jobs-2 Neon rain over a harbour"),
        ("v1-t2v", "v1-t2v Neon rain over a harbour"),
        ("take", "take Neon rain over a harbour"),
        ("2026-11-28", "2026-11-28 Neon rain over a harbour"),
        ("shot-kitchen", ""),
        ("港", ""),
    ],
)
def test_where_a_name_says_nothing_people_see_the_prompt_beside_it(desk, name, title):
    desk.write(f"name: '{name}'", "params:", '  prompt: " Neon rain\\n over  a harbour"')
    (job,) = desk.prepared().jobs
    assert job.title == title


def test_a_one_off_has_its_prompt_for_a_name(desk):
    desk.write("name: v1-t2v-20261128-170000-beef", "params: {prompt: Neon rain}")
    (job,) = desk.prepared().jobs
    assert job.replace(file="").title == "Neon rain"
    assert job.replace(file="", values={}).title == ""
