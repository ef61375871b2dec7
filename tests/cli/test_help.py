"""Help: every command has examples that work, every topic is there, screens fit, the tree is whole, pages are valid."""

import json
import os
import re
import shlex
import shutil
import subprocess
from collections import Counter
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from support.command_line import surroundings
from support.fork_server import start_kirin
from support.terminal_screen import TerminalText

from kirin_cli.cli.app import all_commands, run_command_line
from kirin_cli.cli.commands import COMMANDS
from kirin_cli.cli.help import (
    COMMAND_MORE,
    MODEL_HELP_FILE,
    SUBJECTS,
    model_help_source,
    render_help,
    requested_help,
)
from kirin_cli.cli.help_texts import HELP_TOPICS
from kirin_cli.cli.model_help import MODEL_HELP
from kirin_cli.cli.settings_schema import SETTINGS
from kirin_cli.docgen.commands import exit_code_table
from kirin_cli.docgen.help_screens import command_screen
from kirin_cli.models import MODELS
from kirin_cli.report import FORMATS

if os.name == "posix":
    import pty

ROOT = Path(__file__).parents[2]
SHOWN = [row.name for row in COMMANDS if not row.hidden]
DESCRIBED = [one for one in all_commands() if one.name]
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def whole(option):
    """The long spelling as help has it."""
    return f"--[no-]{option.long[2:]}" if option.negative else option.long


def on_a_terminal(home, *arguments, columns, **env):
    """What a terminal of so many columns is sent."""
    ours, theirs = pty.openpty()
    environ = home.environ(COLUMNS=str(columns), TERM="xterm-256color", **env)
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), theirs)
    process = start_kirin([*arguments], cwd=home.work, env=environ, **streams)
    os.close(theirs)
    text = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # how Linux says that the other end is closed
            break
        if not piece:
            break
        text += piece
    os.close(ours)
    assert process.wait(timeout=30) == 0
    return text.decode().replace("\r\n", "\n")


def test_every_command_has_examples_of_its_own():
    for one in DESCRIBED:
        assert one.examples, one.name
        assert all(line.startswith(f"kirin {one.name}") for line in one.examples)


def shown_on(columns, *arguments):
    """What a command prints on a terminal of so many columns."""
    terminal = TerminalText()
    environ = {"COLUMNS": str(columns), "NO_COLOR": "1", "TERM": "xterm"}
    with surroundings(Path(), environ, ""), redirect_stdout(terminal):
        assert run_command_line(arguments) == 0
    return terminal.getvalue()


def flags_in(text):
    return Counter(re.findall(r"(?<![\w-])--(?:\[no-\])?[a-z][a-z0-9-]*", text))


PAGES = [
    ("--help",), *((row.name, "--help") for row in COMMANDS), *(("models", model) for model in MODELS),
    *(("help", topic) for topic in HELP_TOPICS),
]  # fmt: skip


@pytest.mark.parametrize("arguments", PAGES)
def test_at_80_and_60_columns_no_flag_is_broken(arguments):
    wide = flags_in(shown_on(500, *arguments))
    for columns in (80, 60):
        text = shown_on(columns, *arguments)
        assert flags_in(text) == wide
        verbatim = ("  # config.toml", "  kirin_video_o1 = ", "      params: {")  # lines of files stay lines
        assert not [line for line in text.splitlines() if len(line) > columns and not line.startswith(verbatim)]


def test_an_example_that_is_too_wide_is_broken_so_that_it_can_be_pasted():
    (example,) = MODELS["kirin_motion_control"].examples
    lines = shown_on(60, "motion-control", "--help").partition("$ ")[2].partition("\n\n")[0]
    assert "\\\n" in lines
    assert shlex.split(lines.replace("\\\n", " ")) == shlex.split(example)


@pytest.mark.parametrize("described", DESCRIBED, ids=lambda described: described.name)
def test_help_on_a_pipe_is_plain_and_narrow_and_cuts_no_name(described):
    text = render_help(command_screen(described, COMMAND_MORE))
    lines = text.splitlines()
    assert f"Usage: kirin {described.name}" in lines[0]
    assert max(map(len, (line for line in lines if "$ kirin" not in line))) <= 80
    assert not set(text) & set("│╭\x1b")
    assert all(re.search(rf"^ +(-., )?{re.escape(whole(one))}( |$)", text, re.MULTILINE) for one in described.options)


def test_help_of_a_process_is_that_text(home):
    described = next(one for one in DESCRIBED if one.name == "run")
    assert home.kirin("run", "--help").stdout == render_help(command_screen(described, COMMAND_MORE)) + "\n"


@pytest.mark.skipif(os.name != "posix", reason="terminals of this kind are of POSIX")
@pytest.mark.parametrize("columns", [60, 80, 200])
@pytest.mark.parametrize("arguments", [("--help",), ("video-o1", "--help")])
def test_help_on_a_terminal_is_in_panels_that_fit_and_cuts_no_name(home, arguments, columns):
    text = on_a_terminal(home, *arguments, columns=columns)
    lines = ESCAPES.sub("", text).splitlines()
    frames = [line for line in lines if line.startswith(("╭", "│", "╰"))]
    assert {len(line) for line in frames} == {min(columns, 100)}
    for option in next((one.options for one in DESCRIBED if one.name == arguments[0]), ()):
        assert any(f"{whole(option)} " in line for line in frames), option


