"""Days of a person at a terminal, command after command, on screens of 80 and of 60 columns."""

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from faults.bench import Bench, bench
from faults.processes import judge, run_process
from support.fast_folder import fast_folder
from support.pictures import png
from support.terminal_screen import seen

from kirin_cli.ui.terminal_text import cell_width

SCREENS = ((24, 80), (20, 60))
BOX = "│╭╰"
PAID = 7
"""Tasks: a boat, a cup of two seeds, that again, a whale, rain and snow."""
STEPS: tuple[tuple[str, int, tuple[str, ...]], ...] = (
    ("kirin", 0, ("kirin run jobs.yaml", "Generate", "Tasks")),
    ("kirin models", 0, ("kirin_v1_t2v", "kirin_video_o1")),
    ("kirin models v1-5-i2v", 0, ("--image", "rule")),
    ("kirin v1-5-i2v --help", 0, ("--image", "kirin models v1-5-i2v")),
    ("kirin v1-t2v a paper boat", 2, ('kirin v1-t2v "a paper boat"',)),
    ("kirin v1-t2v 'a paper boat on a neon river' --dry-run", 0, ("curl -X POST", "nothing was sent")),
    ("kirin v1-t2v 'a paper boat on a neon river'", 0, ("1 of 1 done", "($0.28)")),
    ("kirin v1-t2v 'a paper boat on a neon river' --max-cost 0.10", 5, ("it may cost $0.28", "nothing was sent")),
    ("kirin list", 0, ("a paper boat", "d758n65e000000000001")),
    ("kirin list boat --since 2h", 0, ("d758n65e000000000001",)),
    ("kirin show last", 0, ("d758n65e000000000001", "done", "the service says")),
    ("kirin v1-5-i2v 'the cup steams' --image cup.pgn", 2, ('did you mean "cup.png"?', "nothing was sent")),
    ("kirin v1-5-i2v 'the cup steams' --image cup.png --seed 3 --count 2", 0, ("2 of 2 done",)),
    ("kirin again last --duration 10", 0, ("1 of 1 done",)),
    ("kirin again last~2 --dry-run", 0, ('"seed": 3', "cup.png")),
    ("kirin v1-t2v 'a whale in the sky' --no-wait", 0, ("later: kirin wait d758n65e000000000005",)),
    ("kirin wait", 0, ("1 task to wait for", "1 of 1 done")),
    ("kirin resume", 0, ("there is nothing to do",)),
    ("kirin show last --to-yaml", 0, ("prompt: a whale in the sky",)),
    ("kirin open last", 9, ("a-whale-in-the-sky", "no desktop here")),
    ("kirin init v1-t2v -o more.yaml", 0, ("kirin-jobs.schema.json", "kirin validate more.yaml")),
    ("kirin validate jobs.yaml more.yaml", 0, ("no problem in 3 jobs of 2 files",)),
    ("kirin plan jobs.yaml", 0, ("2 send; likely cost $0.56", "it is new")),
    ("kirin run jobs.yaml", 0, ("renders/rain.mp4",)),
    ("kirin run jobs.yaml", 0, ("renders/rain.mp4",)),
    ("kirin validate broken.yaml", 2, ('broken.yaml:5:14: error: unknown parameter "prmpt"', "6 errors")),
    ("kirin run jobs.yaml --report html=gallery.html", 0, ("skipped, its file is there", "report: gallery.html")),
    ("kirin usage", 0, ("total", "1.96")),
    ("kirin config", 0, ("jobs",)),
    ("kirin doctor --offline", 0, ("good",)),
    ("kirin help exit-codes", 0, ("130",)),
    ("kirin lsit", 2, ('did you mean "list"?',)),
    ("kirin resolve last", 2, ("--adopt TASK",)),
    ("kirin wait nope", 2, ("no task nope", "kirin list")),
)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Bench]:
    with fast_folder(tmp_path) as folder, bench(folder) as made:
        made.write_jobs("rain", "snow")
        (folder / "cup.png").write_bytes(png(640, 480))
        (folder / "broken.yaml").write_text(BROKEN)
        yield made


BROKEN = """version: 1
jobs:
  - name: rain
    model: kirin_v1_t2v
    params: {prmpt: "neon rain", duration: 7}
  - name: rain
    model: kirin_v1_5_i2v
    params: {prompt: "steam"}
"""


@pytest.mark.slow
@pytest.mark.parametrize("size", SCREENS, ids=("80", "60"))
def test_a_day(machine: Bench, size: tuple[int, int]) -> None:
    commands = []
    for line, code, words in STEPS:
        ended, kirin = run_process(machine, *shlex.split(line)[1:], terminal=True, size=size, CI="")
        screen = "\n".join(seen(kirin.err))
        assert (ended, [word for word in words if word not in screen]) == (code, []), f"$ {line}\n{screen}"
        assert not [row for row in screen.splitlines() if cell_width(row) > size[1] and row[0] in BOX], screen
        commands.append(kirin)
    judge(machine, *commands)
    assert machine.api.truth.created() == PAID
