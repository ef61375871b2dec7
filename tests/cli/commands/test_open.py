"""`kirin open`, `--open` and `--notify`: a video in a player, and what is said where there is none."""

import os
import shutil

import pytest
from support.workspace import open_workspace

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the player of these tests is a shell script")


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A video that was made, and a player that notes what it is given."""
    with open_workspace(tmp_path_factory.mktemp("desk")) as workspace:
        player = workspace.home.root / "bin" / "xdg-open"
        player.parent.mkdir()
        player.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> "{workspace.home.root}/opened"\n')
        player.chmod(0o755)
        workspace.environ |= {"PATH": str(player.parent), "DISPLAY": ":0"}
        workspace.jobs("rain")
        workspace.kirin("run", "jobs.yaml")
        yield workspace


def opened(workspace):
    """What the player was given since the last look."""
    log = workspace.home.root / "opened"
    lines = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return lines


@pytest.mark.parametrize("name", ["last", "rain", "renders/rain.mp4", "renders/rain.json"])
def test_a_video_is_opened_by_any_name_and_its_absolute_path_is_printed(desk, name):
    path = str(desk.renders / "rain.mp4")
    assert desk.kirin("open", name, KIRIN_API_KEY="").stdout == f"{path}\n"
    assert opened(desk) == [path]


def test_where_there_is_no_player_the_path_is_printed_all_the_same(desk):
    refused = desk.kirin("open", "last", DISPLAY="", expect=9)
    assert refused.stdout == f"{desk.renders / 'rain.mp4'}\n"
    assert "the video cannot be opened: there is no desktop here" in refused.stderr


def test_a_video_that_is_gone_or_not_there_yet_is_said_with_what_helps(desk):
    (entry,) = desk.all_entries()
    shutil.move(desk.renders / "rain.mp4", desk.home.root / "kept.mp4")
    try:
        gone = desk.kirin("open", "rain", expect=2).stderr
        assert f"rain.mp4 is gone\nhint: kirin download {entry.task_id} fetches it again, free of charge" in gone
    finally:
        shutil.move(desk.home.root / "kept.mp4", desk.renders / "rain.mp4")
    assert "hint: kirin show nobody asks the service" in desk.kirin("open", "nobody", expect=2).stderr
    assert opened(desk) == []


def test_open_and_notify_act_at_the_end_of_a_command_and_change_nothing_else(desk):
    made = desk.kirin("v1-t2v", "a boat", "-o", "boat.mp4", "--open", "--notify", "-q")
    assert (made.stdout, opened(desk)) == ("boat.mp4\n", [str(desk.home.work / "boat.mp4")])
    said = desk.kirin("again", "last", "--open", "--notify", DISPLAY="").stderr
    assert "--open: there is no desktop here" in said
    assert "--notify: there is no desktop and no terminal here to notify" in said
    assert desk.kirin("download", "boat.mp4", "--open").stdout == f"{desk.home.work / 'boat.mp4'}\n"
    assert opened(desk) == [str(desk.home.work / "boat.mp4")]
    refused = desk.kirin("v1-t2v", "a boat", "--open", "--no-wait", expect=2)
    assert "there is no video to open yet\nhint: later: kirin wait last --open" in refused.stderr


def test_a_task_without_a_video_says_how_it_stands(workspace):
    workspace.serve(speed=0.01)
    task = workspace.kirin("v1-t2v", "rain", "--no-wait").stdout.strip()
    refused = workspace.kirin("open", "last", expect=2).stderr
    assert f"task {task} has no video: it is pending (accepted)\nhint: kirin wait {task} --open" in refused
