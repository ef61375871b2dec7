"""What people write into job files and flags (rows I1-I8 of FAULTS.md): sent as it is, or refused with its place."""

import io
import json
import os
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from faults.processes import environment, ran
from faults.worlds import Bench
from loopback_exchange import Exchange
from loopback_messages import json_answer
from pictures import png

from kirin_cli.cli.main import run as command_line
from kirin_cli.ledger.states import State

Said = tuple[int, str, str]
CHECKED_WITHIN = 1.0
"""Seconds of work within which a bomb must be refused."""


@pytest.fixture
def kirin(machine: Bench, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Said]:
    """The command line inside this process: exit code, standard output, standard error."""
    monkeypatch.chdir(machine.folder)
    for name, value in environment(machine).items():
        monkeypatch.setenv(name, value)

    def call(*arguments: str) -> Said:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = command_line(arguments)
        return code, out.getvalue(), err.getvalue()

    return call


def sent(machine: Bench) -> list[dict[str, Any]]:
    """The parameters of every task, without the external ids."""
    return [{name: value for name, value in task.params.items() if name != "external_task_id"} for task in machine.api.truth.tasks]


def problems(said: Said) -> list[dict[str, Any]]:
    """What `validate --json` found, files first."""
    found = json.loads(said[1])
    return found["errors"] + [problem for job in found["jobs"] for problem in job["errors"]]


def only_problem(said: Said) -> dict[str, Any]:
    assert said[0] == 2, said
    (one,) = problems(said)
    return one


AS_WRITTEN = ("16:9", "no", "Yes", "on", "off", "017", "0o17x", "1_000", "2026-01-01", "12:30:45", "=", "<<x", "1e", ".", "0x_1", "y")


def test_I1_plain_values_arrive_as_they_were_written(machine: Bench) -> None:
    jobs = [f"  - name: j{n}\n    params:\n      prompt: {text}\n      aspect_ratio: 16:9" for n, text in enumerate(AS_WRITTEN)]
    machine.file.write_text("defaults: {model: kirin_v1_t2v}\njobs:\n" + "\n".join(jobs) + "\n")
    assert machine.run().exit_code == 0
    assert sorted(one["prompt"] for one in sent(machine)) == sorted(AS_WRITTEN)
    assert {one["aspect_ratio"] for one in sent(machine)} == {"16:9"}


