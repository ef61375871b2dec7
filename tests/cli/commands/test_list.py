"""`list`, `usage`, `models`, `schema`: what is there, what it cost, what can be asked."""

import csv
import io
import json

import pytest

KEYS = {
    "task_id", "external_task_id", "state", "model", "job", "file", "take", "origin", "posts", "cost_usd", "created_at",
    "sent_at", "accepted_at", "generated_at", "updated_at", "request", "outputs", "error",
}  # fmt: skip


@pytest.fixture
def busy(workspace):
    """Two jobs of one file, one of another model and file, one that failed."""
    workspace.serve(faults=["task:fail=002001095@4"])
    workspace.jobs("rain", "snow", name="a.yaml")
    workspace.write(
        "jobs:", "  - {name: fog, model: kirin_video_o1, params: {prompt: fog, aspect_ratio: '1:1'}}", name="b.yaml"
    )
    workspace.jobs("hail", name="c.yaml")
    workspace.kirin("run", "a.yaml")
    workspace.kirin("run", "b.yaml")
    workspace.kirin("run", "c.yaml", expect=1)
    return workspace


def listed(workspace, *flags):
    return [task["job"] for task in workspace.kirin("list", "--json", *flags, KIRIN_API_KEY="").data["tasks"]]


def test_tasks_are_listed_newest_first_through_filters(busy):
    everything = busy.kirin("list", "--json").data["tasks"]
    assert all(set(task) >= KEYS for task in everything)
    assert [task["job"] for task in everything][:2] == ["hail", "fog"]
    assert everything[0]["error"]["code"] == "002001095"
    assert listed(busy, "--state", "failed") == ["hail"]
    assert listed(busy, "--state", "failed", "--state", "done", "-n", "2") == ["hail", "fog"]
    assert listed(busy, "--model", "kirin_video_o1") == ["fog"]
    assert listed(busy, "--model", "video-o1") == ["fog"]
    assert listed(busy, "--file", "b.yaml") == ["fog"]
    assert listed(busy, "--file", str(busy.home.work / "b.yaml")) == ["fog"]
    assert len(listed(busy, "--since", "1h")) == 4
    shown = busy.kirin("list").stdout.splitlines()
    assert shown[0].split() == ["task", "state", "model", "job", "cost", "created"]
    assert len(shown) == 5
    used = busy.kirin("usage", "--json", KIRIN_API_KEY="").data
    assert used["groups"]["kirin_v1_t2v"] == {"videos": 2, "cost_usd": "0.56", "maybe": 0}
    assert used["total"]["videos"] == 3
    assert set(used) >= {"by", "groups", "total"}
    by_file = busy.kirin("usage", "--by", "file", "--csv").stdout
    rows = list(csv.DictReader(io.StringIO(by_file)))
    assert [(row["file"].rpartition("/")[2], row["videos"]) for row in rows] == [
        ("a.yaml", "2"),
        ("b.yaml", "1"),
        ("c.yaml", "0"),
    ]
    assert list(rows[0]) == ["file", "videos", "cost_usd", "maybe"]
    by_day = busy.kirin("usage", "--by", "day", "--since", "1d").stdout
    assert by_day.split("\n")[-2].split()[:2] == ["total", "3"]


def test_nothing_to_list_is_said_and_is_no_data(workspace):
    empty = workspace.kirin("list")
    assert (empty.stdout, empty.stderr) == ("", "the ledger has no such tasks\n")
    assert workspace.kirin("usage", "--json").data["total"] == {"videos": 0, "cost_usd": "0", "maybe": 0}


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("list", "--state", "runing"), "there is no state"),
        (("list", "--since", "yesterday"), "--since"),
        (("list", "--model", "video-o2"), "did you mean"),
        (("usage", "--by", "modle"), "did you mean"),
        (("models", "kirin_v2_t2v"), "did you mean"),
    ],
)
def test_a_wrong_word_is_refused_with_the_nearest(workspace, command, words):
    assert words in workspace.kirin(*command, expect=2).stderr


def test_H1_a_job_file_with_a_hostile_name_is_harmless_in_every_list(workspace):
    workspace.jobs("rain", name="a\x1b[31m.yaml")
    workspace.kirin("run", "a\x1b[31m.yaml")
    said = [
        workspace.kirin("list"),
        workspace.kirin("usage", "--by", "file"),
        workspace.kirin("usage", "--by", "file", "--csv"),
    ]
    assert "\x1b" not in "".join(one.stdout + one.stderr for one in said)


def test_models_and_schema_need_nothing(workspace):
    assert len(workspace.kirin("models", "--json").data["models"]) == 5
    one = workspace.kirin("models", "v1-t2v", "--json").data
    assert one["id"] == "kirin_v1_t2v"
    assert "camera_control" in workspace.kirin("models", "kirin_v1_t2v").stdout
    assert "video-o1" in workspace.kirin("models").stdout
    assert json.loads(workspace.kirin("schema").stdout)["$schema"].startswith("http://json-schema.org/draft-07")
