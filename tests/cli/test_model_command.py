"""The flags of the model commands: the order in which they are typed, what they need, what is said of their cost."""

import json
import shlex
from contextlib import redirect_stderr

import pytest
from support.command_line import surroundings
from support.model_requests import FILM, PICTURE
from support.terminal_screen import TerminalText

from kirin_cli.cli.app import run_command_line

FRAME_A, FRAME_B, FRAME_C = (f"https://example.com/{name}.png" for name in "abc")
FIRST_B = (FRAME_B, "first_frame")
MOTION = ("motion-control", "-i", PICTURE, "--video", FILM, "--mode", "std", "--character-orientation", "image")
NOT_REFUNDED = "note: motion-control: The result may be shorter than the reference video"
BILLED = "note: video-o1: An edit is as long as the video that is edited, and billed by that"


def images(result):
    """Each image of a dry run, with its type where it has one."""
    items = result.data["body"]["input"][0]["params"]["image_list"]
    return [(item["image_url"], *([item["type"]] if "type" in item else [])) for item in items]


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (f"-i {FRAME_A} --first-frame {FRAME_B} -i {FRAME_C}", [(FRAME_A,), FIRST_B, (FRAME_C,)]),
        (f"--end-frame={FRAME_A} --first-frame {FRAME_B}", [(FRAME_A, "end_frame"), FIRST_B]),
        (f"--image {FRAME_C} --image={FRAME_A} --first-frame {FRAME_B}", [(FRAME_C,), (FRAME_A,), FIRST_B]),
        (f'--first-frame {FRAME_B} -i \'["{FRAME_A}", "{FRAME_C}"]\'', [FIRST_B, (FRAME_A,), (FRAME_C,)]),
    ],
)
def test_images_keep_the_order_of_the_command_line(home, flags, expected):
    result = home.kirin("video-o1", "x", "--aspect-ratio", "1:1", *shlex.split(flags), "--dry-run", "--json")
    assert images(result) == expected, result.stderr


def test_a_dry_run_says_which_number_is_which(home):
    flags = ("--aspect-ratio", "1:1", "-i", FRAME_A, "--first-frame", FRAME_B, "--element", "7", "--video", FILM)
    result = home.kirin("video-o1", "x", *flags, "--video-refer-type", "feature", "--dry-run")
    assert result.stderr.splitlines()[:4] == [
        f"<<<image_1>>> is {FRAME_A}",
        f"<<<image_2>>> is {FRAME_B} (type first_frame)",
        f"<<<video_1>>> is {FILM} (refer_type feature)",
        "<<<element_1>>> is 7",
    ]


def test_images_of_flags_take_the_place_of_those_of_a_file(home):
    (home.work / "one.yaml").write_text(
        f"model: kirin_video_o1\nparams: {{prompt: x, aspect_ratio: 1:1, image_list: [{FRAME_C}]}}\n"
    )
    result = home.kirin("video-o1", "-f", "one.yaml", "--first-frame", FRAME_B, "-i", FRAME_A, "--dry-run", "--json")
    assert images(result) == [(FRAME_B, "first_frame"), (FRAME_A,)]


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (
            f"--first-frame {FRAME_A} --end-frame {FRAME_B} -i {FRAME_C}",
            "--end-frame: error: image_list with more than 2",
        ),
        (f"-i {FRAME_A} --aspect-ratio 1:1 --end-frame {FRAME_B}", "--end-frame: error: image_list with an end_frame"),
        (f"-i {FRAME_A} --first-frame {FRAME_B} --video {FILM}", "--first-frame: error: image_list can hold no first"),
        (
            f"-i {FRAME_A} --first-frame {FRAME_B} --video {FILM}",
            "the default of --video-refer-type; feature would allow",
        ),
        (
            "--aspect-ratio 1:1 --keep-original-sound",
            "--keep-original-sound: error: --keep-original-sound needs --video",
        ),
        ("--aspect-ratio 1:1 --video-refer-type base", "--video-refer-type: error: --video-refer-type needs --video"),
        (
            "--callback-url 'http://a b.com'",
            '--callback-url: error: callback_url is "http://a b.com"; it holds a blank',
        ),
        ("--callback-url http://a.com:99999", 'it has port "99999"; it must be 1 to 65535'),
        ("--callback-url a.com/hook", "it must begin with http:// or https://"),
    ],
)
def test_a_mistake_stands_at_the_flag_that_is_meant(home, flags, says):
    result = home.kirin("video-o1", "x", *shlex.split(flags), "--dry-run")
    assert (result.exit_code, says in result.stderr) == (2, True), result.stderr


