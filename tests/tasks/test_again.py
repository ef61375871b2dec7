"""`kirin run` is like make: what is there is skipped, what is under way is gone on with, what is lost is fetched."""

import json
import shutil

import pytest


def test_what_is_there_is_skipped_without_key_network_or_ledger(workspace):
    workspace.jobs("rain", "snow")
    first = workspace.kirin("run", "jobs.yaml")
    assert workspace.videos == ["rain.mp4", "snow.mp4"]
    workspace.sandbox.stop()
    shutil.rmtree(workspace.home.state)
    again = workspace.kirin("run", "jobs.yaml", KIRIN_API_KEY="")
    assert again.stdout == first.stdout
    assert "rain: skipped, its file is there" in again.stderr
    plan = workspace.kirin("plan", "jobs.yaml", "--json", KIRIN_API_KEY="").data
    assert (plan["totals"]["skip"], plan["totals"]["cost_usd"]) == (2, "0")
    assert workspace.paid == 2


def test_a_changed_job_is_made_and_the_earlier_video_stays_beside_it(workspace):
    workspace.jobs("rain", "snow", "hail")
    workspace.kirin("run", "jobs.yaml")
    old = (workspace.renders / "rain.mp4").read_bytes()
    workspace.write(
        "jobs:",
        "  - {name: rain, params: {prompt: another, aspect_ratio: '1:1'}}",
        *(f"  - {{name: {name}, params: {{prompt: a {name}}}}}" for name in ("snow", "hail")),
    )
    plan = workspace.kirin("plan", "jobs.yaml", "--json").data
    assert [(job["action"], job["reason"]) for job in plan["jobs"]] == [
        ("send", "its prompt changed, its aspect_ratio is new"),
        ("skip", "its file is there"),
        ("skip", "its file is there"),
    ]
    ran = workspace.kirin("run", "jobs.yaml", "--json")
    assert ran.states == {"rain": "done", "snow": "skipped", "hail": "skipped"}
    assert workspace.paid == 4
    assert (workspace.renders / "rain.old-1.mp4").read_bytes() == old
    assert (workspace.renders / "rain.mp4").read_bytes() != old
    note = json.loads((workspace.renders / "rain.old-1.json").read_text())
    assert list(note["outputs"]) == ["rain.old-1.mp4"]
    assert workspace.kirin("run", "jobs.yaml", "--json").states["rain"] == "skipped"
    workspace.write("jobs:", "  - {name: rain, params: {prompt: a third}}")
    workspace.kirin("run", "jobs.yaml")
    assert workspace.videos == ["hail.mp4", "rain.mp4", "rain.old-1.mp4", "rain.old-2.mp4", "snow.mp4"]
    paths = {entry.external_id: entry.outputs for entry in workspace.all_entries() if entry.job == "rain"}
    assert sorted(json.loads(text)[0]["path"].rpartition("/")[2] for text in paths.values()) == workspace.videos[1:4]


def test_a_change_that_is_taken_back_puts_the_earlier_video_back_and_costs_nothing(workspace):
    def ask(prompt):
        workspace.write("jobs:", f"  - {{name: rain, params: {{prompt: {prompt}}}}}")

    ask("one")
    workspace.kirin("run", "jobs.yaml")
    first = json.loads((workspace.renders / "rain.json").read_text())
    ask("two")
    workspace.kirin("run", "jobs.yaml")
    second = json.loads((workspace.renders / "rain.json").read_text())
    ask("one")
    plan = workspace.kirin("plan", "jobs.yaml", "--json").data["jobs"][0]
    assert (plan["action"], plan["reason"]) == ("skip", "its earlier file is put back")
    back = workspace.kirin("run", "jobs.yaml")
    assert back.stdout == "renders/rain.mp4\n"
    assert "skipped, its earlier file is put back (renders/rain.mp4)" in back.stderr
    assert json.loads((workspace.renders / "rain.json").read_text()) == first
    kept = json.loads((workspace.renders / "rain.old-2.json").read_text())
    assert kept["task_id"] == second["task_id"]
    assert workspace.videos == ["rain.mp4", "rain.old-2.mp4"]
    paths = {entry.task_id: json.loads(entry.outputs)[0]["path"] for entry in workspace.all_entries()}
    assert paths == {
        first["task_id"]: str(workspace.renders / "rain.mp4"),
        second["task_id"]: str(workspace.renders / "rain.old-2.mp4"),
    }
    assert "its file is there" in workspace.kirin("run", "jobs.yaml").stderr
    assert workspace.paid == 2


