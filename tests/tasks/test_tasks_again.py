"""`kirin run` is like make: what is there is skipped, what is under way is gone on with, what is lost is fetched."""

import json
import shutil

import pytest


def test_what_is_there_is_skipped_without_key_network_or_ledger(desk):
    desk.jobs("rain", "snow")
    first = desk.kirin("run", "jobs.yaml")
    assert desk.videos == ["rain.mp4", "snow.mp4"]
    desk.sandbox.stop()
    shutil.rmtree(desk.home.state)
    again = desk.kirin("run", "jobs.yaml", KIRIN_API_KEY="")
    assert again.stdout == first.stdout
    assert "rain: skipped, its file is there" in again.stderr
    plan = desk.kirin("plan", "jobs.yaml", "--json", KIRIN_API_KEY="").data
    assert plan["totals"] == {"skip": 2, "cost_usd": "0"}
    assert desk.paid == 2


def test_D14_a_changed_prompt_is_refused_then_forced_or_made_again(desk):
    desk.jobs("rain")
    desk.kirin("run", "jobs.yaml")
    old = (desk.renders / "rain.mp4").read_bytes()
    desk.write("jobs:", "  - {name: rain, params: {prompt: another, aspect_ratio: '1:1'}}")
    refused = desk.kirin("run", "jobs.yaml", expect=2)
    assert "jobs.yaml:4" in refused.stderr
    assert "was made from another request" in refused.stderr
    assert desk.kirin("plan", "jobs.yaml", expect=2).stderr.startswith(refused.stderr[:40])
    assert desk.paid == 1
    desk.kirin("run", "jobs.yaml", "--force")
    assert desk.paid == 2
    assert (desk.renders / "rain.mp4").read_bytes() != old
    assert "skipped" in desk.kirin("run", "jobs.yaml").stderr


def test_again_makes_another_take_beside_the_first(desk):
    desk.jobs("rain")
    desk.kirin("run", "jobs.yaml")
    again = desk.kirin("run", "jobs.yaml", "--again")
    assert again.stdout == "renders/rain-2.mp4\n"
    assert desk.videos == ["rain-2.mp4", "rain.mp4"]
    assert json.loads((desk.renders / "rain-2.json").read_text())["take"] == 2
    assert desk.kirin("run", "jobs.yaml").stdout == "renders/rain.mp4\n"
    assert desk.paid == 2


def test_again_that_was_cut_short_is_gone_on_with_by_resume_and_never_by_another_again(desk):
    desk.serve(speed=100)
    desk.jobs("rain")
    short = desk.kirin("run", "jobs.yaml", "--again", "--timeout", "0.01s", expect=8)
    assert short.stderr.endswith("to go on: kirin resume\n")
    desk.kirin("resume")
    assert desk.paid == 1
    assert desk.videos == ["rain.mp4"]


@pytest.mark.slow
def test_files_of_the_in_process_sandbox_are_replaced_by_real_ones(desk):
    desk.jobs("rain")
    desk.kirin("run", "jobs.yaml", "--sandbox")
    tried = json.loads((desk.renders / "rain.json").read_text())
    assert tried["origin"].startswith("sandbox:")
    desk.kirin("run", "jobs.yaml")
    assert desk.paid == 1
    assert json.loads((desk.renders / "rain.json").read_text())["origin"] == desk.sandbox.base_url


def test_a_lost_file_is_fetched_again_free_of_charge(desk):
    desk.jobs("rain", "snow")
    desk.kirin("run", "jobs.yaml")
    whole = (desk.renders / "rain.mp4").read_bytes()
    (desk.renders / "rain.mp4").unlink()
    plan = desk.kirin("plan", "jobs.yaml", "--json").data
    assert [(job["action"], job["reason"]) for job in plan["jobs"]] == [
        ("fetch", "it is paid for, but its file is gone"),
        ("skip", "its file is there"),
    ]
    ran = desk.kirin("run", "jobs.yaml", "--json")
    assert ran.states == {"rain": "done", "snow": "skipped"}
    assert (desk.renders / "rain.mp4").read_bytes() == whole
    assert desk.paid == 2


def test_what_failed_is_left_and_retried_only_when_asked_for(desk):
    desk.serve(faults=["task:fail=002001095@1"])
    desk.jobs("rain")
    failed = desk.kirin("run", "jobs.yaml", "--json", expect=1)
    assert failed.states == {"rain": "failed"}
    error = failed.data["jobs"][0]["error"]
    assert (error["code"], error["charged"], error["retry_safe"]) == ("002001095", "no", True)
    assert "--retry-failed" in error["hint"]
    assert desk.kirin("run", "jobs.yaml", "--json", expect=1).states == {"rain": "failed"}
    assert desk.paid == 1
    assert desk.kirin("run", "jobs.yaml", "--retry-failed", "--json").states == {"rain-2": "done"}
    assert desk.kirin("run", "jobs.yaml", "--json").states == {"rain-2": "skipped"}
    assert desk.paid == 2


def test_garbage_beside_the_results_harms_nothing(desk):
    desk.jobs("rain")
    desk.renders.mkdir()
    (desk.home.work / "mine.mp4").write_bytes(b"mine")
    hostile = {
        "kirin": 1, "external_task_id": "krn1-X", "origin": "sandbox:1", "files": 1,
        "outputs": {"../mine.mp4": {"bytes": 4}},
    }  # fmt: skip
    (desk.renders / "rain.json").write_text(json.dumps(hostile))
    desk.kirin("run", "jobs.yaml")
    assert (desk.home.work / "mine.mp4").read_bytes() == b"mine"
    assert desk.videos == ["rain.mp4"]


def test_two_files_of_jobs_are_one_run(desk):
    desk.jobs("rain", name="a.yaml")
    desk.jobs("snow", name="b.yaml")
    ran = desk.kirin("run", "a.yaml", "b.yaml", "--json")
    assert ran.states == {"rain": "done", "snow": "done"}
    assert ran.data["totals"]["cost_usd"] == "0.56"


def test_A4_another_request_under_an_id_that_was_used_is_refused(desk):
    desk.write("jobs:", "  - {name: rain, params: {prompt: rain, external_task_id: order-7}}")
    desk.kirin("run", "jobs.yaml")
    assert desk.entries()["rain"].external_id == "order-7"
    desk.write("jobs:", "  - {name: snow, params: {prompt: snow, external_task_id: order-7}}")
    refused = desk.kirin("run", "jobs.yaml", expect=2)
    assert "external_task_id order-7 was used for another request; give another id" in refused.stderr
    assert desk.paid == 1
