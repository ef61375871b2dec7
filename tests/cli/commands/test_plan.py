"""`kirin plan` before, while and after; and `--max-cost`, which fails closed."""

import json
import xml.etree.ElementTree as ET
from decimal import Decimal

import pytest

PLAN = {
    "name",
    "model",
    "action",
    "reason",
    "path",
    "external_task_id",
    "take",
    "file",
    "line",
    "cost_usd",
    "seconds",
    "request",
    "price_class",
    "price_source",
    "price_detail",
    "mode",
    "duration",
    "prompt",
    "column",
}
KNOWN = ("--assume-cost", "0.28")


def test_a_plan_needs_no_key_no_network_and_keeps_its_shape(workspace):
    workspace.jobs("rain")
    workspace.sandbox.stop()
    plan = workspace.kirin("plan", "jobs.yaml", "--json", KIRIN_API_KEY="").data
    (job,) = plan["jobs"]
    assert set(job) >= PLAN
    assert (job["action"], job["reason"], job["cost_usd"], job["seconds"]) == ("send", "it is new", None, None)
    assert (job["path"], job["take"], job["file"], job["line"]) == ("renders/rain.mp4", 1, "jobs.yaml", 4)
    assert job["request"] == {"model": "kirin_v1_t2v", "params": {"prompt": "a rain"}}
    assert (job["mode"], job["duration"], job["prompt"]) == ("std", "5", "a rain")
    assert plan["totals"] == {"send": 1, "cost_usd": None, "seconds": None}
    assert (plan["exit_code"], plan["errors"], plan["problems"]) == (0, [], [])
    shown = workspace.kirin("plan", "jobs.yaml")
    assert "no price known yet" in shown.stdout
    assert shown.stderr.startswith("1 send; no price known yet\nnotes on v1-t2v:\n  Videos have 720p")
    assert not workspace.renders.exists()


def test_a_plan_says_which_number_is_which_and_what_should_be_known(workspace):
    film, pictures = "https://example.com/v.mp4?sig=secret", [f"https://example.com/{name}.png" for name in "ab"]
    frames = f"[{pictures[0]}, {{image: {pictures[1]}, type: first_frame}}]"
    workspace.write(
        "jobs:",
        f"  - params: {{prompt: <<<image_2>>>, image_list: {frames}}}",
        f"  - params: {{prompt: x, video_list: [{film}]}}",
        model="kirin_video_o1",
    )
    first, second = workspace.kirin("plan", "jobs.yaml", "--json").data["jobs"]
    assert [reference["token"] for reference in first["references"]] == ["<<<image_1>>>", "<<<image_2>>>"]
    assert first["references"][1]["item"] == f"{pictures[1]} (type first_frame)"
    assert not any("billed" in note for note in first["notes"])
    assert any("billed by that: its seconds, rounded" in note for note in second["notes"])
    shown = workspace.kirin("plan", "jobs.yaml")
    assert f"<<<image_1>>> is {pictures[0]}; <<<image_2>>> is {pictures[1]} (type first_frame)" in shown.stdout
    assert "<<<video_1>>> is https://example.com/v.mp4?sig=***" in shown.stdout
    assert shown.stderr.count("notes on video-o1:\n") == shown.stderr.count("billed by that") == 1


def test_a_plan_without_a_key_knows_what_the_ledger_knows(workspace):
    workspace.serve(speed=10)
    workspace.jobs("rain", "snow")
    workspace.kirin("run", "jobs.yaml", "--only", "rain", "--no-wait")
    for key in (workspace.environ["KIRIN_API_KEY"], ""):
        plan = workspace.kirin("plan", "jobs.yaml", "--json", KIRIN_API_KEY=key).data
        assert [(job["name"], job["action"]) for job in plan["jobs"]] == [("rain", "go on"), ("snow", "send")]
    assert workspace.kirin("plan", "jobs.yaml", "--json", "--again").data["totals"]["send"] == 2


def test_likely_cost_and_time_come_from_what_was_made_before(workspace):
    workspace.jobs("rain")
    workspace.kirin("run", "jobs.yaml")
    workspace.jobs("rain", "snow", "hail")
    shown = workspace.kirin("plan", "jobs.yaml")
    assert shown.stderr.startswith("1 skip, 2 send; likely cost $0.56, about ")
    plan = workspace.kirin("plan", "jobs.yaml", "--json").data
    seconds = plan["totals"].pop("seconds")
    assert plan["totals"] == {"skip": 1, "send": 2, "cost_usd": "0.56"}
    assert seconds == plan["jobs"][1]["seconds"]
    one_by_one = workspace.kirin("plan", "jobs.yaml", "--json", "-j", "1").data
    assert one_by_one["totals"]["seconds"] == 2 * seconds
    assert plan["jobs"][1]["seconds"] > 0