def test_a_video_whose_sidecar_is_gone_is_known_by_the_ledger(workspace):
    workspace.jobs("rain", "snow")
    workspace.kirin("run", "jobs.yaml")
    notes = {name: (workspace.renders / f"{name}.json").read_text() for name in ("rain", "snow")}
    for name in notes:
        (workspace.renders / f"{name}.json").unlink()
    assert workspace.kirin("plan", "jobs.yaml", "--json").data["totals"]["skip"] == 2
    assert not (workspace.renders / "rain.json").exists()
    workspace.kirin("run", "jobs.yaml")
    again = {name: json.loads((workspace.renders / f"{name}.json").read_text()) for name in notes}
    same = ("job", "take", "attempt", "scope", "external_task_id", "origin", "request", "task_id", "cost_usd")
    assert [again["rain"][key] for key in same] == [json.loads(notes["rain"])[key] for key in same]
    (workspace.renders / "rain.json").unlink()
    workspace.jobs("rain", "snow", prompt="another")
    workspace.kirin("run", "jobs.yaml")
    assert workspace.videos == ["rain.mp4", "rain.old-1.mp4", "snow.mp4", "snow.old-1.mp4"]
    (workspace.renders / "rain.json").write_text("mine")
    workspace.kirin("run", "jobs.yaml", expect=2)
    assert (workspace.renders / "rain.json").read_text() == "mine"
    (workspace.renders / "rain.json").unlink()
    (workspace.renders / "rain.mp4").write_bytes(b"mine")
    workspace.kirin("run", "jobs.yaml", expect=2)
    assert workspace.paid == 4


def test_a_video_of_another_service_is_never_paid_for_anew_by_a_changed_setting(workspace):
    workspace.jobs("rain")
    workspace.kirin("run", "jobs.yaml")
    made_by = workspace.sandbox.base_url
    workspace.serve()
    refused = workspace.kirin("run", "jobs.yaml", expect=2)
    assert f"is the video of job rain already, made by {made_by}" in refused.stderr
    assert workspace.paid == 0
    workspace.kirin("run", "jobs.yaml", "-o", "elsewhere")
    assert workspace.paid == 1


def test_a_sandbox_never_takes_the_place_of_a_video_that_was_paid_for(workspace):
    workspace.jobs("rain")
    workspace.kirin("run", "jobs.yaml")
    whole = (workspace.renders / "rain.mp4").read_bytes()
    workspace.jobs("rain", prompt="another")
    refused = workspace.kirin("run", "jobs.yaml", "--sandbox", expect=2)
    assert "this run is for a sandbox" in refused.stderr
    assert (workspace.renders / "rain.mp4").read_bytes() == whole


def test_one_service_under_several_spellings_is_paid_once(workspace):
    workspace.jobs("rain")
    workspace.kirin("run", "jobs.yaml", KIRIN_BASE_URL=workspace.sandbox.base_url.replace("127.0.0.1", "localhost"))
    for spelling in ("LOCALHOST", "localhost."):
        url = workspace.sandbox.base_url.replace("127.0.0.1", spelling)
        assert "its file is there" in workspace.kirin("run", "jobs.yaml", KIRIN_BASE_URL=url).stderr
    assert workspace.paid == 1


def test_a_table_with_other_line_ends_and_a_decomposed_name_is_the_same_table(workspace):
    workspace.write("jobs:", "  - {name: shot, foreach: shots.csv, params: {prompt: '${row.prompt}'}}")
    table = workspace.home.work / "shots.csv"
    table.write_bytes(b'name,prompt\ncaf\xc3\xa9,"one\ntwo"\n')
    workspace.kirin("run", "jobs.yaml")
    table.write_bytes(b'name,prompt\r\ncafe\xcc\x81,"one\r\ntwo"\r\n')
    assert "its file is there" in workspace.kirin("run", "jobs.yaml").stderr
    shutil.rmtree(workspace.renders)
    shutil.rmtree(workspace.home.state)
    workspace.kirin("run", "jobs.yaml")  # the service knows it
    assert workspace.paid == 1


def test_with_force_a_changed_job_leaves_nothing_beside_it(workspace):
    workspace.jobs("rain")
    workspace.kirin("run", "jobs.yaml")
    workspace.write("jobs:", "  - {name: rain, params: {prompt: another}}")
    workspace.kirin("run", "jobs.yaml", "--force")
    assert workspace.videos == ["rain.mp4"]
    assert workspace.paid == 2


def test_again_makes_another_attempt_and_the_file_has_the_name_of_the_take(workspace):
    workspace.jobs("rain")
    workspace.kirin("run", "jobs.yaml")
    again = workspace.kirin("run", "jobs.yaml", "--again", "--json")
    assert [output["path"] for output in again.data["jobs"][0]["outputs"]] == ["renders/rain.mp4"]
    assert (again.data["jobs"][0]["take"], again.data["jobs"][0]["attempt"]) == (1, 2)
    assert workspace.videos == ["rain.mp4", "rain.old-1.mp4"]
    notes = [json.loads((workspace.renders / name).read_text()) for name in ("rain.json", "rain.old-1.json")]
    assert [(note["take"], note["attempt"]) for note in notes] == [(1, 2), (1, 1)]
    assert workspace.kirin("run", "jobs.yaml").stdout == "renders/rain.mp4\n"
    assert workspace.paid == 2


