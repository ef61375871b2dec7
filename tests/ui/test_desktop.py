"""The desktop: players and notices that are programs of the system, here ones that note what they are given."""

import io
import os

import pytest

from kirin_cli.modelspec.types import RESULT_TYPES
from kirin_cli.ui.console import OutputStreams
from kirin_cli.ui.desktop import BELL, _notice_command, notify, open_file


@pytest.fixture
def system(tmp_path):
    """An environment with a display and the programs that are asked for; each writes its arguments to its log."""

    def make(*programs, code=0, display=":0"):
        for program in programs:
            path = tmp_path / program
            path.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > "{path}.log"\nexit {code}\n')
            path.chmod(0o755)
        return {"PATH": str(tmp_path), "DISPLAY": display} | ({} if display else {"DISPLAY": ""})

    return make


class Terminal(io.StringIO):
    def isatty(self):
        return True


def streams(stderr):
    return OutputStreams(io.StringIO(), stderr, {})


@pytest.mark.skipif(os.name == "nt", reason="programs of this test are shell scripts")
@pytest.mark.parametrize(("platform", "program"), [("linux", "xdg-open"), ("darwin", "open")])
def test_a_file_is_opened_with_the_program_of_the_system(system, tmp_path, monkeypatch, platform, program):
    monkeypatch.chdir(tmp_path)
    video = tmp_path / "-a clip; $(rm).mp4"
    video.touch()
    assert open_file(video.relative_to(tmp_path), system(program), platform) == ""
    assert (tmp_path / f"{program}.log").read_text() == f"{video}\n"
    assert open_file(video, system(program, code=3), platform) == f"{program} cannot open it (exit code 3)"


@pytest.mark.skipif(os.name == "nt", reason="programs of this test are shell scripts")
@pytest.mark.parametrize("suffix", RESULT_TYPES)
def test_whatever_a_model_makes_is_opened(system, tmp_path, suffix):
    made = tmp_path / f"made{suffix}"
    made.touch()
    assert open_file(made, system("xdg-open"), "linux") == ""


@pytest.mark.parametrize("name", ["a.desktop", "a.exe", "a.sh", "a", "a.mp4.bat", ".mp4", "a.html"])
@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_nothing_is_opened_that_a_system_could_run(system, tmp_path, name, platform):
    assert "is no video, picture or sound by its name" in open_file(
        tmp_path / name, system("xdg-open", "open"), platform
    )
    assert not list(tmp_path.glob("*.log"))


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
@pytest.mark.parametrize("target", ["evil.command", "evil.desktop", "evil", "second.mp4", "folder.mp4", "gone.mp4"])
def test_what_a_link_leads_to_must_be_a_video_too(system, tmp_path, target, platform):
    (tmp_path / "evil.command").touch()
    (tmp_path / "evil.desktop").touch()
    (tmp_path / "evil").touch()
    (tmp_path / "second.mp4").symlink_to("evil.command")
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "clip.mp4").symlink_to(target)
    reason = {
        "second.mp4": "clip.mp4 leads to evil.command, which is no video, picture or sound by its name",
        "folder.mp4": "clip.mp4 cannot be opened: it is a folder",
        "gone.mp4": "clip.mp4 cannot be opened: No such file or directory",
    }.get(target, f"clip.mp4 leads to {target}, which is no video, picture or sound by its name")
    assert open_file(tmp_path / "clip.mp4", system("xdg-open", "open"), platform) == reason
    assert not list(tmp_path.glob("*.log"))


@pytest.mark.skipif(os.name == "nt", reason="programs of this test are shell scripts")
def test_of_a_link_to_a_video_the_video_itself_is_opened(system, tmp_path):
    (tmp_path / "real.mp4").touch()
    (tmp_path / "clip.mp4").symlink_to("real.mp4")
    assert open_file(tmp_path / "clip.mp4", system("xdg-open"), "linux") == ""
    assert (tmp_path / "xdg-open.log").read_text() == f"{tmp_path.resolve() / 'real.mp4'}\n"


@pytest.mark.parametrize(
    ("platform", "display", "reason"),
    [
        ("linux", "", "there is no desktop here (neither DISPLAY nor WAYLAND_DISPLAY is set)"),
        ("linux", ":0", "there is no xdg-open here, which opens files"),
        ("darwin", "", "there is no open here, which opens files"),
    ],
)
def test_where_there_is_no_player_that_is_said(system, tmp_path, platform, display, reason):
    (tmp_path / "a.mp4").touch()
    assert open_file(tmp_path / "a.mp4", system(display=display), platform) == reason


@pytest.mark.skipif(os.name == "nt", reason="programs of this test are shell scripts")
def test_a_notice_is_shown_on_the_desktop_else_the_bell_rings(system, tmp_path):
    terminal = Terminal()
    assert notify("kirin", "1 of 1 video is done", streams(terminal), system("notify-send")) == ""
    assert (tmp_path / "notify-send.log").read_text() == "--app-name=kirin\nkirin\n1 of 1 video is done\n"
    assert terminal.getvalue() == ""
    assert notify("kirin", "x", streams(terminal), system("notify-send", code=1)) == ""
    assert notify("kirin", "x", streams(terminal), system(display="")) == ""
    assert terminal.getvalue() == BELL * 2
    assert notify("kirin", "x", streams(io.StringIO()), system(display="")).startswith("there is no desktop and no")


def test_on_macos_title_and_text_are_no_part_of_a_script(system):
    command = _notice_command("kirin", 'a" & b', system("osascript", display=""), "darwin")
    assert command is not None
    assert command[-2:] == ["kirin", 'a" & b']
    assert _notice_command("kirin", "x", {"PATH": ""}, "darwin") is None