@pytest.mark.skipif(os.name != "posix", reason="terminals of this kind are of POSIX")
def test_a_terminal_without_colours_gets_panels_without_colours(home):
    assert "\x1b" in on_a_terminal(home, "--help", columns=80)
    plain = on_a_terminal(home, "--help", columns=80, NO_COLOR="1")
    assert "\x1b" not in plain
    assert "╭─ Generate ─" in plain


def test_without_arguments_the_program_shows_its_help(home):
    assert home.kirin().stdout == home.kirin("--help").stdout == home.kirin("help").stdout
    assert home.kirin().exit_code == 0


def test_help_is_drawn_without_the_parser_where_nothing_else_is_typed():
    for line in ("", "-h", "help", "help run", "run --help", "run a b -h", "models add --help", "help -h"):
        assert requested_help(line.split()), line
    left_to_the_parser = (
        "run x", "help exit-codes", "help --json", "run --bogus --help", "run --help x", "schema x --help",
        "models a b c", "v1-t2v - --help", "nothing --help", "help nothing", "run -- -h",
    )  # fmt: skip
    for line in left_to_the_parser:
        assert requested_help(line.split()) is None, line


def test_the_generated_help_of_the_models_is_not_stale():
    text = model_help_source(all_commands())
    assert (ROOT / MODEL_HELP_FILE).read_text(encoding="utf-8") == text, "python -m kirin_cli.cli.generated"
    assert {*MODELS, "again"} == MODEL_HELP.keys()


def test_help_of_again_has_the_flags_of_added_models_too(home):
    (home.work / "kirin-models").mkdir()
    spec = "model: vendor_x\ncommand: x\nfields: [{name: glow, help: How it glows.}]\n"
    (home.work / "kirin-models" / "x.yaml").write_text(spec)
    assert "--glow" in home.kirin("again", "--help").stdout
    assert "How it glows." in home.kirin("vendor_x", "-h").stdout
    assert "--glow" not in home.kirin("v1-t2v", "--help").stdout


def test_help_of_a_command_is_its_help(home):
    assert home.kirin("help", "run").stdout == home.kirin("run", "--help").stdout


def test_the_subjects_that_are_offered_are_those_that_there_are():
    assert set(SUBJECTS) == {*HELP_TOPICS, *SHOWN}


def test_the_exit_codes_are_those_of_the_errors(home):
    text = home.kirin("help", "exit-codes").stdout
    assert all(re.search(rf"^{code} ", text, re.MULTILINE) for code in exit_code_table())


def test_the_environment_lists_every_setting(home):
    text = home.kirin("help", "environment").stdout
    assert all(one.env in text and (not one.flag or one.flag in text) for one in SETTINGS.values())


@pytest.mark.parametrize("topic", HELP_TOPICS)
def test_every_topic_says_something(home, topic):
    done = home.kirin("help", topic)
    assert (done.exit_code, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) > 5


def test_an_unknown_topic_is_refused_with_the_nearest(home):
    done = home.kirin("help", "exit-code")
    assert done.exit_code == 2
    assert 'did you mean "exit-codes"?' in done.stderr


def test_the_tree_of_commands_is_whole(home):
    tree = json.loads(home.kirin("help", "--json").stdout)
    assert [one["name"] for one in tree["commands"]] == SHOWN
    run = next(one for one in tree["commands"] if one["name"] == "run")
    jobs = next(one for one in run["options"] if "--jobs" in one["flags"])
    assert (jobs["default"], jobs["env"], jobs["bounds"]) == ("10", "KIRIN_JOBS", "1 to 10000")
    t2v = next(one for one in tree["commands"] if one["name"] == "v1-t2v")
    ratio = next(one for one in t2v["options"] if "--aspect-ratio" in one["flags"])
    assert (ratio["choices"], ratio["default"], t2v["also"]) == (["16:9", "9:16", "1:1"], "16:9", ["kirin_v1_t2v"])


@pytest.mark.skipif(not shutil.which("man"), reason="there is no man here")
def test_every_manual_page_is_drawn_without_a_warning():
    pages = sorted((ROOT / "kirin_cli" / "man" / "man1").glob("*.1"))
    done = subprocess.run(
        ["man", "--warnings=w", "-l", *map(str, pages)], capture_output=True, text=True, check=False,
        env={**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8", "MANPAGER": "cat"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    for page in pages:
        assert f"\n{page.stem.upper()}(1) " in f"\n{done.stdout}"


def test_every_command_has_a_manual_page():
    assert {page.stem for page in (ROOT / "kirin_cli" / "man" / "man1").glob("*")} == {
        "kirin",
        *(f"kirin-{name}" for name in SHOWN),
    }


def test_the_help_of_report_names_every_format():
    flags = [(row.name, option.help) for row in DESCRIBED for option in row.options if option.long == "--report"]
    assert len(flags) > 7
    for command, words in flags:
        named = {name for name in FORMATS if re.search(rf"\b{name}\b(?!-)", words)}
        videos = {name for name, form in FORMATS.items() if form.of_runs_only}
        assert named == (set(FORMATS) - videos if command in {"validate", "plan"} else set(FORMATS)), command
