"""A run as GitHub-flavoured Markdown: a line of totals, a table of jobs, and what did not end well."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote

from kirin_cli.formatting import format_seconds, format_timestamp, format_usd
from kirin_cli.modelspec.text import pluralize
from kirin_cli.report.report import Report, ReportFile, ReportJob, ReportProblem

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
    yield f"## {_mark(report)} kirin: {pluralize(len(report.jobs), 'job')}, {format_usd(report.cost)}"
    yield ""
    yield _totals(report)
    yield ""
    yield from _within(room / 2, [_problem(problem) for problem in report.problems] + _troubles(report), "problem")
    if report.jobs:
        yield "| | job | prompt | model | cost | time | result |"
        yield "| --- | --- | --- | --- | ---: | ---: | --- |"
        rows = (_row(job, report.folder if links else None) for job in report.jobs)
        yield from _within(room / 3, rows, "job")


def escape_markdown(text: str) -> str:
    """Text on one line that Markdown shows as it is."""
    shown = " ".join(text.split())
    parts = _ALIVE.split(shown)
    marks = [_escaped(mark) + _BREAKS for mark in _ALIVE.findall(shown)]
    return _escaped(parts[0]) + "".join(mark + _escaped(part) for mark, part in zip(marks, parts[1:], strict=True))


def file_link(path: Path, folder: Path) -> str:
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
        yield f"… and {pluralize(left_out, f'more {word}')}"
    yield ""


def _mark(report: Report) -> str:
    if any(problem.severity == "error" for problem in report.problems) or report.missing_shards:
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
    if report.missing_shards:
        facts.append(f"**missing shards: {', '.join(map(str, report.missing_shards))}**")
    if report.seconds is not None:
        facts.append(format_seconds(report.seconds))
    if report.ended:
        facts.append(format_timestamp(report.ended))
    return " · ".join([*facts, *([f"run {escape_markdown(report.run_id)}"] if report.run_id else [])])


def _troubles(report: Report) -> list[str]:
    return [_trouble(job) for job in report.jobs if job.failure]


def _trouble(job: ReportJob) -> str:
    assert job.failure is not None  # noqa: S101  (the caller chose those that have one)
    hint = f" – {escape_markdown(job.failure.hint)}" if job.failure.hint else ""
    name, message = escape_markdown(job.name), escape_markdown(job.failure.message)
    return f"- {MARKS[job.state]} **{name}**{_place(job)}: {message}{hint}"


def _problem(problem: ReportProblem) -> str:
    mark = MARKS["failed"] if problem.severity == "error" else "⚠️"
    name = f" **{escape_markdown(problem.job)}**" if problem.job else ""
    hint = f" – {escape_markdown(problem.hint)}" if problem.hint else ""
    rule = f" {escape_markdown(f'[{problem.rule}]')}" if problem.rule else ""
    return f"- {mark}{name}{_place(problem)}: {escape_markdown(problem.message)}{rule}{hint}"


def _place(one: ReportJob | ReportProblem) -> str:
    numbers = [str(number) for number in (one.line, one.column) if number]
    return f" ({':'.join([escape_markdown(one.file), *numbers])})" if one.file else ""


def _row(job: ReportJob, folder: Path | None) -> str:
    prompt = job.prompt if len(job.prompt) <= PROMPT_SHOWN else job.prompt[:PROMPT_SHOWN] + "…"
    take = f" (take {job.take})" if job.take > 1 else ""
    cost = "" if job.cost is None else format_usd(job.cost)
    time = "" if job.seconds is None else format_seconds(job.seconds)
    result = ", ".join(_file(made, folder) for made in job.files) or job.state
    cells = (
        MARKS[job.state],
        escape_markdown(job.name) + take,
        escape_markdown(prompt),
        escape_markdown(job.model),
        cost,
        time,
        result,
    )
    return f"| {' | '.join(cells)} |"


def _file(file: ReportFile, folder: Path | None) -> str:
    return (
        escape_markdown(file.name)
        if folder is None
        else f"[{escape_markdown(file.name)}]({file_link(file.path, folder)})"
    )
