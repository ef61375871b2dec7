"""`show`, `wait`, `download`, `resume`: tasks of the ledger by any piece of an id, and tasks of the service alone."""

import hashlib
import json
import shutil

import pytest
from support.pictures import png


@pytest.fixture
def made(workspace):
    """A job that is done, with its entry in the ledger."""
    workspace.jobs("rain")
    workspace.kirin("run", "jobs.yaml")
    return workspace.entries()["rain"]


def test_show_tells_everything_and_its_shape_only_grows(workspace, made):
    for given in (made.task_id, made.external_id, made.external_id[:12], made.task_id[:9]):
        assert made.task_id in workspace.kirin("show", given).stdout
    data = workspace.kirin("show", made.task_id, "--json", KIRIN_API_KEY="").data
    assert set(data) >= {
        "task_id", "external_task_id", "state", "model", "job", "file", "take", "origin", "posts", "cost_usd",
        "created_at", "sent_at", "accepted_at", "generated_at", "updated_at", "request", "outputs", "error", "events",
    }  # fmt: skip
    assert (data["state"], data["cost_usd"], data["posts"], data["take"]) == ("done", "0.28", 1, 1)
    assert data["request"] == {"model": "kirin_v1_t2v", "params": {"prompt": "a rain"}}
    assert data["outputs"][0]["path"].endswith("rain.mp4")
    events = [(event["event"], event["from"], event["to"]) for event in data["events"]]
    assert events[:3] == [
        ("intend", "intent", "intent"),
        ("send", "intent", "sending"),
        ("accepted", "sending", "accepted"),
    ]
    assert set(data["events"][0]) >= {"at", "event", "from", "to", "why", "task_id"}


def test_H1_a_prompt_full_of_control_characters_is_shown_escaped(workspace):
    prompt = "a \u202ereversed\u202c \x9b31m name"
    workspace.write("jobs:", f"  - {{name: rain, params: {{prompt: {json.dumps(prompt)}}}}}")
    workspace.kirin("run", "jobs.yaml")
    entry = workspace.entries()["rain"]
    shown = workspace.kirin("show", entry.task_id).stdout
    assert "\\u202ereversed" in shown
    listed = [
        workspace.kirin(*command, "--json") for command in (("show", entry.task_id), ("list",), ("plan", "jobs.yaml"))
    ]
    assert all(one.stdout.isascii() for one in listed)
    assert listed[0].data["request"]["params"]["prompt"] == prompt
    assert "\u202e" not in shown + "".join(one.stdout for one in listed)


def test_a_task_is_called_by_its_job_its_file_or_last_in_every_command(workspace, made):
    names = ["rain", "renders/rain.mp4", "renders/rain.json", "last", "last~0"]
    for name in names:
        assert workspace.kirin("show", name, "--json").data["task_id"] == made.task_id
    for command in ("wait", "download", "resume"):
        assert workspace.kirin(command, *names, "--json").states == {"rain": "skipped"}
    assert f"{made.external_id} is done" in workspace.kirin("resolve", "last", "--abandon", expect=2).stderr
    (workspace.renders / "rain.mp4").unlink()
    assert workspace.kirin("download", "renders/rain.mp4", "--json").states == {"rain": "done"}
    assert "The ledger has 1 task" in workspace.kirin("wait", "last~1", expect=2).stderr


def test_show_names_the_files_that_a_video_was_made_from(workspace):
    picture = workspace.home.work / "cup.png"
    picture.write_bytes(png(400, 400))
    workspace.kirin("v1-5-i2v", "orbit", "--image", "cup.png")
    (given,) = workspace.kirin("show", "last", "--json").data["inputs"]
    digest = hashlib.sha256(picture.read_bytes()).hexdigest()
    assert given == {"param": "image", "path": str(picture), "sha256": digest}
    assert str(picture) in workspace.kirin("show", "last").stdout


def test_an_id_that_could_be_several_names_them(workspace):
    workspace.jobs("rain", "snow")
    workspace.kirin("run", "jobs.yaml")
    refused = workspace.kirin("show", "krn1-", expect=2)
    assert "krn1- could be any of: krn1-" in refused.stderr
    assert "Give more of the id" in refused.stderr