def test_a_required_flag_that_is_missing_lists_its_choices(home):
    result = home.kirin(*MOTION[:5], "--dry-run")
    assert "--character-orientation: error: character_orientation is required (image | video) [C1]" in result.stderr
    assert "--mode: error: mode is required (std | pro) [C1]" in result.stderr
    shape = home.kirin("video-o1", "x", "--dry-run").stderr
    assert shape.startswith("--aspect-ratio: error: aspect_ratio is required unless ")
    assert "(16:9 | 9:16 | 1:1) [O10]" in shape


@pytest.mark.parametrize(
    ("command", "note"),
    [
        (MOTION, NOT_REFUNDED),
        (("video-o1", "x", "--video", FILM), BILLED),
        (("video-o1", "x", "--video", FILM, "--duration", "5"), "billed by its own seconds"),
    ],
)
def test_what_costs_money_is_said_before_anything_is_sent_and_refuses_nothing(workspace, command, note):
    assert note in workspace.kirin(*command, "--dry-run").stderr
    result = workspace.kirin(*command, *(() if "--duration" in command else ("--strict",)))
    assert (result.exit_code, result.stderr.index(note) < result.stderr.index("sending as")) == (0, True)


@pytest.mark.parametrize("more", [("--video-refer-type", "feature", "--aspect-ratio", "1:1"), ()])
def test_what_is_not_the_case_is_not_said(home, more):
    video = ("--video", FILM) if more else ("--aspect-ratio", "1:1")
    assert "note:" not in home.kirin("video-o1", "x", *video, *more, "--dry-run").stderr


def test_a_job_file_says_it_once_for_each_model(workspace):
    params = f"{{image_url: {PICTURE}, video_url: {FILM}, mode: std, character_orientation: image}}"
    jobs = "".join(f"- {{name: {name}, model: kirin_motion_control, params: {params}}}\n" for name in "ab")
    (workspace.home.work / "jobs.yaml").write_text(f"jobs:\n{jobs}")
    assert workspace.kirin("validate", "jobs.yaml").stderr.count(NOT_REFUNDED) == 1
    assert workspace.kirin("validate", "jobs.yaml", "-q").stderr == ""
    jobs = workspace.kirin("validate", "jobs.yaml", "--strict", "--json").data["jobs"]
    assert [any("not refunded" in note for note in job["notes"]) for job in jobs] == [True, True]
    assert workspace.kirin("run", "jobs.yaml", "--strict").stderr.count(NOT_REFUNDED) == 1
    assert workspace.kirin("run", "jobs.yaml").stderr.count(NOT_REFUNDED) == 0  # there is nothing to pay any more


def test_with_count_a_seed_is_counted_up(workspace):
    command = ("v1-5-i2v", "x", "-i", PICTURE, "--seed", "5", "--count", "3", "--json", "-q")
    assert sorted(job["params"]["seed"] for job in workspace.kirin(*command).data["jobs"]) == [5, 6, 7]


@pytest.mark.parametrize("how", ["--dry-run", "--sandbox", "--to-yaml"])
def test_A4_several_videos_cannot_have_one_id(home, how):
    result = home.kirin("v1-t2v", "x", "--external-task-id", "a", "--count", "2", how)
    says = "--external-task-id: error: external_task_id is the id of one task, and --count 2 makes 2 [A4]\n"
    assert (result.exit_code, result.stdout, result.stderr.startswith(says)) == (2, "", True), result.stderr


def test_progress_for_programs_has_the_note_as_an_event(workspace):
    result = workspace.kirin(*MOTION, "--progress", "json")
    events = [json.loads(line) for line in result.stderr.splitlines() if line.startswith("{")]
    assert any(NOT_REFUNDED in event.get("text", "") for event in events)


def test_on_a_terminal_a_note_is_broken_at_blanks(home):
    terminal = TerminalText()
    environ = home.environ(COLUMNS="60", NO_COLOR="1", TERM="xterm")
    with surroundings(home.work, environ, ""), redirect_stderr(terminal):
        assert run_command_line([*MOTION, "--dry-run"]) == 0
    first, second, *_ = terminal.getvalue().splitlines()
    assert first == "note: motion-control: The result may be shorter than the"
    assert second.startswith("  reference video: ")