def test_a_selection_that_holds_no_job_says_so(workspace):
    workspace.jobs("rain")
    empty = [
        n
        for n in ("1/3", "2/3", "3/3")
        if not workspace.kirin("plan", "jobs.yaml", "--json", "--shard", n).data["jobs"]
    ]
    assert len(empty) == 2
    assert "there is no job to do" in workspace.kirin("plan", "jobs.yaml", "--shard", empty[0]).stderr
    assert workspace.kirin("run", "jobs.yaml", "--shard", empty[0], "--json").data["jobs"] == []


def test_what_is_wrong_with_a_file_is_said_by_plan_as_by_run(workspace):
    workspace.write("jobs:", "  - {name: rain, params: {prompt: ''}}")
    assert "jobs.yaml:4" in workspace.kirin("plan", "jobs.yaml", expect=2).stderr
    refused = workspace.kirin("plan", "jobs.yaml", "--json", "--report", "sarif=p.sarif", expect=2).data
    assert (refused["exit_code"], refused["jobs"], refused["totals"]["cost_usd"]) == (2, [], None)
    assert [(one["rule"], one["line"]) for one in refused["problems"]] == [("T1", 4)]
    results = json.loads((workspace.home.work / "p.sarif").read_text())["runs"][0]["results"]
    assert [one["ruleId"] for one in results] == ["T1"]


def test_an_error_is_json_too(workspace):
    workspace.jobs("rain")
    ended = workspace.kirin("plan", "jobs.yaml", "--json", "--shard", "3/2", "--report", "junit=p.xml", expect=2)
    assert "--shard" in ended.data["errors"][0]["message"]
    assert ET.parse(workspace.home.work / "p.xml").find(".//error").get("message") == ended.data["errors"][0]["message"]


def test_the_exit_code_says_whether_there_is_anything_to_do(workspace):
    workspace.jobs("rain")
    assert workspace.kirin("plan", "jobs.yaml", "--detailed-exitcode", expect=10).stdout.startswith("job")
    assert workspace.kirin("plan", "jobs.yaml", "--detailed-exitcode", "--json", expect=10).data["exit_code"] == 10
    workspace.kirin("run", "jobs.yaml")
    workspace.kirin("plan", "jobs.yaml", "--detailed-exitcode", expect=0)
    (workspace.renders / "rain.mp4").unlink()  # which is paid for: a run fetches it
    ended = workspace.kirin("plan", "jobs.yaml", "--detailed-exitcode", "--json", expect=10)
    assert [job["action"] for job in ended.data["jobs"]] == ["fetch"]
    workspace.write("jobs:", "  - {name: rain, params: {prompt: ''}}")
    workspace.kirin("plan", "jobs.yaml", "--detailed-exitcode", expect=2)
    assert workspace.paid == 1


def test_a_comment_for_a_pull_request_says_what_it_would_cost_and_where_that_is_known_from(workspace):
    workspace.jobs("rain", "snow")
    ended = workspace.kirin("plan", "jobs.yaml", *KNOWN, "--report", "markdown=-", "--report", "junit=p.xml")
    assert ended.stdout.startswith("## ✅ kirin plan: 2 send, likely cost $0.56\n")
    assert (
        "| 💸 | rain | send: it is new | kirin\\_v1\\_t2v | std | 5 | a rain | $0.28 | --assume-cost |" in ended.stdout
    )
    cases = ET.parse(workspace.home.work / "p.xml").findall(".//testcase")
    assert [(case.get("name"), case.get("file"), case.get("line")) for case in cases] == [
        ("rain", "jobs.yaml", "4"), ("snow", "jobs.yaml", "5"),
    ]  # fmt: skip
    assert workspace.paid == 0


