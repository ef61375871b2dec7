"""What `--max-cost` buys where prices are known, and that it buys nothing where they are not (fault S20)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from faults.bench import Bench
from loopback import faults
from support.command_line import CommandResult
from support.videos import FTYP, box, movie, track
from support.workspace import Workspace, open_workspace

from kirin_cli.api.upload import STORAGE_PATH

WAYS = ("--assume-cost USD", "[prices]", "without --max-cost")


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path) as workspace:
        workspace.environ["KIRIN_UPLOAD_URL"] = workspace.sandbox.base_url + STORAGE_PATH
        yield workspace


def edit(workspace: Workspace, seconds: int, *flags: str, expect: int = 0) -> CommandResult:
    """Edit a local video of so many seconds."""
    path = workspace.home.work / f"{seconds}.mp4"
    moov = movie(track(frames=((30 * seconds, 512),)), ticks=1000 * seconds)
    path.write_bytes(FTYP + moov + box(b"mdat", bytes(5000)))
    return workspace.kirin("video-o1", "snow", "--video", str(path), *flags, "-o", "made/", expect=expect)


def test_S20_on_a_fresh_ledger_a_limit_buys_nothing_and_names_three_ways(workspace: Workspace) -> None:
    for flags in ((), ("--count", "3"), ("--no-wait",), ("--json",)):
        refused = workspace.kirin("v1-t2v", "b", "--max-cost", "0.10", *flags, expect=5)
        assert all(way in refused.stderr for way in WAYS), refused.stderr
        assert "its price is not known (kirin_v1_t2v, std 5), so --max-cost 0.10 cannot be kept" in refused.stderr
        assert "nothing was sent\n" in refused.stderr
        assert "the same command again" not in refused.stderr
    assert workspace.paid == 0


def test_S20_each_of_the_three_ways_makes_the_price_known(workspace: Workspace) -> None:
    limit = ("v1-t2v", "b", "--max-cost", "0.30")
    workspace.kirin(*limit, "--assume-cost", "0.28")
    workspace.kirin("v1-t2v", "b", "--mode", "pro")
    workspace.kirin("v1-t2v", "b", "--mode", "pro", "--max-cost", "0.50")
    (workspace.home.config / "config.toml").write_text('[prices]\nkirin_v1_t2v = {"10" = "0.56"}\n')
    workspace.kirin("v1-t2v", "b", "--duration", "10", "--max-cost", "0.60")
    assert workspace.paid == 4
    (workspace.home.config / "config.toml").write_text('[prices]\nkirin_v1_t2v = {"std5" = "0.56"}\n')
    assert '"std5" is no word of a price' in workspace.kirin(*limit, expect=2).stderr
    assert workspace.paid == 4


def test_S20_of_three_two_fit_and_two_are_made(workspace: Workspace) -> None:
    flags = ("v1-t2v", "b", "--count", "3", "--max-cost", "0.60", "--assume-cost", "0.28", "--json")
    made = workspace.kirin(*flags, expect=5).data
    assert sorted(job["state"] for job in made["jobs"]) == ["done", "done", "pending"]
    assert workspace.paid == 2


def test_S20_an_edit_of_10_s_after_one_of_3_s_is_priced_by_its_seconds(workspace: Workspace) -> None:
    edit(workspace, 3)
    assert workspace.entries().popitem()[1].input_seconds == 3
    refused = edit(workspace, 10, "--max-cost", "0.40", expect=5)
    assert "it may cost $1.1334 (an earlier task, per second of input), and --max-cost 0.40 leaves $0.40" in (
        refused.stderr
    )
    assert workspace.paid == 1
    edit(workspace, 10, "--max-cost", "1.20")
    assert workspace.paid == 2


def test_S20_a_job_of_5_s_is_not_priced_from_an_edit_nor_the_reverse(workspace: Workspace) -> None:
    edit(workspace, 5)
    text = ("video-o1", "snow", "--aspect-ratio", "16:9", "--max-cost", "9")
    assert "its price is not known (kirin_video_o1, pro 5)" in workspace.kirin(*text, expect=5).stderr
    workspace.kirin(*text, "--assume-cost", "1")
    assert workspace.kirin(*text).exit_code == 0
    assert workspace.paid == 3


def test_S20_an_edit_behind_a_url_has_no_length_and_so_no_price(workspace: Workspace) -> None:
    edit(workspace, 3)
    url = ("video-o1", "snow", "--video", "https://a.example/x.mp4", "--max-cost", "9")
    refused = workspace.kirin(*url, expect=5)
    assert "it is billed per second of its video, whose length is not known" in refused.stderr
    assert "--check-urls" in refused.stderr
    assert workspace.paid == 1


def test_S20_in_a_batch_what_is_known_and_fits_is_made_and_the_rest_is_said(workspace: Workspace) -> None:
    workspace.kirin("v1-t2v", "b")
    jobs = ("{name: big, params: {prompt: b, mode: pro}}", "{name: small, params: {prompt: s}}")
    workspace.write("jobs:", *(f"  - {job}" for job in jobs))
    ran = workspace.kirin("run", "jobs.yaml", "--json", "--max-cost", "0.30", expect=5)
    assert ran.states == {"big": "pending", "small": "done"}
    plan = workspace.kirin("plan", "jobs.yaml", "--json").data["jobs"]
    assert [(job["price_class"], job["price_source"]) for job in plan] == [("pro 5", None), ("std 5", "history")]
    plan = workspace.kirin("plan", "jobs.yaml", "--json", "--assume-cost", "0.4").data["jobs"]
    assert (plan[0]["cost_usd"], plan[0]["price_source"], plan[0]["price_detail"]) == (
        "0.4",
        "assumed",
        "--assume-cost",
    )


def test_S20_what_one_account_or_service_paid_is_no_price_of_another(workspace: Workspace) -> None:
    workspace.kirin("v1-t2v", "b")
    key = workspace.environ["KIRIN_API_KEY"]
    workspace.environ["KIRIN_API_KEY"] = "another-key-of-somebody"
    workspace.kirin("v1-t2v", "b", "--max-cost", "9", expect=5)
    workspace.serve(key=key)
    workspace.kirin("v1-t2v", "b", "--max-cost", "9", expect=5)
    assert workspace.paid == 0


def test_S20_a_task_that_failed_tells_no_price(workspace: Workspace) -> None:
    workspace.serve(fail_rate=1.0)
    workspace.kirin("v1-t2v", "b", expect=1)
    workspace.kirin("v1-t2v", "b", "--max-cost", "9", expect=5)


def test_S20_a_resend_that_may_be_charged_twice_needs_its_price_twice(machine: Bench) -> None:
    machine.api.script("POST", faults.close_after_reading(create=False))
    tight = machine.run(max_cost="0.30", assume_cost="0.28")
    assert (tight.exit_code, machine.posts, tight.outcome.error.charged) == (6, 1, "maybe")
    assert "--max-cost does not leave its price a second time" in tight.output
    assert machine.run(max_cost="0.60", assume_cost="0.28").exit_code == 0
    assert machine.posts == 2