def test_show_asks_the_service_for_what_the_ledger_does_not_know(workspace):
    task_id = workspace.create_elsewhere(external_task_id="elsewhere-1")
    data = workspace.kirin("show", "elsewhere-1", "--json").data
    assert (data["task_id"], data["external_task_id"], data["model"]) == (task_id, "elsewhere-1", "kirin_v1_t2v")
    assert data["state"] == "pending"
    assert data["events"] == []
    assert "the service says" in workspace.kirin("show", task_id).stderr
    assert not workspace.entries()
    assert "neither has the service" in workspace.kirin("show", "nobody", expect=2).stderr
    assert "The ledger has no task" in workspace.kirin("show", "nobody", expect=2, KIRIN_API_KEY="").stderr


def test_download_fetches_again_free_of_charge_and_leaves_what_is_whole(workspace, made):
    path = workspace.renders / "rain.mp4"
    whole = path.read_bytes()
    untouched = path.stat().st_mtime_ns
    assert workspace.kirin("download", made.task_id, "--json").states == {"rain": "skipped"}
    assert path.stat().st_mtime_ns == untouched
    path.unlink()
    ran = workspace.kirin("download", made.external_id[:14])
    assert ran.stdout == f"{path}\n"
    assert path.read_bytes() == whole
    workspace.kirin("download", made.task_id, "-o", "films")
    assert (workspace.home.work / "films/rain.mp4").read_bytes() == whole
    workspace.kirin("download", made.task_id, "-o", "clip.mp4")
    assert (workspace.home.work / "clip.mp4").read_bytes() == whole
    assert workspace.paid == 1


def test_D14_download_replaces_nobodys_file_unless_forced(workspace, made):
    path = workspace.renders / "rain.mp4"
    whole = path.read_bytes()
    (workspace.renders / "rain.json").unlink()
    path.write_bytes(b"mine")
    refused = workspace.kirin("download", made.task_id, expect=9)
    assert "is there already and was not made by kirin" in refused.stderr
    assert path.read_bytes() == b"mine"
    workspace.kirin("download", made.task_id, "--force")
    assert path.read_bytes() == whole


def test_D14_one_file_for_several_tasks_is_refused(workspace):
    workspace.jobs("rain", "snow")
    workspace.kirin("run", "jobs.yaml")
    ids = [entry.task_id for entry in workspace.entries().values()]
    assert (
        "names one file for 2 tasks" in workspace.kirin("download", *ids, "-o", "clip.mp4", "--force", expect=2).stderr
    )
    assert workspace.kirin("download", ids[0], ids[0], "-o", "clip.mp4").stdout == "clip.mp4\n"


def test_D14_a_place_that_is_refused_is_not_kept(workspace):
    """Every later command would go there, and fail there too."""
    workspace.kirin("v1-t2v", "rain", "-o", "a.mp4")
    task_id = workspace.kirin("v1-t2v", "snow", "-o", "b.mp4", "--no-wait").stdout.strip()
    (workspace.home.work / "a").write_text("no folder")
    for place, code in (("a.mp4", 2), ("a/b.mp4", 9)):
        workspace.kirin("wait", task_id, "-o", place, expect=code)
    assert workspace.kirin("resume").stdout == f"{workspace.home.work / 'b.mp4'}\n"
    ids = [entry.task_id for entry in workspace.all_entries()]
    assert workspace.kirin("download", *ids, "-o", "films").stdout == "films/a.mp4\nfilms/b.mp4\n"
    (workspace.home.work / "sub").mkdir()
    workspace.kirin("v1-t2v", "fog", "-o", "sub/a.mp4")
    twice = workspace.kirin("download", ids[0], workspace.all_entries()[-1].task_id, "-o", "both", expect=2)
    assert "is where the video of job" in twice.stderr
    assert workspace.paid == 3


def test_wait_takes_tasks_that_only_the_service_knows(workspace):
    task_id = workspace.create_elsewhere(external_task_id="elsewhere-1")
    workspace.create_elsewhere(external_task_id="elsewhere-2")
    ran = workspace.kirin("wait", task_id, "elsewhere-2", "--json")
    assert sorted(job["state"] for job in ran.data["jobs"]) == ["done", "done"]
    assert len(list(workspace.home.work.glob("*.mp4"))) == 2
    assert workspace.kirin("wait", task_id, "--json").data["jobs"][0]["state"] == "skipped"
    assert "neither has the service" in workspace.kirin("wait", "nobody", expect=2).stderr
    assert workspace.paid == 2


