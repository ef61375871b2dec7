"""What job files hold (faults I1–I5): values as they are written, mistakes with their place, no bombs."""

import os
from pathlib import Path

import pytest
from faults.bench import Bench
from faults.in_process import CHECKED_WITHIN, kirin, only_problem, problems, sent
from support.cpu_time import work_within

AS_WRITTEN = (
    "16:9",
    "no",
    "Yes",
    "on",
    "off",
    "017",
    "0o17x",
    "1_000",
    "2026-01-01",
    "12:30:45",
    "=",
    "<<x",
    "1e",
    ".",
    "0x_1",
    "y",
)


def test_I1_plain_values_arrive_as_they_were_written(machine: Bench) -> None:
    jobs = [
        f"  - name: j{n}\n    params:\n      prompt: {text}\n      aspect_ratio: 16:9"
        for n, text in enumerate(AS_WRITTEN)
    ]
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
}


@pytest.mark.parametrize("name", MISTAKES)
def test_I2_I4_mistakes_are_told_with_line_and_column_and_nothing_is_sent(machine: Bench, name: str) -> None:
    text, line, column, words = MISTAKES[name]
    machine.file.write_text(text)
    one = only_problem(kirin(machine, "validate", "jobs.yaml", "--json"))
    assert ((one["line"], one["column"]), words in one["message"]) == ((line, column), True), one
    code, out, err = kirin(machine, "run", "jobs.yaml")
    assert (code, out, machine.posts) == (2, "", 0)
    assert f"jobs.yaml:{line}:{column}: error:" in err
    assert "nothing was sent" in err


def test_I4_a_default_is_used_and_an_empty_variable_is_no_value(machine: Bench) -> None:
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
    levels = [f"  v{n}: '{10 * f'${{v{n - 1}}}'}'" for n in range(1, 40)]
    return "vars:\n  v0: boom\n" + "\n".join(levels) + "\n" + HEAD.replace("a\n", "${v39}\n")


BOMBS = {
    "aliases": alias_bomb,
    "merges": merge_bomb,
    "variables": text_bomb,
    "self-alias": lambda: "x-a: &a [*a]\n" + HEAD,
    "self-alias in params": lambda: "model: kirin_v1_t2v\nparams: &p {prompt: a, x: *p}\n",
    "variable of itself": lambda: "vars: {a: '${b}', b: '${a}'}\n" + HEAD.replace("a\n", "${a}\n"),
    "deep lists": lambda: "x-deep: " + "[" * 20_000 + "]" * 20_000 + "\n" + HEAD,
    "deep mappings": lambda: "x-deep: " + "{a: " * 20_000 + "1" + "}" * 20_000 + "\n" + HEAD,
    "deep blocks": lambda: "x-deep:\n" + "".join(" " * n + "-\n" for n in range(1, 2000)) + HEAD,
    "wide": lambda: "x-wide: [" + "a," * 600_000 + "]\n" + HEAD,
    "matrix of 10,201": lambda: HEAD + f"matrix: {{seed: {list(range(101))}, take: {list(range(101))}}}\n",
    "matrix of a billion": lambda: (
        HEAD + "matrix: {" + ", ".join(f"{letter}: {list(range(10))}" for letter in "abcdefghi") + "}\n"
    ),
    "takes": lambda: HEAD + "take: 1000000000\n",
    "9 MB": lambda: "# " + "x" * 9_000_000 + "\n" + HEAD,
}


@pytest.mark.parametrize("name", BOMBS)
def test_I3_I5_bombs_are_refused_in_under_a_second(machine: Bench, name: str) -> None:
    machine.file.write_text(BOMBS[name]())
    kirin(machine, "validate", "--help")  # imports are no part of it
    with work_within(CHECKED_WITHIN):
        code, out, err = kirin(machine, "validate", "jobs.yaml")
    assert (code, out) == (2, "")
    assert "jobs.yaml" in err
    assert len(err) < 20_000


def test_I3_files_of_100_MB_and_files_that_never_end_are_not_read(machine: Bench) -> None:
    os.truncate(machine.file, 100_000_000)
    (machine.folder / "folder.yaml").mkdir()
    (machine.folder / "loop.yaml").symlink_to("loop.yaml")
    files = ("jobs.yaml", "folder.yaml", "loop.yaml", "missing.yaml", "/dev/zero", "/dev/tty")
    with work_within(CHECKED_WITHIN):
        result = kirin(machine, "validate", *files, "--json")
    assert result[0] == 2
    assert {Path(one["file"]).name for one in problems(result)} == {Path(file).name for file in files}


def test_I5_more_jobs_than_allowed_are_refused_and_the_limit_is_named(machine: Bench) -> None:
    machine.file.write_text(HEAD + "take: 4\n")
    assert kirin(machine, "validate", "jobs.yaml", "--max-jobs", "4")[0] == 0
    code, _, err = kirin(machine, "run", "jobs.yaml", "--max-jobs", "3")
    assert (code, "--max-jobs" in err, machine.posts) == (2, True, 0)
