"""A run as GitHub-flavoured Markdown: a line of totals, a table of jobs, and what did not end well.

Text that somebody else wrote is neutral in it: it cannot format, link, mention, refer or show an emoji.
"""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote

from kirin_cli.report.amounts import day_and_time, seconds_words
from kirin_cli.report.record import JobRecord, Made, Problem, Report
from kirin_cli.run.amounts import money
from kirin_cli.spec.words import counted

MARKS: Final = {
    "done": "✅", "skipped": "⏭️", "failed": "❌", "rejected": "❌", "expired": "❌", "pending": "⏳", "unknown": "❓",
}  # fmt: skip
PROMPT_SHOWN: Final = 100
_PUNCTUATION: Final = re.compile(r"([\\`*_\[\]<>|&~$#])")
_BREAKS: Final = "&#8203;"
# A zero-width space behind these: mentions, references, links and emoji are found after backslashes are gone.
_ALIVE: Final = re.compile(r"@(?=\w)|#(?=\d)|:(?=[\w+-]+:)|:(?=//)|\bwww(?=\.)", re.IGNORECASE)


def render(report: Report) -> str:
    """The whole report."""
    return "\n".join(lines(report, links=True))


def lines(report: Report, *, links: bool, room: float = float("inf")) -> Iterator[str]:
    """The report line by line, of about `room` bytes at most: what is left out is counted. `links` lead to files."""
    yield f"## {_mark(report)} kirin: {counted(len(report.jobs), 'job')}, {money(report.cost)}"
    yield ""
    yield _totals(report)
    yield ""
    yield from _within(room / 2, [_problem(one) for one in report.problems] + _troubles(report), "problem")
    if report.jobs:
        yield "| | job | prompt | model | cost | time | result |"
        yield "| --- | --- | --- | --- | ---: | ---: | --- |"
        rows = (_row(job, report.folder if links else None) for job in report.jobs)
        yield from _within(room / 3, rows, "job")


def plain(text: str) -> str:
    """Text on one line that Markdown shows as it is."""
    shown = " ".join(text.split())
    parts = _ALIVE.split(shown)
    marks = [_escaped(mark) + _BREAKS for mark in _ALIVE.findall(shown)]
    return _escaped(parts[0]) + "".join(mark + _escaped(part) for mark, part in zip(marks, parts[1:], strict=True))


def link(path: Path, folder: Path) -> str:
    """The address of a file, from `folder`: relative with slashes, or absolute where no relative path leads there."""
    try:
        relative = os.path.relpath(path, folder).replace(os.sep, "/")
    except ValueError:  # another drive of Windows
        return path.absolute().as_uri()
    address = quote(os.fsencode(relative), safe="/")
    return address if address.startswith("../") else f"./{address}"


def _escaped(text: str) -> str:
    return _PUNCTUATION.sub(r"\\\1", text)


def _within(room: float, rows: Iterable[str], word: str) -> Iterator[str]:
    left_out = 0
    for row in rows:
        room -= len(row.encode("utf-8", "replace")) + 1
        if room >= 0 and not left_out:
            yield row
        else:
            left_out += 1
    if left_out:
        yield ""
        yield f"… and {counted(left_out, f'more {word}')}"
    yield ""


def _mark(report: Report) -> str:
    if any(one.severity == "error" for one in report.problems) or report.missing:
        return MARKS["failed"]
    gravest = ("failed", "rejected", "expired", "unknown", "pending", "done")
    return next((MARKS[state] for state in gravest if state in report.states), MARKS["done"])


def _totals(report: Report) -> str:
    states = ", ".join(f"{number} {state}" for state, number in report.states.items())
    facts = [f"**{states or 'nothing was sent'}**"]
    if report.broken_off:
        facts.append(f"**{report.broken_off}**")
    if report.perhaps_charged:
        facts.append(f"{report.perhaps_charged} may have been charged")
    if report.missing:
        facts.append(f"**missing shards: {', '.join(map(str, report.missing))}**")
    if report.seconds is not None:
        facts.append(seconds_words(report.seconds))
    if report.ended:
        facts.append(day_and_time(report.ended))
    return " · ".join([*facts, *([f"run {plain(report.run_id)}"] if report.run_id else [])])


def _troubles(report: Report) -> list[str]:
    return [_trouble(job) for job in report.jobs if job.trouble]


def _trouble(job: JobRecord) -> str:
    assert job.trouble is not None  # noqa: S101  (the caller chose those that have one)
    hint = f" – {plain(job.trouble.hint)}" if job.trouble.hint else ""
    return f"- {MARKS[job.state]} **{plain(job.name)}**{_place(job)}: {plain(job.trouble.message)}{hint}"


def _problem(problem: Problem) -> str:
    mark = MARKS["failed"] if problem.severity == "error" else "⚠️"
    name = f" **{plain(problem.job)}**" if problem.job else ""
    hint = f" – {plain(problem.hint)}" if problem.hint else ""
    rule = f" {plain(f'[{problem.rule}]')}" if problem.rule else ""
    return f"- {mark}{name}{_place(problem)}: {plain(problem.message)}{rule}{hint}"


def _place(one: JobRecord | Problem) -> str:
    numbers = [str(number) for number in (one.line, one.column) if number]
    return f" ({':'.join([plain(one.file), *numbers])})" if one.file else ""


def _row(job: JobRecord, folder: Path | None) -> str:
    prompt = job.prompt if len(job.prompt) <= PROMPT_SHOWN else job.prompt[:PROMPT_SHOWN] + "…"
    take = f" (take {job.take})" if job.take > 1 else ""
    cost = "" if job.cost is None else money(job.cost)
    time = "" if job.seconds is None else seconds_words(job.seconds)
    result = ", ".join(_file(made, folder) for made in job.made) or job.state
    cells = (MARKS[job.state], plain(job.name) + take, plain(prompt), plain(job.model), cost, time, result)
    return f"| {' | '.join(cells)} |"


def _file(made: Made, folder: Path | None) -> str:
    return plain(made.name) if folder is None else f"[{plain(made.name)}]({link(made.path, folder)})"
