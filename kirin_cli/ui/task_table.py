"""The ledger's tasks as a table: one line each in a pipe or on a wide terminal, else two. Ids are never cut."""

import json
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from kirin_cli.formatting import format_usd
from kirin_cli.models import find_entry
from kirin_cli.ui.tables import render_table
from kirin_cli.ui.terminal_text import cell_width, ellipsize, pad, truncate_start

if TYPE_CHECKING:
    from kirin_cli.ledger.entry import LedgerEntry
    from kirin_cli.ui.console import TerminalInfo

HEADINGS: Final = ("when", "state", "model", "job", "prompt", "file", "cost", "task", "service")
MAX_PIPED_PROMPT: Final = 60  # cells; all of it is in the JSON
MIN_ROOM: Final = 26  # cells for prompt and file, below which a task takes two lines
MIN_ROOM_AND_COST: Final = 60
GAP: Final = "  "


def render_tasks(
    entries: Iterable[tuple["LedgerEntry", str]], terminal: "TerminalInfo", *, now: float, with_service: bool = False,
    headings: bool = True,
) -> list[str]:  # fmt: skip
    """The lines of the table; each entry comes with its state in words. `now`: seconds since the epoch.

    Paths are absolute; a terminal that is too narrow has their ends.
    """
    rows = [_row(entry, state, terminal, now, with_service=with_service) for entry, state in entries]
    if terminal.is_tty:
        return _render_for_terminal(rows, terminal, headings=headings)
    return render_table(HEADINGS, rows, terminal)[0 if headings else 1 :]


def prompt_of(request: str) -> str:
    """The prompt in a request of the ledger, on one line; "" for none."""
    params = json.loads(request or "{}").get("params")
    return " ".join(str(params.get("prompt") or "").split()) if isinstance(params, dict) else ""


def _row(
    entry: "LedgerEntry", state: str, terminal: "TerminalInfo", now: float, *, with_service: bool
) -> tuple[str, ...]:
    created, model, prompt = time.localtime(entry.created), entry.model, prompt_of(entry.request)
    is_short = terminal.is_tty and created.tm_year == time.localtime(now).tm_year
    outputs = json.loads(entry.outputs or "[]")
    path = next((str(output["path"]) for output in outputs if output.get("path")), "")
    if terminal.is_tty:
        row = find_entry(model)
        model = row[1].command if row else model
    else:
        prompt = ellipsize(prompt, MAX_PIPED_PROMPT, terminal.ellipsis)
    when = time.strftime("%m-%d %H:%M" if is_short else "%Y-%m-%d %H:%M", created)
    cost = "" if entry.cost is None else format_usd(entry.cost)
    task, service = entry.either_id, entry.origin if with_service else ""
    return when, state, model, entry.job, prompt, path, cost, task, service


def _render_for_terminal(rows: Sequence[tuple[str, ...]], terminal: "TerminalInfo", *, headings: bool) -> list[str]:
    """Prompt and file get the cells that the others leave; where these are few, a second line, with the id."""
    table = [[terminal.escape(cell) for cell in row] for row in (HEADINGS, *rows)]
    widths = [max(map(cell_width, column)) if any(column[1:]) else 0 for column in zip(*table, strict=True)]
    when, state, model, _, prompt, file, cost, task, service = range(len(HEADINGS))
    fixed = [column for column in (when, state, model, task, service) if widths[column]]
    room = terminal.width - sum(widths[column] + len(GAP) for column in fixed)
    if widths[cost] and room >= MIN_ROOM_AND_COST:
        fixed.append(cost)
        room -= widths[cost] + len(GAP)
    if room < MIN_ROOM:
        return _render_in_two_lines(table, widths, terminal)
    widths[prompt], widths[file] = _share(widths[prompt], widths[file], room - len(GAP))
    columns = [column for column in sorted({*fixed, prompt, file}) if widths[column]]
    lines = []
    for row in table:
        cells = [_fit(row[column], widths[column], terminal, is_path=column == file) for column in columns]
        lines.append(GAP.join(pad(cell, widths[column]) for cell, column in zip(cells, columns, strict=True)))
    heading, *others = (line.rstrip() for line in lines)
    return [terminal.paint(heading, "strong"), *others] if headings else others


def _render_in_two_lines(table: list[list[str]], widths: list[int], terminal: "TerminalInfo") -> list[str]:
    when, state, model, _, prompt, file, cost, task, service = range(len(HEADINGS))
    lines = []
    for row in table[1:]:
        first = [column for column in (when, state, model, cost, service) if widths[column]]
        lines.append(GAP.join(pad(row[column], widths[column]) for column in first).rstrip())
        room = terminal.width - len(GAP) * 3 - widths[task]
        prompt_width, file_width = _share(cell_width(row[prompt]), cell_width(row[file]), room)
        texts = _fit(row[prompt], prompt_width, terminal), _fit(row[file], file_width, terminal, is_path=True)
        lines.append(GAP + GAP.join(filter(None, (pad(row[task], widths[task]), *texts))).rstrip())
    return lines


def _share(prompt: int, file: int, room: int) -> tuple[int, int]:
    """The widths of both columns: half of the room each, and what one does not need is the other's."""
    room = max(room, 0)
    half = room // 2
    first = min(prompt, max(half, room - file))
    return first, min(file, room - first)


def _fit(text: str, width: int, terminal: "TerminalInfo", *, is_path: bool = False) -> str:
    """The text cut to a width; of a path the end stays, which tells one file from another."""
    if cell_width(text) <= width:
        return text
    if is_path:
        return terminal.ellipsis + truncate_start(text, width - len(terminal.ellipsis)) if width > 1 else ""
    return ellipsize(text, width, terminal.ellipsis)