def test_a_step_of_github_gets_the_plan_as_outputs_and_summary(workspace):
    workspace.jobs("rain")
    files = {name: str(workspace.home.root / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    workspace.kirin("plan", "jobs.yaml", *KNOWN, "--report", "github=auto", **files)
    outputs = (workspace.home.root / "GITHUB_OUTPUT").read_text(encoding="utf-8").splitlines()
    found = {one.partition("<<")[0]: outputs[at + 1] for at, one in enumerate(outputs) if "<<" in one}
    assert (found["send"], found["skip"], found["cost_usd"], found["exit_code"]) == ("1", "0", "0.28", "0")
    assert "likely cost $0.28" in (workspace.home.root / "GITHUB_STEP_SUMMARY").read_text(encoding="utf-8")


def test_plans_of_shards_are_joined_and_the_missing_one_is_said(workspace):
    workspace.jobs(*(f"j{number}" for number in range(6)))
    for shard in (1, 2):
        workspace.kirin("plan", "jobs.yaml", *KNOWN, "--shard", f"{shard}/3", "--report", f"json=all/{shard}.json")
    part = workspace.kirin("report", "--merge", "all", "--json", expect=8)
    assert "of 3 shards there is no result of: 3" in part.stderr
    workspace.kirin("plan", "jobs.yaml", *KNOWN, "--shard", "3/3", "--report", "json=all/3.json")
    whole = workspace.kirin("report", "--merge", "all", "--json").data
    assert (whole["kind"], len(whole["jobs"])) == ("plan", 6)
    assert whole["totals"] == {"send": 6, "cost_usd": "1.68", "seconds": None}
    assert workspace.kirin("report", "all").stdout.startswith("## ✅ kirin plan: 6 send, likely cost $1.68")


def test_a_folder_with_results_of_several_commands_is_a_report_of_its_runs(workspace):
    workspace.jobs("rain")
    workspace.kirin("plan", "jobs.yaml", "--report", "json=all/plan.json")
    workspace.kirin("validate", "jobs.yaml", "--report", "json=all/check.json")
    workspace.kirin("run", "jobs.yaml", "--report", "json=all/run.json")
    ended = workspace.kirin("report", "--merge", "all")
    assert ended.stdout.startswith("## ✅ kirin: 1 job, $0.28")
    assert "left out: 1 result of kirin plan" in ended.stderr


def test_a_limit_stops_before_it_is_passed_and_says_so(workspace):
    names = [f"j{number}" for number in range(6)]
    workspace.jobs(*names[:1])
    workspace.kirin("run", "jobs.yaml")
    workspace.jobs(*names)
    ran = workspace.kirin("run", "jobs.yaml", "--json", "--max-cost", "0.60", expect=5)
    assert sorted(ran.states.values()) == ["done", "done", "pending", "pending", "pending", "skipped"]
    assert Decimal(ran.data["totals"]["cost_usd"]) == Decimal("0.56")
    pending = next(job["error"] for job in ran.data["jobs"] if job["state"] == "pending")
    assert pending["message"] == (
        "it may cost $0.28 (the dearest of 3 earlier tasks), and --max-cost 0.60 leaves $0.04: not sent"
    )
    assert workspace.paid == 3


@pytest.mark.parametrize(("known", "sent"), [(False, 0), (True, 2)])
def test_a_limit_holds_without_waiting_too(workspace, known, sent):
    if known:
        workspace.jobs("before")
        workspace.kirin("run", "jobs.yaml")
    workspace.jobs(*"abcde")
    workspace.kirin("run", "jobs.yaml", "--no-wait", "--max-cost", "0.60", expect=5)
    assert workspace.paid == sent + known


def test_an_unknown_outcome_keeps_its_share_of_the_limit(workspace):
    workspace.serve(faults=["post:503@1", *(f"query:503@{n}" for n in range(2, 40))])
    workspace.jobs("a", "b")
    ran = workspace.kirin("run", "jobs.yaml", "--json", "--max-cost", "0.30", "--timeout", "0.5s", *KNOWN, expect=6)
    assert sorted(ran.states.values()) == ["pending", "unknown"]
    assert workspace.paid == 0


def test_what_was_made_before_does_not_count_against_the_limit(workspace):
    workspace.write(
        "output: {name: '{job}-{task_id}.{ext}'}",
        "jobs:",
        *(f"  - {{name: {n}, params: {{prompt: {n}}}}}" for n in "abc"),
    )
    workspace.kirin("run", "jobs.yaml", "--only", "[ab]")
    ran = workspace.kirin("run", "jobs.yaml", "--json", "--max-cost", "0.30")
    assert ran.states == {"a": "skipped", "b": "skipped", "c": "done"}


@pytest.mark.parametrize("limit", ["0", "-1", "1e3", "NaN", "a lot"])
def test_a_limit_that_is_no_amount_is_refused(workspace, limit):
    workspace.jobs("rain")
    assert "--max-cost is" in workspace.kirin("run", "jobs.yaml", f"--max-cost={limit}", expect=2).stderr
    assert workspace.paid == 0
