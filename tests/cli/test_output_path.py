"""What `-o` means: a name that ends like a video is a file, anything else a folder."""

from pathlib import Path

import pytest

from kirin_cli.cli.output_path import parse_output
from kirin_cli.jobs.filenames import DEFAULT_TEMPLATE, render_name

FACTS = {"job": "rain", "model": "m", "ext": "mp4"}


@pytest.mark.parametrize(
    ("given", "folder", "name"),
    [
        (None, ".", "rain.mp4"),
        ("films", "films", "rain.mp4"),
        ("films/", "films", "rain.mp4"),
        ("films.2026/", "films.2026", "rain.mp4"),
        (".films", ".films", "rain.mp4"),
        ("..", "..", "rain.mp4"),
        ("clip.mp4", ".", "clip.mp4"),
        ("films/Clip.MP4", "films", "Clip.mp4"),
        ("films/clip.{ext}", "films", "clip.mp4"),
        ("{job}.mp4", ".", "rain.mp4"),
        ("{model}-{take}{-n}.{ext}", ".", "m-1.mp4"),
        ("~/films/clip.mp4", "{home}/films", "clip.mp4"),
        ("~", "{home}", "rain.mp4"),
        ("~nobody-of-this-name", "~nobody-of-this-name", "rain.mp4"),
    ],
)
def test_a_name_that_ends_in_mp4_is_a_file(given, folder, name):
    target = parse_output(given, replace=False)
    assert target.folder == Path(folder.replace("{home}", str(Path.home())))
    assert render_name(target.template, **FACTS) == name


LONG = "x" * 300
REFUSED = {
    "-": "-o - would write a video to standard output",
    "clip.mov": "write clip.mp4",
    "clip.webm": "write clip.mp4",
    "clip.MKV": "write clip.mp4",
    "films/v1.2": "a folder of that name ends in /: films/v1.2/",
    "{promt}.mp4": "unknown field",
    "{job.mp4": "a brace without its partner",
    "a\nb": "holds a line feed",
    "films\\new\tape/": "holds a tab",
    "a\x7f.mp4": "U+007F",
    "x" * 252 + ".mp4": "the name is too long",
    "x" * 197 + ".mp4": "has 201 bytes, at most 200",
    "ü" * 99 + ".mp4": "has 202 bytes, at most 200",
    "日" * 66 + ".mp4": "has 202 bytes, at most 200",
    "x" * 256: "has 256 bytes, at most 255",
    f"{LONG}/x.mp4": "the name is too long",
    "d/" * 2500 + "x.mp4": "the path is too long: 5005 bytes",
}


@pytest.mark.parametrize("given", REFUSED, ids=repr)
@pytest.mark.parametrize("how", [["--sandbox"], ["--dry-run"]])
def test_what_cannot_be_written_is_refused_before_anything_is_sent(home, given, how):
    result = home.kirin("v1-t2v", "hi", *how, "-o", given)
    assert (result.exit_code, REFUSED[given] in result.stderr) == (2, True), result.stderr
    assert result.stdout == ""
    assert list(home.work.iterdir()) == []


@pytest.mark.parametrize(
    ("prompt", "given", "names"),
    [
        ("Neon rain over a harbour, 4 a.m.!", "{prompt}.mp4", ["neon-rain-over-a-harbour-4-a-m.mp4"]),
        ("港の夜 🌃", "clips/{prompt}-{model}.{ext}", ["clips/港の夜-kirin_v1_t2v.mp4"]),
        ("../../{job} $(rm)", "{prompt}.mp4", ["job-rm.mp4"]),
        ("word " * 60, "{prompt}.mp4", ["word-word-word-word-word-word-word-word.mp4"]),
    ],
)
def test_fields_and_the_prompt_may_stand_in_the_name(home, prompt, given, names):
    result = home.kirin("v1-t2v", prompt, "--sandbox", "-o", given)
    assert (result.exit_code, result.stdout.splitlines()) == (0, names), result.stderr


def test_several_videos_of_one_prompt_have_names_of_their_own(home):
    result = home.kirin("v1-t2v", "a boat", "--sandbox", "-o", "{prompt}.mp4", "--count", "2")
    assert (result.exit_code, result.stdout.splitlines()) == (0, ["a-boat.mp4", "a-boat-2.mp4"]), result.stderr


@pytest.mark.parametrize("name", ["x" * 196, "ü" * 98, "日" * 65, "x" * 192 + "🎬"])
def test_the_longest_names_are_the_very_names(home, name):
    result = home.kirin("v1-t2v", "hi", "--sandbox", "-o", f"{name}.mp4")
    assert (result.exit_code, result.stdout) == (0, f"{name}.mp4\n")


def test_the_home_folder_is_meant_wherever_a_path_is_set(home):
    (home.root / "prompt.txt").write_text("hi")
    result = home.kirin(
        "v1-t2v",
        "--prompt-file=~/prompt.txt",
        "--sandbox",
        "--report=html=~/g.html",
        env={"KIRIN_OUTPUT_DIR": "~/vids"},
    )
    assert (result.exit_code, (home.root / "g.html").exists(), len(list((home.root / "vids").glob("*.mp4")))) == (
        0,
        True,
        1,
    )
    assert home.kirin("v1-t2v", "hi", "--sandbox", "--output=~/a.mp4").exit_code == 0
    assert (home.root / "a.mp4").exists()
    assert list(home.work.iterdir()) == []


@pytest.mark.parametrize("given", ["-", LONG, "a\nb", "clip.mp4", "out/CLIP.MP4"])
def test_a_run_refuses_such_folders_too(home, given):
    (home.work / "jobs.yaml").write_text("jobs: [{name: a, model: kirin_v1_t2v, params: {prompt: x}}]\n")
    result = home.kirin("run", "jobs.yaml", "--sandbox", "-o", given)
    assert (result.exit_code, "error: -o" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("folder", "code", "words"),
    [
        ('"out\\new"', 2, "holds a line feed (\\n in double quotes); write it in single quotes, or with /"),
        ('"out\\table"', 2, "holds a tab"),
        ('"\\audience"', 2, "holds a bell"),
        ("'out\\new'", 0, ""),
        (LONG, 2, "the name is too long"),
    ],
)
def test_a_folder_of_a_job_file_has_no_control_characters(home, folder, code, words):
    jobs = f"output: {{dir: {folder}}}\njobs: [{{name: a, model: kirin_v1_t2v, params: {{prompt: x}}}}]\n"
    (home.work / "jobs.yaml").write_text(jobs)
    result = home.kirin("run", "jobs.yaml", "--sandbox")
    assert (result.exit_code, words in result.stderr) == (code, True), result.stderr


@pytest.mark.parametrize("name", [f"{'x' * 252}.html", f"{LONG}/a.html", "a\nb.html"])
def test_a_report_that_could_not_be_written_is_refused_before_anything_is_sent(home, name):
    result = home.kirin("v1-t2v", "hi", "--sandbox", "--report", f"html={name}")
    assert (result.exit_code, "error: --report html: " in result.stderr, result.stdout) == (2, True, "")


def test_further_outputs_of_one_file_get_numbers():
    target = parse_output("clip.mp4", replace=True)
    assert target.replace
    assert render_name(target.template, **FACTS, n=2) == "clip.2.mp4"


def test_a_folder_that_is_called_like_a_video_stays_a_folder(tmp_path):
    (tmp_path / "films.mp4").mkdir()
    target = parse_output(str(tmp_path / "films.mp4"), replace=False)
    assert (target.folder, target.template) == (tmp_path / "films.mp4", DEFAULT_TEMPLATE)