def test_wait_and_download_send_nothing(workspace):
    workspace.serve(faults=["post:503"])
    workspace.jobs("rain")
    workspace.kirin("run", "jobs.yaml", "--timeout", "0.1s", expect=6)
    entry = workspace.entries()["rain"]
    waited = workspace.kirin("wait", entry.external_id, "--timeout", "0.3s", "--json", expect=6)
    assert waited.states == {"rain": "unknown"}
    assert workspace.entries()["rain"].counters.posts == entry.counters.posts
    assert workspace.paid == 0


def test_without_waiting_the_task_ids_are_printed_and_what_to_type_later(workspace):
    begun = workspace.kirin("v1-t2v", "a boat", "--no-wait")
    (task_id,) = begun.stdout.split()
    assert f"later: kirin wait {task_id}\n" in begun.stderr
    workspace.jobs("rain", "snow")
    several = workspace.kirin("run", "jobs.yaml", "--no-wait")
    assert len(several.stdout.splitlines()) == 2
    assert "later: kirin wait\n" in several.stderr
    assert workspace.kirin("wait", *several.stdout.split(), "--json").states == {"rain": "done", "snow": "done"}


def test_a_sandbox_that_ends_with_the_command_is_waited_for(workspace):
    refused = workspace.kirin("v1-t2v", "a boat", "--no-wait", "--sandbox", expect=2)
    assert "the sandbox, and all that it makes, ends with this command" in refused.stderr


def test_resume_finishes_what_was_left_and_has_nothing_to_do_then(workspace):
    workspace.jobs("rain", "snow")
    workspace.kirin("run", "jobs.yaml", "--no-wait")
    assert workspace.kirin("resume", "--json").states == {"rain": "done", "snow": "done"}
    assert workspace.videos == ["rain.mp4", "snow.mp4"]
    nothing = workspace.kirin("resume", "--json")
    assert nothing.data["jobs"] == []
    assert workspace.paid == 2


@pytest.mark.parametrize("command", ["resume", "wait", "download"])
def test_promise_8_what_was_never_sent_is_named_and_left_to_its_job_file(workspace, command):
    workspace.serve(faults=["post:402*1"])
    workspace.jobs("rain", "snow")
    workspace.kirin("run", "jobs.yaml", "-j", "1", expect=5)
    assert workspace.kirin(command, KIRIN_API_KEY="", expect=4).stderr.startswith("error: the API key")
    left = workspace.kirin(command, "--json")
    assert left.data["jobs"] == []
    assert (
        left.stderr == "there is nothing to do\n2 jobs of jobs.yaml were never sent: kirin run jobs.yaml sends them\n"
    )
    assert workspace.kirin(command, "--quiet").stderr == ""
    named = workspace.kirin(command, workspace.entries()["rain"].external_id, expect=8)
    assert "this command submits nothing: not sent" in named.stderr
    assert f"kirin run {workspace.home.work / 'jobs.yaml'} sends it" in named.stderr
    assert workspace.paid == 0
    assert workspace.kirin("run", "jobs.yaml", "--json").states == {"rain": "done", "snow": "done"}
    assert workspace.paid == 2


def test_promise_8_without_ids_all_three_take_up_all_that_is_unfinished_and_say_so_before(workspace):
    for command in ("resume", "wait", "download"):
        name = f"{command}-job"
        workspace.jobs(name)
        workspace.kirin("run", "jobs.yaml", "--no-wait")
        ran = workspace.kirin(command, "--json")
        assert ran.states == {name: "done"}
        assert ran.stderr.startswith("1 task to wait for\n")
    assert workspace.paid == 3


def test_resume_takes_ids(workspace):
    workspace.jobs("rain", "snow")
    workspace.kirin("run", "jobs.yaml", "--no-wait")
    rain = workspace.entries()["rain"]
    assert workspace.kirin("resume", str(rain.task_id), "--json").states == {"rain": "done"}
    assert workspace.kirin("resume", "--json").states == {"snow": "done"}


def test_promise_8_notes_of_what_is_done_keep_ndjson_whole(workspace):
    noted = workspace.kirin("resume", "--progress", "json").stderr.splitlines()
    assert [json.loads(line)["text"] for line in noted] == ["there is nothing to do"]


def test_after_the_ledger_is_lost_the_same_file_adopts_what_the_service_has(workspace):
    workspace.jobs("rain")
    workspace.kirin("run", "jobs.yaml", "--no-wait")
    shutil.rmtree(workspace.home.state)
    assert workspace.kirin("run", "jobs.yaml", "--json").states == {"rain": "done"}
    assert workspace.paid == 1
