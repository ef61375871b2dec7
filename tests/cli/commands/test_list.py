"""`list`, `usage`, `models`, `schema`: what is there, what it cost, what can be asked."""

import csv
import io
import json
import time

import pytest

KEYS = {
    "task_id", "external_task_id", "state", "model", "job", "file", "take", "origin", "posts", "cost_usd", "created_at",
    "sent_at", "accepted_at", "generated_at", "updated_at", "request", "outputs", "error", "detail",
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
    assert len(listed(busy, "--since", time.strftime("%Y-%m-%d"))) == 4
    assert listed(busy, "--since", "2999-01-01") == []
    assert listed(busy, "fog") == listed(busy, "B.YAML") == ["fog"]
    assert listed(busy, "a", "rain") == ["rain"]
    cut = busy.kirin("list", "-n", "2", "--json")
    assert (cut.data["is_cut"], len(cut.data["tasks"])) == (True, 2)
    assert "these are the newest 2; there are more: --all, or -n 4" in busy.kirin("list", "-n", "2").stderr
    assert "there are more" not in busy.kirin("list", "-n", "4").stderr + busy.kirin("list", "--all").stderr
    shown = busy.kirin("list").stdout.splitlines()
    assert shown[0].split() == ["when", "state", "model", "job", "prompt", "file", "cost", "task"]
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


def test_states_are_the_words_of_a_run_and_the_finer_ones_of_the_ledger(busy):
    busy.serve(speed=0.01, key=busy.environ["KIRIN_API_KEY"])
    busy.jobs("slow", name="d.yaml")
    busy.kirin("run", "d.yaml", "--no-wait")
    (slow,) = busy.kirin("list", "--json", "--state", "pending").data["tasks"]
    assert (slow["job"], slow["state"], slow["detail"]) == ("slow", "pending", "accepted")
    assert listed(busy, "--state", "accepted") == ["slow"]
    assert listed(busy, "--state", "running") == []
    assert listed(busy, "--all-services", "--state", "failed", "--state", "accepted") == ["slow", "hail"]
    assert "pending (accepted)" in busy.kirin("list").stdout
    shown = busy.kirin("show", slow["task_id"], "--json").data
    assert (shown["state"], shown["detail"]) == ("pending", "accepted")
    for word in ("done", "failed", "rejected", "pending", "unknown", "expired"):
        busy.kirin("list", "--state", word)
    assert "known are" in busy.kirin("list", "--state", "zzz", expect=2).stderr


def test_list_and_usage_speak_of_the_service_of_the_settings_and_say_what_they_leave_out(busy):
    first = busy.environ["KIRIN_BASE_URL"]
    busy.serve(key=busy.environ["KIRIN_API_KEY"])
    busy.jobs("elsewhere", name="d.yaml")
    empty = busy.kirin("list")
    assert (empty.stdout, "4 tasks of 1 other service not shown: --all-services" in empty.stderr) == ("", True)
    busy.kirin("run", "d.yaml")
    assert listed(busy) == ["elsewhere"]
    data = busy.kirin("list", "--json").data
    assert (data["service"], data["left_out"]) == (busy.environ["KIRIN_BASE_URL"], {"tasks": 4, "services": 1})
    assert listed(busy, "--base-url", first) == ["hail", "fog", "snow", "rain"]
    assert len(listed(busy, "--all-services")) == 5
    assert first in busy.kirin("list", "--all-services").stdout
    used = busy.kirin("usage", "--json").data
    assert (used["total"]["cost_usd"], used["left_out"]["tasks"]) == ("0.28", 4)
    assert "4 tasks of 1 other service not shown" in busy.kirin("usage").stderr
    every = busy.kirin("usage", "--json", "--all-services").data
    assert (every["total"], every["services"][first]["total"]["videos"]) == (used["total"], 3)
    table = busy.kirin("usage", "--all-services").stdout.splitlines()
    assert sum("total" in line for line in table) == 2
    by_service = busy.kirin("usage", "--by", "service", "--csv").stdout.splitlines()
    assert (by_service[0], len(by_service)) == ("service,videos,cost_usd,maybe", 3)
    rows = busy.kirin("usage", "--by", "month", "--jsonl").stdout.splitlines()
    assert [json.loads(row)["service"] for row in rows] == [busy.environ["KIRIN_BASE_URL"]]


def test_the_money_of_a_sandbox_is_no_money(workspace):
    workspace.jobs("rain")
    ran = workspace.kirin("run", "jobs.yaml", "--sandbox")
    assert "nothing was paid, and what it says of costs is pretended" in ran.stderr
    workspace.jobs("snow", "hail")
    assert "$0.56 pretended" in workspace.kirin("run", "jobs.yaml", "--sandbox").stderr
    assert workspace.kirin("v1-t2v", "x", "--sandbox", "--json").data["sandbox"] is True
    assert workspace.kirin("usage", "--all-services", "--json").data["total"]["cost_usd"] == "0"
    assert "pretended" not in workspace.kirin("v1-t2v", "x").stderr


def test_nothing_to_list_is_said_and_is_no_data(workspace):
    empty = workspace.kirin("list")
    assert (empty.stdout, empty.stderr) == ("", "the ledger has no such tasks\n")
    assert workspace.kirin("usage", "--json").data["total"] == {"videos": 0, "cost_usd": "0", "maybe": 0}


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("list", "--state", "runing"), "there is no state"),
        (("list", "--since", "yesterday"), "--since"),
        (("list", "--since", "2026-13-01"), "such as 2026-11-28"),
        (("list", "--all", "-n", "3"), "cannot both say how many"),
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
