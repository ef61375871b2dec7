"""The table of tasks: what a pipe gets, and what fits on a terminal."""

import json
from decimal import Decimal

import pytest

from kirin_cli.ledger.entry import Intent, new_entry
from kirin_cli.ui.console import TerminalInfo
from kirin_cli.ui.task_table import prompt_of, render_tasks
from kirin_cli.ui.terminal_text import cell_width

NOW = 1_764_330_000.0
TASK = "928374650192837465"
PROMPT = "Neon rain over a harbour, seen from the bridge of a slow ship that goes home after ten years at sea"
PATH = "/home/me/clips/v1-t2v-neon-rain-over-a-harbour-cefb.mp4"


def entry_of(**more):
    intent = Intent(
        origin="https://a.example", account="a", external_id="krn1-" + "0" * 26, model="kirin_v1_t2v",
        request=json.dumps({"model": "kirin_v1_t2v", "params": {"prompt": PROMPT}}), job="harbour",
    )  # fmt: skip
    outputs = json.dumps([{"path": PATH}])
    return new_entry(intent, NOW).replace(task_id=TASK, cost=Decimal("0.28"), outputs=outputs, **more)


def rendered(width, *entries, state="done", **more):
    terminal = TerminalInfo(is_tty=bool(width), width=width)
    return render_tasks([(entry, state) for entry in entries], terminal, now=NOW, **more)


def test_a_pipe_has_a_line_for_each_with_whole_paths():
    heading, row = rendered(0, entry_of())
    assert heading.split() == ["when", "state", "model", "job", "prompt", "file", "cost", "task"]
    assert PATH in row
    assert PROMPT[:50] in row
    assert row.endswith(f"$0.28  {TASK}")
    assert "kirin_v1_t2v" in row
    assert "https://a.example" in rendered(0, entry_of(), with_service=True)[1]


@pytest.mark.parametrize("width", [60, 80, 100, 140, 200])
@pytest.mark.parametrize("state", ["done", "pending (running)"])
def test_no_line_is_wider_than_the_terminal_and_no_id_is_cut(width, state):
    entry = entry_of()
    unsent = entry.replace(task_id=None, outputs="", cost=None)
    lines = rendered(width, entry, unsent, state=state)
    assert max(map(cell_width, lines)) <= width
    text = "\n".join(lines)
    assert (TASK in text, unsent.external_id in text, state in text, "v1-t2v" in text) == (True,) * 4
    assert "Neon" in text
    assert "cefb.mp4" in text


def test_a_terminal_of_80_cells_has_a_line_for_each_done_task():
    heading, row = rendered(80, entry_of())
    assert heading.split() == ["when", "state", "model", "prompt", "file", "task"]
    assert row.split()[:4] == ["11-28", row.split()[1], "done", "v1-t2v"]
    assert "…" in row
    assert "$0.28" in rendered(120, entry_of())[1]


def test_an_entry_of_another_year_says_it_and_hostile_text_is_escaped():
    old = entry_of().replace(created=NOW - 400 * 86400, request=json.dumps({"params": {"prompt": "a\x1b[31m"}}))
    (_, row) = rendered(200, old)
    assert row.startswith("2024-")
    assert r"a\x1b[31m" in row


def test_wide_letters_count_as_two_cells():
    entry = entry_of().replace(request=json.dumps({"params": {"prompt": "雨の港" * 20}}))
    assert max(map(cell_width, rendered(80, entry))) <= 80


def test_a_prompt_is_on_one_line_and_none_is_empty():
    assert prompt_of(json.dumps({"params": {"prompt": "a\n b"}})) == "a b"
    assert prompt_of("") == prompt_of("{}") == prompt_of('{"params": null}') == ""


@pytest.mark.parametrize(("width", "lines"), [(0, 1), (80, 1), (60, 2)])
def test_rows_alone_have_no_headings(width, lines):
    rows = rendered(width, entry_of(), state="done" if width != 60 else "pending (running)", headings=False)
    assert len(rows) == lines
    assert "when" not in rows[0]
    assert TASK in rows[-1]