def test_again_that_was_cut_short_is_gone_on_with_by_the_same_command_and_then_begins_the_next(workspace):
    workspace.serve(speed=100)
    workspace.jobs("rain", "snow")
    short = workspace.kirin("run", "jobs.yaml", "--again", "--timeout", "0.01s", expect=8)
    assert "kirin resume" not in short.stderr.splitlines()[-1]  # which never sends
    workspace.kirin("run", "jobs.yaml", "--again")
    assert workspace.paid == 2
    assert workspace.videos == ["rain.mp4", "snow.mp4"]
    workspace.kirin("run", "jobs.yaml", "--again")
    assert workspace.paid == 4


@pytest.mark.slow
def test_files_of_the_in_process_sandbox_are_replaced_by_real_ones(workspace):
    workspace.jobs("rain")
    workspace.kirin("run", "jobs.yaml", "--sandbox")
    tried = json.loads((workspace.renders / "rain.json").read_text())
    assert tried["origin"].startswith("sandbox:")
    workspace.kirin("run", "jobs.yaml")
    assert workspace.paid == 1
    assert json.loads((workspace.renders / "rain.json").read_text())["origin"] == workspace.sandbox.base_url


def test_a_lost_file_is_fetched_again_free_of_charge(workspace):
    workspace.jobs("rain", "snow")
    workspace.kirin("run", "jobs.yaml")
    whole = (workspace.renders / "rain.mp4").read_bytes()
    (workspace.renders / "rain.mp4").unlink()
    plan = workspace.kirin("plan", "jobs.yaml", "--json").data
    assert [(job["action"], job["reason"]) for job in plan["jobs"]] == [
        ("fetch", "its file is gone: fetched again, free"),
        ("skip", "its file is there"),
    ]
    ran = workspace.kirin("run", "jobs.yaml", "--json")
    assert ran.states == {"rain": "done", "snow": "skipped"}
    assert (workspace.renders / "rain.mp4").read_bytes() == whole
    assert workspace.paid == 2


def test_what_failed_is_left_and_retried_only_when_asked_for(workspace):
    workspace.serve(faults=["task:fail=002001095@1"])
    workspace.jobs("rain")
    failed = workspace.kirin("run", "jobs.yaml", "--json", expect=1)
    assert failed.states == {"rain": "failed"}
    error = failed.data["jobs"][0]["error"]
    assert (error["code"], error["charged"], error["retry_safe"]) == ("002001095", "no", True)
    assert "--retry-failed" in error["hint"]
    assert workspace.kirin("run", "jobs.yaml", "--json", expect=1).states == {"rain": "failed"}
    assert workspace.paid == 1
    assert workspace.kirin("run", "jobs.yaml", "--retry-failed", "--json").states == {"rain": "done"}
    assert workspace.kirin("run", "jobs.yaml", "--json").states == {"rain": "skipped"}
    assert workspace.videos == ["rain.mp4"]
    assert workspace.paid == 2


def test_garbage_beside_the_results_harms_nothing(workspace):
    workspace.jobs("rain")
    workspace.renders.mkdir()
    (workspace.home.work / "mine.mp4").write_bytes(b"mine")
    hostile = {
        "kirin": 1, "external_task_id": "krn1-X", "origin": "sandbox:1", "files": 1,
        "outputs": {"../mine.mp4": {"bytes": 4}},
    }  # fmt: skip
    (workspace.renders / "rain.json").write_text(json.dumps(hostile))
    workspace.kirin("run", "jobs.yaml")
    assert (workspace.home.work / "mine.mp4").read_bytes() == b"mine"
    assert workspace.videos == ["rain.mp4"]


def test_two_files_of_jobs_are_one_run(workspace):
    workspace.jobs("rain", name="a.yaml")
    workspace.jobs("snow", name="b.yaml")
    ran = workspace.kirin("run", "a.yaml", "b.yaml", "--json")
    assert ran.states == {"rain": "done", "snow": "done"}
    assert ran.data["totals"]["cost_usd"] == "0.56"


def test_A4_another_request_under_an_id_that_was_used_is_refused(workspace):
    workspace.write("jobs:", "  - {name: rain, params: {prompt: rain, external_task_id: order-7}}")
    workspace.kirin("run", "jobs.yaml")
    assert workspace.entries()["rain"].external_id == "order-7"
    workspace.write("jobs:", "  - {name: snow, params: {prompt: snow, external_task_id: order-7}}")
    refused = workspace.kirin("run", "jobs.yaml", expect=6)
    assert "external_task_id order-7 was used for another request (task" in refused.stderr
    assert workspace.paid == 1
