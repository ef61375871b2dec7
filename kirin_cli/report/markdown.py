"""A run as GitHub-flavoured Markdown: a line of totals, a table of jobs, and what did not end well."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote

from kirin_cli.formatting import format_seconds, format_timestamp, format_usd
from kirin_cli.modelspec.text import pluralize
from kirin_cli.report.report import STATES, Report, ReportJob, ReportProblem

MAX_PROMPT_LENGTH: Final = 100
_ZERO_WIDTH_SPACE: Final = "&#8203;"
# A backslash before punctuation; a zero-width space behind what becomes a mention, reference, link or emoji without it.
_PUNCTUATION: Final = "\\`*_[]<>|&~$#"
_SPECIAL: Final = re.compile(
    rf"(?P<link>@(?=\w)|#(?=\d)|:(?=[\w+-]+:)|:(?=//)|\bwww(?=\.))|[{re.escape(_PUNCTUATION)}]", re.IGNORECASE
)


def render(report: Report) -> str:
    """The whole report."""
    return "\n".join(lines(report, links=True))


def lines(report: Report, *, links: bool, max_bytes: float = float("inf")) -> Iterator[str]:
    """The report line by line, of about `max_bytes` at most: what is left out is counted. `links` lead to files."""
    has_errors = bool(report.missing_shards) or any(problem.severity == "error" for problem in report.problems)
    gravest = next((state for state in STATES if state in report.states and state != "skipped"), "done")
    mark = STATES["failed" if has_errors else gravest].mark
    yield f"## {mark} kirin: {pluralize(len(report.jobs), 'job')}, {format_usd(report.cost)}"
    yield ""
    yield _totals(report)
    yield ""
    problems: list[ReportJob | ReportProblem] = [*report.problems, *(job for job in report.jobs if job.failure)]
    yield from _limit(max_bytes / 2, map(_problem, problems), "problem")
    if report.jobs:
        yield "| | job | prompt | model | cost | time | result |"
        yield "| --- | --- | --- | --- | ---: | ---: | --- |"
        rows = (_row(job, report.folder if links else None) for job in report.jobs)
        yield from _limit(max_bytes / 3, rows, "job")


def escape_markdown(text: str) -> str:
    """Text on one line that Markdown shows as it is."""

    def escape(match: re.Match[str]) -> str:
        return "\\" * (match[0] in _PUNCTUATION) + match[0] + _ZERO_WIDTH_SPACE * bool(match["link"])

    return _SPECIAL.sub(escape, " ".join(text.split()))


def file_link(path: Path, folder: Path) -> str:
    """The address of a file, from `folder`: relative with slashes, or absolute where no relative path leads there."""
    try:
        relative = os.path.relpath(path, folder).replace(os.sep, "/")
    except ValueError:  # another drive of Windows
        return path.absolute().as_uri()
    address = quote(os.fsencode(relative), safe="/")
    return address if address.startswith("../") else f"./{address}"


def _limit(max_bytes: float, rows: Iterable[str], noun: str) -> Iterator[str]:
    left_out = 0
    for row in rows:
        max_bytes -= len(row.encode("utf-8", "replace")) + 1
        if max_bytes >= 0 and not left_out:
            yield row
        else:
            left_out += 1
    if left_out:
        yield ""
        yield f"… and {pluralize(left_out, f'more {noun}')}"
    yield ""


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


def _problem(item: ReportJob | ReportProblem) -> str:
    if isinstance(item, ReportJob):
        assert item.failure is not None  # noqa: S101  (the caller chose those that have one)
        mark, name, reason, rule = STATES[item.state].mark, item.name, (item.failure.message, item.failure.hint), ""
    else:
        mark = STATES["failed"].mark if item.severity == "error" else "⚠️"
        name, reason, rule = item.job, (item.message, item.hint), f"[{item.rule}]" if item.rule else ""
    message, hint = map(escape_markdown, reason)
    title = f"{mark} **{escape_markdown(name)}**" if name else mark
    position = f" ({escape_markdown(item.file)}{item.line_column})" if item.file else ""
    return f"- {title}{position}: {message}{f' {escape_markdown(rule)}' if rule else ''}{f' – {hint}' if hint else ''}"


def _row(job: ReportJob, folder: Path | None) -> str:
    prompt = job.prompt if len(job.prompt) <= MAX_PROMPT_LENGTH else job.prompt[:MAX_PROMPT_LENGTH] + "…"
    take = f" (take {job.take})" if job.take > 1 else ""
    cost = "" if job.cost is None else format_usd(job.cost)
    time = "" if job.seconds is None else format_seconds(job.seconds)
    names = [(escape_markdown(file.name), file.path) for file in job.files]
    files = [name if folder is None else f"[{name}]({file_link(path, folder)})" for name, path in names]
    cells = (
        STATES[job.state].mark,
        escape_markdown(job.name) + take,
        escape_markdown(prompt),
        escape_markdown(job.model),
        cost,
        time,
        ", ".join(files) or job.state,
    )
    return f"| {' | '.join(cells)} |"
