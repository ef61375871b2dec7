"""What is said at the end of a command, and how many videos are opened."""

from types import SimpleNamespace

import pytest
from support.workspace import open_workspace

from kirin_cli.cli.run_result import MAX_OPENED, end_text


@pytest.mark.parametrize(
    ("states", "text"),
    [
        (["done"], "1 of 1 video is done"),
        (["done", "skipped", "failed"], "2 of 3 videos are done; 1 failed"),
        (["unknown", "pending", "pending"], "0 of 3 videos are done; 2 pending; 1 unknown"),
    ],
)
def test_a_notice_says_how_many_are_done_and_how_the_others_stand(states, text):
    assert end_text(SimpleNamespace(outcomes=[SimpleNamespace(state=state) for state in states])) == text


def test_of_many_videos_a_few_are_opened(workspace_with_player):
    workspace, opened = workspace_with_player
    workspace.jobs(*(f"job{number}" for number in range(MAX_OPENED + 1)))
    said = workspace.kirin("run", "jobs.yaml", "--open").stderr
    assert f"--open: the first {MAX_OPENED} of {MAX_OPENED + 1} videos" in said
    assert len(opened.read_text().splitlines()) == MAX_OPENED


@pytest.fixture
def workspace_with_player(tmp_path):
    with open_workspace(tmp_path) as workspace:
        player, opened = workspace.home.root / "bin" / "xdg-open", workspace.home.root / "opened"
        player.parent.mkdir()
        player.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> "{opened}"\n')
        player.chmod(0o755)
        workspace.environ |= {"PATH": str(player.parent), "DISPLAY": ":0"}
        yield workspace, opened
