"""Pictures, prompts and outputs (faults I6–I8): sent as they are or refused, and never led astray."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from faults.bench import Bench
from faults.in_process import CHECKED_WITHIN, kirin, only_problem, sent
from faults.processes import run_process
from loopback.exchange import Exchange
from loopback.messages import json_answer
from support.cpu_time import work_within
from support.pictures import png

from kirin_cli.ledger.states import LedgerState

HEAD = "model: kirin_v1_t2v\nparams:\n  prompt: a\n"


def big_picture(path: Path, size: int) -> None:
    """A picture of so many bytes on paper: most of it was never written."""
    path.write_bytes(png(400, 400))
    os.truncate(path, size)


def lay(machine: Bench, kind: str) -> None:
    """Something in the place of the picture."""
    path = machine.folder / "cup.png"
    made: dict[str, Callable[[], object]] = {
        "missing": lambda: None,
        "folder": path.mkdir,
        "pipe": lambda: os.mkfifo(path),
        "2 GB": lambda: big_picture(path, 2 << 30),
        "device": lambda: path.symlink_to("/dev/zero"),
        "loop": lambda: path.symlink_to("cup.png"),
        "empty": lambda: path.write_bytes(b""),
        "text": lambda: path.write_text("no picture"),
        "cut": lambda: path.write_bytes(png(1000, 1000)[:20]),
    }
    made[kind]()


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe", "2 GB", "device", "loop", "empty", "text", "cut"])
def test_I6_a_picture_of_no_use_is_told_with_field_and_file(machine: Bench, kind: str) -> None:
    machine.file.write_text("model: kirin_v1_5_i2v\nparams:\n  image: cup.png\n")
    lay(machine, kind)
    with work_within(CHECKED_WITHIN):
        one = only_problem(kirin(machine, "validate", "jobs.yaml", "--json"))
    assert (one["path"], one["line"], "cup.png" in one["message"]) == ("image", 3, True), one
    code, _, err = kirin(machine, "run", "jobs.yaml")
    assert (code, machine.posts, "nothing was sent" in err) == (2, 0, True)


def with_pictures(machine: Bench, *names: str, size: int = 5000) -> None:
    """A job for each, with a picture of its own."""
    jobs = [f"  - {{name: {name}, params: {{image: {name}.png}}}}" for name in names]
    machine.file.write_text("defaults: {model: kirin_v1_5_i2v}\njobs:\n" + "\n".join(jobs) + "\n")
    for name in names:
        big_picture(machine.folder / f"{name}.png", size)


@pytest.mark.parametrize("change", ["written", "replaced", "gone"])
def test_I6_a_picture_that_changes_between_check_and_sending_is_not_sent(machine: Bench, change: str) -> None:
    with_pictures(machine, "first", "second")
    path = machine.folder / "second.png"

    def meddle(x: Exchange) -> None:
        if change == "gone":
            path.unlink()
        else:
            other = path.with_name("other") if change == "replaced" else path
            other.write_bytes(png(1000, 900))
            other.replace(path)
        x.send(x.honest())

    machine.api.script("POST", meddle)
    run = machine.run(in_flight=1)
    first, second = run.summary.outcomes
    assert (run.exit_code, first.state, second.state, second.error.charged, machine.posts) == (
        9,
        "done",
        "pending",
        "no",
        1,
    )
    assert "image: second.png" in second.error.message
    if change != "gone":
        assert (machine.run().exit_code, machine.posts) == (0, 2)


def test_I6_a_picture_that_changes_while_it_is_sent_never_arrives_whole(machine: Bench) -> None:
    with_pictures(machine, "cup", size=6_000_000)
    path = machine.folder / "cup.png"

    def meddle(x: Exchange) -> None:
        x.connection._take(1000)
        path.write_bytes(png(1000, 900))
        x.read()
        x.send(json_answer(500, {}))

    machine.api.script("POST", meddle)
    run = machine.run()
    assert (run.exit_code, machine.api.truth.created()) == (9, 0), run.output
    assert "cup.png has changed since it was checked" in run.output
    assert machine.entries()[0].state in {LedgerState.ABSENT, LedgerState.UNKNOWN, LedgerState.INTENT}
    assert machine.run().exit_code == 0


PROMPTS = {
    "CRLF": '"two\\r\\nlines"',
    "tab": '"a\\tb"',
    "a dash": '"-rf /"',
    "two dashes": '"--help"',
    "an at": '"@jobs.yaml"',
    "a file": "jobs.yaml",
    "a URL": "file:///etc/passwd",
    "a dollar": "'$(rm -rf /) `ls` $$HOME'",
    "a template": "'{job} {{x}}'",
    "stdin": "'-'",
    "quotes": "'\"''\\'",
    "emoji": "'👩‍🚀 \u202eabc'",
    "markup": "'[red]x[/red] :smile:'",
    "HTML": "'<script>&amp;'",
}


@pytest.mark.parametrize("name", PROMPTS)
def test_I7_a_prompt_is_sent_as_it_is(machine: Bench, name: str) -> None:
    machine.file.write_text(f"jobs: [{{name: a, model: kirin_v1_t2v, params: {{prompt: {PROMPTS[name]}}}}}]\n")
    meant = yaml.safe_load(PROMPTS[name]).replace("$$", "$")
    assert machine.run().exit_code == 0
    assert sent(machine) == [{"prompt": meant}]


@pytest.mark.parametrize("prompt", ['"a\\0b"', '"\\ud800"', '"\\udfff x"', '"\\ud83d\\ude00"', "'\x00'", "'\x1b[2J'"])
def test_I7_a_prompt_that_nothing_can_show_is_sent_or_refused_but_never_crashes(machine: Bench, prompt: str) -> None:
    machine.file.write_text(f"jobs: [{{name: a, model: kirin_v1_t2v, params: {{prompt: {prompt}}}}}]\n")
    code, out, err = kirin(machine, "run", "jobs.yaml")
    assert code in {0, 2}, err
    assert machine.posts == (1 if code == 0 else 0)
    assert not any(sign in out + err for sign in ("\x00", "\x1b", "\ud800", "\udfff"))
    assert kirin(machine, "run", "jobs.yaml")[0] == code
    assert kirin(machine, "list", "--all-services")[0] == kirin(machine, "list", "--all-services", "--json")[0] == 0
    assert kirin(machine, "validate", "jobs.yaml", "--json")[0] == code


FLAGS = (
    ("--prompt=-rf"),
    ("@jobs.yaml"),
    ("jobs.yaml"),
    ("two\r\nlines"),
    ("[x]"),
    ("file:jobs.yaml"),
    ("~/x"),
    ("{job}"),
)


@pytest.mark.parametrize("prompt", FLAGS)
def test_I7_a_prompt_given_as_a_flag_is_never_a_file(machine: Bench, prompt: str) -> None:
    code, _, err = kirin(machine, "v1-t2v", prompt, "-o", "x.mp4")
    assert code == 0, err
    assert sent(machine) == [{"prompt": prompt.removeprefix("--prompt=")}]


def test_I7_bytes_that_are_no_text_are_no_reason_to_crash(machine: Bench) -> None:
    code, process = run_process(machine, "v1-t2v", os.fsdecode(b"caf\xe9"), "-o", "x.mp4")
    assert code in {0, 2}, process.output
    assert "Traceback" not in process.output


OUTWARD = {
    "up": "name: '../../x.mp4'",
    "absolute": "name: /tmp/x.mp4",
    "home": "name: '~/x.mp4'",
    "in the middle": "name: 'a/../../x.mp4'",
    "backslash": "name: '..\\x.mp4'",
    "drive": "name: 'C:\\x.mp4'",
    "UNC": "name: '\\\\host\\x.mp4'",
    "NUL": 'name: "a\\0b.mp4"',
    "folder up": "dir: ../x",
    "folder absolute": "dir: /tmp/x",
    "folder home": "dir: ~/x",
    "unknown field": "name: '{secret}.mp4'",
}


@pytest.mark.parametrize("name", OUTWARD)
def test_I8_an_output_that_leads_out_is_refused_with_its_place(machine: Bench, name: str) -> None:
    machine.file.write_text(f"{HEAD}output:\n  {OUTWARD[name]}\n")
    one = only_problem(kirin(machine, "validate", "jobs.yaml", "--json"))
    assert one["line"] == 5, one
    assert (kirin(machine, "run", "jobs.yaml")[0], machine.posts) == (2, 0)


@pytest.mark.parametrize(
    "name", ["../../x", "/etc/x", "~/x", "a\\..\\x", "..", ".", "CON", "-rf", "x\n", "a/b", " ", "{job}"]
)
def test_I8_a_job_of_any_name_stays_in_its_folder(machine: Bench, name: str) -> None:
    machine.file.write_text(json.dumps({"jobs": [{"name": name, "model": "kirin_v1_t2v", "params": {"prompt": "a"}}]}))
    before = {path for path in machine.folder.rglob("*") if "state" not in path.parts}
    code, out, err = kirin(machine, "run", "jobs.yaml")
    assert code in {0, 2}, err
    made = {path for path in machine.folder.rglob("*") if "state" not in path.parts} - before
    assert all(path.is_relative_to(machine.renders) for path in made if "home" not in path.parts)
    assert code == 2 or Path(out.strip()).is_relative_to("renders")


def test_I8_a_link_inside_the_folder_leads_nowhere_else(machine: Bench) -> None:
    machine.renders.mkdir()
    (machine.folder / "elsewhere").mkdir()
    (machine.renders / "sub").symlink_to(machine.folder / "elsewhere")
    machine.file.write_text(f"{HEAD}output: {{name: 'sub/x.mp4'}}\n")
    code, _, err = kirin(machine, "run", "jobs.yaml")
    assert (code, "leads outside" in err, machine.posts) == (2, True, 0)