HEAD = "model: kirin_v1_t2v\nparams:\n  prompt: a\n"
MISTAKES = {
    "key twice": (HEAD + "  prompt: b\n", 4, 3, "prompt"),
    "key twice at the top": (HEAD + "model: kirin_v1_t2v\n", 4, 1, "model"),
    "key twice in a flow": ("model: kirin_v1_t2v\nparams: {prompt: a, prompt: b}\n", 2, 21, "prompt"),
    "unknown key": (HEAD + "prams: {}\n", 4, 1, "prams"),
    "unknown parameter": (HEAD + "  promt: b\n", 4, 3, "promt"),
    "unknown tag": (HEAD + "  duration: !seconds 5\n", 4, 13, "!seconds"),
    "python tag": (HEAD + "x-y: !!python/object/apply:os.system [ls]\n", 4, 6, "python"),
    "unset variable": (HEAD.replace("a\n", "in ${city}\n"), 3, 3, "city"),
    "unset environment": (HEAD.replace("a\n", "${env.NOWHERE_SET}\n"), 3, 3, "NOWHERE_SET"),
    "message of one's own": (HEAD.replace("a\n", "${city:?give --set city=NAME}\n"), 3, 3, "give --set city=NAME"),
    "the key": (HEAD.replace("a\n", "${env.KIRIN_API_KEY}\n"), 3, 3, "KIRIN_API_KEY"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_I2_I4_mistakes_are_told_with_line_and_column_and_nothing_is_sent(
    machine: Bench, kirin: Callable[..., Said], name: str
) -> None:
    text, line, column, words = MISTAKES[name]
    machine.file.write_text(text)
    one = only_problem(kirin("validate", "jobs.yaml", "--json"))
    assert ((one["line"], one["column"]), words in one["message"]) == ((line, column), True), one
    code, out, err = kirin("run", "jobs.yaml")
    assert (code, out, machine.posts) == (2, "", 0)
    assert f"jobs.yaml:{line}:{column}: error:" in err
    assert "nothing was sent" in err


def test_I4_a_default_is_used_and_an_empty_variable_is_no_value(machine: Bench, kirin: Callable[..., Said]) -> None:
    machine.file.write_text(HEAD.replace("a\n", "${city:-Lisbon} for $$5\n"))
    assert machine.run().exit_code == 0
    assert sent(machine)[0]["prompt"] == "Lisbon for $5"


def alias_bomb() -> str:
    levels = [f"  l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 12)]
    return "x-bomb:\n  l0: &l0 [a, b]\n" + "\n".join(levels) + "\n" + HEAD


def merge_bomb() -> str:
    levels = [f"x-{n}: &m{n}\n  <<: [{', '.join([f'*m{n - 1}'] * 50)}]\n  k{n}: 1" for n in range(1, 60)]
    return "x-0: &m0 {a: 1}\n" + "\n".join(levels) + "\n" + HEAD


def text_bomb() -> str:
    levels = [f"  v{n}: '{'${v' + str(n - 1) + '}' * 10}'" for n in range(1, 40)]
    levels = ["  v%d: '%s'" % (n, "${v%d}" % (n - 1) * 10) for n in range(1, 40)]
    return "vars:\n  v0: boom\n" + "\n".join(levels) + "\n" + HEAD.replace("a\n", "${v39}\n")


BOMBS = {
    "aliases": alias_bomb, "merges": merge_bomb, "variables": text_bomb,
    "self-alias": lambda: "x-a: &a [*a]\n" + HEAD,
    "self-alias in params": lambda: "model: kirin_v1_t2v\nparams: &p {prompt: a, x: *p}\n",
    "variable of itself": lambda: "vars: {a: '${b}', b: '${a}'}\n" + HEAD.replace("a\n", "${a}\n"),
    "deep lists": lambda: "x-deep: " + "[" * 20_000 + "]" * 20_000 + "\n" + HEAD,
    "deep mappings": lambda: "x-deep: " + "{a: " * 20_000 + "1" + "}" * 20_000 + "\n" + HEAD,
    "deep blocks": lambda: "x-deep:\n" + "".join(" " * n + "-\n" for n in range(1, 2000)) + HEAD,
    "wide": lambda: "x-wide: [" + "a," * 600_000 + "]\n" + HEAD,
    "matrix of 10,201": lambda: HEAD + f"matrix: {{seed: {list(range(101))}, take: {list(range(101))}}}\n",
    "matrix of a billion": lambda: HEAD + "matrix: {" + ", ".join(f"{letter}: {list(range(10))}" for letter in "abcdefghi") + "}\n",
    "takes": lambda: HEAD + "take: 1000000000\n",
    "9 MB": lambda: "# " + "x" * 9_000_000 + "\n" + HEAD,
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_I3_I5_bombs_are_refused_in_under_a_second(machine: Bench, kirin: Callable[..., Said], name: str) -> None:
    machine.file.write_text(BOMBS[name]())
    kirin("validate", "--help")  # imports are no part of it
    began = time.process_time()
    code, out, err = kirin("validate", "jobs.yaml")
    assert time.process_time() - began < CHECKED_WITHIN
    assert (code, out) == (2, "")
    assert "jobs.yaml" in err
    assert len(err) < 20_000


def test_I3_files_of_100_MB_and_files_that_never_end_are_not_read(machine: Bench, kirin: Callable[..., Said]) -> None:
    os.truncate(machine.file, 100_000_000)
    (machine.folder / "folder.yaml").mkdir()
    (machine.folder / "loop.yaml").symlink_to("loop.yaml")
    files = ("jobs.yaml", "folder.yaml", "loop.yaml", "missing.yaml", "/dev/zero", "/dev/tty")
    began = time.process_time()
    said = kirin("validate", *files, "--json")
    assert time.process_time() - began < CHECKED_WITHIN
    assert said[0] == 2
    assert {Path(one["file"]).name for one in problems(said)} == {Path(file).name for file in files}


def test_I5_more_jobs_than_allowed_are_refused_and_the_limit_is_named(machine: Bench, kirin: Callable[..., Said]) -> None:
    machine.file.write_text(HEAD + "take: 4\n")
    assert kirin("validate", "jobs.yaml", "--max-jobs", "4")[0] == 0
    code, _, err = kirin("run", "jobs.yaml", "--max-jobs", "3")
    assert (code, "--max-jobs" in err, machine.posts) == (2, True, 0)


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
def test_I6_a_picture_of_no_use_is_told_with_field_and_file(
    machine: Bench, kirin: Callable[..., Said], kind: str
) -> None:
    machine.file.write_text("model: kirin_v1_5_i2v\nparams:\n  image: cup.png\n")
    lay(machine, kind)
    began = time.process_time()
    one = only_problem(kirin("validate", "jobs.yaml", "--json"))
    assert time.process_time() - began < CHECKED_WITHIN
    assert (one["path"], one["line"], "cup.png" in one["message"]) == ("image", 3, True), one
    code, _, err = kirin("run", "jobs.yaml")
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
    assert (run.exit_code, first.state, second.state, second.error.charged, machine.posts) == (9, "done", "pending", "no", 1)
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
    assert (run.exit_code, machine.api.truth.created()) == (9, 0), run.said
    assert "cup.png has changed since it was checked" in run.said
    assert machine.entries()[0].state in {State.ABSENT, State.UNKNOWN, State.INTENT}
    assert machine.run().exit_code == 0


PROMPTS = {
    "CRLF": '"two\\r\\nlines"', "tab": '"a\\tb"', "a dash": '"-rf /"', "two dashes": '"--help"', "an at": '"@jobs.yaml"', "a file": "jobs.yaml",
    "a URL": "file:///etc/passwd", "a dollar": "'$(rm -rf /) `ls` $$HOME'", "a template": "'{job} {{x}}'", "stdin": "'-'", "quotes": "'\"''\\'",
    "emoji": "'👩‍🚀 \u202eabc'", "markup": "'[red]x[/red] :smile:'", "HTML": "'<script>&amp;'",
}  # fmt: skip


@pytest.mark.parametrize("name", PROMPTS)
def test_I7_a_prompt_is_sent_as_it_is(machine: Bench, name: str) -> None:
    import yaml  # noqa: PLC0415  (only to say what was meant)

    machine.file.write_text(f"jobs: [{{name: a, model: kirin_v1_t2v, params: {{prompt: {PROMPTS[name]}}}}}]\n")
    meant = yaml.safe_load(PROMPTS[name]).replace("$$", "$")
    assert machine.run().exit_code == 0
    assert sent(machine) == [{"prompt": meant}]


@pytest.mark.parametrize("prompt", ['"a\\0b"', '"\\ud800"', '"\\udfff x"', '"\\ud83d\\ude00"', "'\x00'", "'\x1b[2J'"])
def test_I7_a_prompt_that_nothing_can_show_is_sent_or_refused_but_never_crashes(
    machine: Bench, kirin: Callable[..., Said], prompt: str
) -> None:
    machine.file.write_text(f"jobs: [{{name: a, model: kirin_v1_t2v, params: {{prompt: {prompt}}}}}]\n")
    code, out, err = kirin("run", "jobs.yaml")
    assert code in {0, 2}, err
    assert machine.posts == (1 if code == 0 else 0)
    assert not any(sign in out + err for sign in ("\x00", "\x1b", "\ud800", "\udfff"))
    assert kirin("run", "jobs.yaml")[0] == code
    assert kirin("list")[0] == kirin("list", "--json")[0] == 0
    assert kirin("validate", "jobs.yaml", "--json")[0] == code


FLAGS = (("--prompt=-rf"), ("@jobs.yaml"), ("jobs.yaml"), ("two\r\nlines"), ("[x]"), ("file:jobs.yaml"), ("~/x"), ("{job}"))


@pytest.mark.parametrize("prompt", FLAGS)
def test_I7_a_prompt_given_as_a_flag_is_never_a_file(machine: Bench, kirin: Callable[..., Said], prompt: str) -> None:
    code, _, err = kirin("v1-t2v", prompt, "-o", "x.mp4")
    assert code == 0, err
    assert sent(machine) == [{"prompt": prompt.removeprefix("--prompt=")}]


def test_I7_bytes_that_are_no_text_are_no_reason_to_crash(machine: Bench) -> None:
    code, said = ran(machine, "v1-t2v", os.fsdecode(b"caf\xe9"), "-o", "x.mp4")
    assert code in {0, 2}, said.said
    assert "Traceback" not in said.said


OUTWARD = {
    "up": "name: '../../x.mp4'", "absolute": "name: /tmp/x.mp4", "home": "name: '~/x.mp4'", "in the middle": "name: 'a/../../x.mp4'",
    "backslash": "name: '..\\x.mp4'", "drive": "name: 'C:\\x.mp4'", "UNC": "name: '\\\\host\\x.mp4'", "NUL": 'name: "a\\0b.mp4"',
    "folder up": "dir: ../x", "folder absolute": "dir: /tmp/x", "folder home": "dir: ~/x", "unknown field": "name: '{secret}.mp4'",
}  # fmt: skip


@pytest.mark.parametrize("name", OUTWARD)
def test_I8_an_output_that_leads_out_is_refused_with_its_place(
    machine: Bench, kirin: Callable[..., Said], name: str
) -> None:
    machine.file.write_text(f"{HEAD}output:\n  {OUTWARD[name]}\n")
    one = only_problem(kirin("validate", "jobs.yaml", "--json"))
    assert one["line"] == 5, one
    assert (kirin("run", "jobs.yaml")[0], machine.posts) == (2, 0)


@pytest.mark.parametrize("name", ["../../x", "/etc/x", "~/x", "a\\..\\x", "..", ".", "CON", "-rf", "x\n", "a/b", " ", "{job}"])
def test_I8_a_job_of_any_name_stays_in_its_folder(machine: Bench, kirin: Callable[..., Said], name: str) -> None:
    machine.file.write_text(json.dumps({"jobs": [{"name": name, "model": "kirin_v1_t2v", "params": {"prompt": "a"}}]}))
    before = {path for path in machine.folder.rglob("*") if "state" not in path.parts}
    code, out, err = kirin("run", "jobs.yaml")
    assert code in {0, 2}, err
    made = {path for path in machine.folder.rglob("*") if "state" not in path.parts} - before
    assert all(path.is_relative_to(machine.renders) for path in made if "home" not in path.parts)
    assert code == 2 or Path(out.strip()).is_relative_to("renders")


def test_I8_a_link_inside_the_folder_leads_nowhere_else(machine: Bench, kirin: Callable[..., Said]) -> None:
    machine.renders.mkdir()
    (machine.folder / "elsewhere").mkdir()
    (machine.renders / "sub").symlink_to(machine.folder / "elsewhere")
    machine.file.write_text(f"{HEAD}output: {{name: 'sub/x.mp4'}}\n")
    code, _, err = kirin("run", "jobs.yaml")
    assert (code, "leads outside" in err, machine.posts) == (2, True, 0)
