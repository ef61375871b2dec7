"""`kirin plan` before, while and after; and `--max-cost`, which fails closed."""

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
    assert plan["totals"] == {"send": 1, "cost_usd": None}
    shown = workspace.kirin("plan", "jobs.yaml")
    assert "no price known yet" in shown.stdout
    assert shown.stderr == "1 send; no price known yet\n"
    assert not workspace.renders.exists()


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
    assert shown.stderr == "1 skip, 2 send; likely cost $0.56\n"
    plan = workspace.kirin("plan", "jobs.yaml", "--json").data
    assert plan["totals"] == {"skip": 1, "send": 2, "cost_usd": "0.56"}
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
    workspace.serve(faults=["post:503@1", "query:503"])
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
