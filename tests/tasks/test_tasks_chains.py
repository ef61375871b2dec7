"""Jobs that need what other jobs make, as commands see them."""

import shutil

from support.job_lines import follower

CHAIN = (follower("last", "middle"), follower("middle", "first"), "  - {name: first, params: {prompt: rain}}")
ALONE = "  - {name: alone, params: {prompt: snow}}"


def requests(desk):
    """What the service was asked for, by model, in the order in which it came."""
    return [task.model.id for task in desk.sandbox.tasks._tasks.values()]


def test_a_chain_is_made_in_order_with_fresh_urls(desk):
    desk.write("jobs:", *CHAIN, ALONE)
    plan = desk.kirin("plan", "jobs.yaml", "--json").data
    assert [(job["name"], job["action"]) for job in plan["jobs"]] == [
        (n, "send") for n in ("last", "middle", "first", "alone")
    ]
    ran = desk.kirin("run", "jobs.yaml", "--json")
    assert [job["name"] for job in ran.data["jobs"]] == ["last", "middle", "first", "alone"]
    assert set(ran.states.values()) == {"done"}
    assert [model for model in requests(desk) if model == "kirin_video_o1"] == ["kirin_video_o1"] * 2
    told = ran.stderr.index
    assert told("first: completed") < told("middle: sending") < told("middle: completed") < told("last: sending")
    ids = {job["name"]: job["external_task_id"] for job in ran.data["jobs"]}
    assert ids == {job["name"]: job["external_task_id"] for job in plan["jobs"]}
    again = desk.kirin("run", "jobs.yaml", "--json")
    assert set(again.states.values()) == {"skipped"}


def test_a_need_that_is_done_already_is_skipped_and_asked_for_its_url(desk):
    desk.write("jobs:", *CHAIN)
    desk.kirin("run", "jobs.yaml", "--only", "first")
    shutil.rmtree(desk.home.state)
    ran = desk.kirin("run", "jobs.yaml", "--json", "--only", "middle")
    assert ran.states == {"middle": "done", "first": "skipped"}
    assert desk.paid == 2


def test_a_failure_fails_all_that_follow_with_its_reason(desk):
    desk.serve(faults=["task:fail=002001095@1"])
    desk.write("jobs:", *CHAIN)
    ran = desk.kirin("run", "jobs.yaml", "--json", expect=1)
    assert set(ran.states.values()) == {"failed"}
    last, middle, first = (job["error"] for job in ran.data["jobs"])
    assert middle["message"] == f"job first has no result for it: {first['message']}"
    assert last["message"] == f"job middle has no result for it: {middle['message']}"
    assert {last["charged"], middle["charged"]} == {"no"}
    assert desk.paid == 1
    ran = desk.kirin("run", "jobs.yaml", "--json", "--retry-failed")
    assert ran.states == {"last": "done", "middle": "done", "first-2": "done"}


def test_what_a_result_is_not_there_for_yet_stays_pending(desk):
    desk.write("jobs:", *CHAIN)
    begun = desk.kirin("run", "jobs.yaml", "--json", "--no-wait", expect=8)
    assert set(begun.states.values()) == {"pending"}
    errors = {job["name"]: job["error"] for job in begun.data["jobs"]}
    assert errors["first"] is None
    assert errors["middle"]["message"] == "job first has no result for it: it is only accepted"
    assert errors["middle"]["hint"] == "run the job file again"
    resumed = desk.kirin("resume", "--json", expect=9)
    assert resumed.states == {"first": "done", "middle": "pending", "last": "pending"}
    assert "it needs what another job makes" in resumed.stderr
    assert "hint: run its job file again" in resumed.stderr
    assert desk.kirin("run", "jobs.yaml", "--json").states == {"last": "done", "middle": "done", "first": "skipped"}
    assert desk.paid == 3


def test_an_unknown_need_leaves_what_follows_pending(desk):
    desk.serve(faults=["post:503@1", "query:503"])
    desk.write("jobs:", *CHAIN[1:])
    ran = desk.kirin("run", "jobs.yaml", "--json", "--timeout", "0.1s", expect=6)
    assert ran.states["first"] == "unknown"
    assert ran.states["middle"] == "pending"
    assert desk.paid == 0


def test_a_result_that_the_service_no_longer_gives_fails_the_follower_uncharged(desk):
    desk.write("jobs:", *CHAIN[1:])
    desk.kirin("run", "jobs.yaml", "--only", "first")
    desk.serve(key=str(desk.sandbox.key))  # which has never heard of it
    shutil.rmtree(desk.home.state)
    origin = desk.environ["KIRIN_BASE_URL"]
    note = desk.renders / "first.json"
    fresh = desk.kirin("plan", "jobs.yaml", "--json", "--force").data["jobs"][1]["external_task_id"]
    text = note.read_text()
    note.write_text(
        text.replace(text.split('"external_task_id": "')[1].split('"')[0], fresh).replace("http://127", origin[:10])
    )
    ran = desk.kirin("run", "jobs.yaml", "--json", expect=1)
    assert ran.states == {"middle": "failed", "first": "skipped"}
    assert "the service no longer gives its result" in ran.data["jobs"][0]["error"]["message"]
    assert desk.paid == 0


def test_a_key_that_is_refused_while_a_url_is_asked_for_ends_the_run_at_once(desk):
    desk.write("jobs:", *CHAIN[1:])
    desk.kirin("run", "jobs.yaml", "--only", "first")
    ran = desk.kirin("run", "jobs.yaml", "--json", KIRIN_API_KEY="sandbox-another-key", expect=4)
    assert ran.states == {"middle": "pending", "first": "skipped"}
    assert desk.paid == 1


def test_a_circle_is_an_error_at_its_line(desk):
    desk.write("jobs:", follower("a", "b"), follower("b", "a"))
    refused = desk.kirin("run", "jobs.yaml", expect=2)
    assert "jobs.yaml:4" in refused.stderr
    assert "circle" in refused.stderr
