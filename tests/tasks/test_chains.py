"""Jobs that need what other jobs make, as commands see them."""

import shutil

from support.job_lines import follower

CHAIN = (follower("last", "middle"), follower("middle", "first"), "  - {name: first, params: {prompt: rain}}")
ALONE = "  - {name: alone, params: {prompt: snow}}"


def requests(workspace):
    """What the service was asked for, by model, in the order in which it came."""
    return [task.model.id for task in workspace.sandbox.tasks._tasks.values()]


def test_a_chain_is_made_in_order_with_fresh_urls(workspace):
    workspace.write("jobs:", *CHAIN, ALONE)
    plan = workspace.kirin("plan", "jobs.yaml", "--json").data
    assert [(job["name"], job["action"]) for job in plan["jobs"]] == [
        (n, "send") for n in ("last", "middle", "first", "alone")
    ]
    ran = workspace.kirin("run", "jobs.yaml", "--json")
    assert [job["name"] for job in ran.data["jobs"]] == ["last", "middle", "first", "alone"]
    assert set(ran.states.values()) == {"done"}
    assert [model for model in requests(workspace) if model == "kirin_video_o1"] == ["kirin_video_o1"] * 2
    told = ran.stderr.index
    assert told("first: completed") < told("middle: sending") < told("middle: completed") < told("last: sending")
    ids = {job["name"]: job["external_task_id"] for job in ran.data["jobs"]}
    assert ids == {job["name"]: job["external_task_id"] for job in plan["jobs"]}
    again = workspace.kirin("run", "jobs.yaml", "--json")
    assert set(again.states.values()) == {"skipped"}


def test_a_need_that_is_done_already_is_skipped_and_asked_for_its_url(workspace):
    workspace.write("jobs:", *CHAIN)
    workspace.kirin("run", "jobs.yaml", "--only", "first")
    shutil.rmtree(workspace.home.state)
    ran = workspace.kirin("run", "jobs.yaml", "--json", "--only", "middle")
    assert ran.states == {"middle": "done", "first": "skipped"}
    assert workspace.paid == 2


def test_a_failure_fails_all_that_follow_with_its_reason(workspace):
    workspace.serve(faults=["task:fail=002001095@1"])
    workspace.write("jobs:", *CHAIN)
    ran = workspace.kirin("run", "jobs.yaml", "--json", expect=1)
    assert set(ran.states.values()) == {"failed"}
    last, middle, first = (job["error"] for job in ran.data["jobs"])
    assert middle["message"] == f"job first has no result for it: {first['message']}"
    assert last["message"] == f"job middle has no result for it: {middle['message']}"
    assert {last["charged"], middle["charged"]} == {"no"}
    assert workspace.paid == 1
    ran = workspace.kirin("run", "jobs.yaml", "--json", "--retry-failed")
    assert ran.states == {"last": "done", "middle": "done", "first": "done"}


def test_what_a_result_is_not_there_for_yet_stays_pending(workspace):
    workspace.write("jobs:", *CHAIN)
    begun = workspace.kirin("run", "jobs.yaml", "--json", "--no-wait", expect=8)
    assert set(begun.states.values()) == {"pending"}
    errors = {job["name"]: job["error"] for job in begun.data["jobs"]}
    assert errors["first"] is None
    assert errors["middle"]["message"] == "job first has no result for it: it is only accepted"
    assert errors["middle"]["hint"] == "run the job file again"
    resumed = workspace.kirin("resume", "--json")
    assert resumed.states == {"first": "done"}
    assert resumed.stderr.startswith(
        "1 task to wait for\n2 jobs of jobs.yaml were never sent: kirin run jobs.yaml sends them\n"
    )
    assert "hint" not in resumed.stderr
    assert workspace.kirin("run", "jobs.yaml", "--json").states == {
        "last": "done",
        "middle": "done",
        "first": "skipped",
    }
    assert workspace.paid == 3


def test_an_unknown_need_leaves_what_follows_pending(workspace):
    workspace.serve(faults=["post:503@1", *(f"query:503@{number}" for number in range(2, 40))])
    workspace.write("jobs:", *CHAIN[1:])
    ran = workspace.kirin("run", "jobs.yaml", "--json", "--timeout", "0.1s", expect=6)
    assert ran.states["first"] == "unknown"
    assert ran.states["middle"] == "pending"
    assert workspace.paid == 0


def test_a_result_that_the_service_no_longer_gives_fails_the_follower_uncharged(workspace):
    workspace.write("jobs:", *CHAIN[1:])
    workspace.kirin("run", "jobs.yaml", "--only", "first")
    workspace.serve(key=str(workspace.sandbox.key))  # which has never heard of it
    shutil.rmtree(workspace.home.state)
    origin = workspace.environ["KIRIN_BASE_URL"]
    note = workspace.renders / "first.json"
    fresh = workspace.kirin("plan", "jobs.yaml", "--json", "--force").data["jobs"][1]["external_task_id"]
    text = note.read_text()
    note.write_text(
        text.replace(text.split('"external_task_id": "')[1].split('"')[0], fresh).replace("http://127", origin[:10])
    )
    ran = workspace.kirin("run", "jobs.yaml", "--json", expect=1)
    assert ran.states == {"middle": "failed", "first": "skipped"}
    assert "the service no longer gives its result" in ran.data["jobs"][0]["error"]["message"]
    assert workspace.paid == 0


def test_a_key_that_is_refused_while_a_url_is_asked_for_ends_the_run_at_once(workspace):
    workspace.write("jobs:", *CHAIN[1:])
    workspace.kirin("run", "jobs.yaml", "--only", "first")
    ran = workspace.kirin("run", "jobs.yaml", "--json", KIRIN_API_KEY="sandbox-another-key", expect=4)
    assert ran.states == {"middle": "pending", "first": "skipped"}
    assert workspace.paid == 1


def test_a_circle_is_an_error_at_its_line(workspace):
    workspace.write("jobs:", follower("a", "b"), follower("b", "a"))
    refused = workspace.kirin("run", "jobs.yaml", expect=2)
    assert "jobs.yaml:4" in refused.stderr
    assert "circle" in refused.stderr
