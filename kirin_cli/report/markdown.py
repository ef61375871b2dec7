"""A result as GitHub-flavoured Markdown: a line of totals, a table of jobs, and what is wrong or did not end well."""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Final

from kirin_cli.formatting import format_seconds, format_timestamp, format_usd
from kirin_cli.modelspec.text import pluralize
from kirin_cli.report.report import MARKS, STATES, VALID, Report, ReportJob, ReportProblem
from kirin_cli.report.result_files import file_link

MAX_PROMPT_LENGTH: Final = 100
MAX_COMMENT_BYTES: Final = 60_000
"""A comment of a pull request may have 65,536 characters; the rest is left to what else stands in it."""
RUN_COLUMNS: Final = ("", "job", "prompt", "model", "cost", "time", "result")
PLAN_COLUMNS: Final = ("", "job", "would", "model", "mode", "seconds", "prompt", "price", "price from", "time", "file")
NUMBERS: Final = frozenset({"cost", "time", "seconds", "price"})
_ZERO_WIDTH_SPACE: Final = "&#8203;"
# A backslash before punctuation; a zero-width space behind what becomes a mention, reference, link or emoji without it.
_PUNCTUATION: Final = "\\`*_[]<>|&~$#"
_SPECIAL: Final = re.compile(
    rf"(?P<link>@(?=\w)|#(?=\d)|:(?=[\w+-]+:)|:(?=//)|\bwww(?=\.))|[{re.escape(_PUNCTUATION)}]", re.IGNORECASE
)


def render(report: Report) -> str:
    """The whole report; of a plan or a check as much as a comment of a pull request takes."""
    return "\n".join(lines(report, links=True, max_bytes=float("inf") if report.kind == "run" else MAX_COMMENT_BYTES))


def lines(report: Report, *, links: bool, max_bytes: float = float("inf")) -> Iterator[str]:
    """The report line by line, of about `max_bytes` at most: what is left out is counted. `links` lead to files."""
    yield f"## {_title(report)}"
    yield ""
    if totals := _totals(report):
        yield totals
        yield ""
    failures = [job for job in report.jobs if job.failure]
    if report.kind == "run":
        problems: list[ReportJob | ReportProblem] = [*report.problems, *failures]
        yield from _limit(max_bytes / 2, map(_problem, problems), "problem")
    elif report.problems:
        yield "| | where | job | problem |"
        yield "| --- | --- | --- | --- |"
        yield from _limit(max_bytes / 2, map(_problem_row, report.problems), "problem")
    if report.jobs and report.kind != "validate":
        heads = RUN_COLUMNS if report.kind == "run" else PLAN_COLUMNS
        yield f"|{' | '.join(heads)} |"
        yield f"| {' | '.join('---:' if head in NUMBERS else '---' for head in heads)} |"
        cells = (_plan_row(job) if report.kind == "plan" else _row(job, report.folder if links else None)
                 for job in report.jobs)  # fmt: skip
        yield from _limit(max_bytes / 3, (f"| {' | '.join(row)} |" for row in cells), "job")


def escape_markdown(text: str) -> str:
    """Text on one line that Markdown shows as it is."""

    def escape(match: re.Match[str]) -> str:
        return "\\" * (match[0] in _PUNCTUATION) + match[0] + _ZERO_WIDTH_SPACE * bool(match["link"])

    return _SPECIAL.sub(escape, " ".join(text.split()))


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


def _title(report: Report) -> str:
    has_errors = bool(report.missing_shards or report.errors)
    counts = [f"{pluralize(report.errors, 'error')}"] * bool(report.errors)
    counts += [f"{pluralize(report.warnings, 'warning')}"] * bool(report.warnings)
    jobs = pluralize(len(report.jobs), "job")
    if report.kind == "run":
        gravest = next((state for state in STATES if state in report.states and state != "skipped"), "done")
        return f"{MARKS['failed' if has_errors else gravest]} kirin: {jobs}, {format_usd(report.cost)}"
    mark = MARKS["error" if has_errors else "warning" if counts else VALID]
    if report.kind == "validate" or report.errors:
        return f"{mark} kirin {report.kind}: {', '.join(counts) or 'no problem'}{f' in {jobs}' if report.jobs else ''}"
    return f"{mark} kirin plan: {_actions(report)}, {_likely_cost(report)}"


def _actions(report: Report) -> str:
    return ", ".join(f"{number} {escape_markdown(state)}" for state, number in report.states.items()) or "no job"


def _likely_cost(report: Report) -> str:
    """The sum of what would be sent, and of how many jobs the price is not known."""
    costs = [job.cost for job in report.jobs if job.state == "send"]
    if not costs:
        return "nothing to pay"
    known = [cost for cost in costs if cost is not None]
    unpriced = len(costs) - len(known)
    if not known and unpriced:
        return "no price known yet"
    total = f"likely cost {format_usd(sum(known, Decimal(0)))}"
    return f"{total} and {pluralize(unpriced, 'job')} without a known price" if unpriced else total


def _totals(report: Report) -> str:
    facts = []
    if report.kind == "run":
        states = ", ".join(f"{number} {state}" for state, number in report.states.items())
        facts.append(f"**{states or 'nothing was sent'}**")
    elif report.kind == "validate" and report.jobs:
        facts.append(_actions(report))
    if report.broken_off:
        facts.append(f"**{report.broken_off}**")
    if report.perhaps_charged:
        facts.append(f"{report.perhaps_charged} may have been charged")
    if report.missing_shards:
        facts.append(f"**missing shards: {', '.join(map(str, report.missing_shards))}**")
    if report.likely_seconds:
        facts.append(f"about {format_seconds(report.likely_seconds)}")
    if report.kind != "run":
        return " · ".join([*facts, "nothing was sent"])
    if report.seconds is not None:
        facts.append(format_seconds(report.seconds))
    if report.ended:
        facts.append(format_timestamp(report.ended))
    return " · ".join([*facts, *([f"run {escape_markdown(report.run_id)}"] if report.run_id else [])])


def _problem_row(problem: ReportProblem) -> str:
    where, job = escape_markdown(problem.file + problem.line_column), escape_markdown(problem.job)
    hint = f" – {escape_markdown(problem.hint)}" if problem.hint else ""
    mark = MARKS["warning" if problem.severity == "warning" else "error"]
    return f"| {mark} | {where} | {job} | {escape_markdown(problem.text)}{hint} |"


def _problem(item: ReportJob | ReportProblem) -> str:
    if isinstance(item, ReportJob):
        assert item.failure is not None  # noqa: S101  (the caller chose those that have one)
        mark, name, reason, rule = STATES[item.state].mark, item.name, (item.failure.message, item.failure.hint), ""
    else:
        mark = MARKS["warning" if item.severity == "warning" else "error"]
        name, reason, rule = item.job, (item.message, item.hint), f"[{item.rule}]" if item.rule else ""
    message, hint = map(escape_markdown, reason)
    title = f"{mark} **{escape_markdown(name)}**" if name else mark
    position = f" ({escape_markdown(item.file)}{item.line_column})" if item.file else ""
    return f"- {title}{position}: {message}{f' {escape_markdown(rule)}' if rule else ''}{f' – {hint}' if hint else ''}"


def _row(job: ReportJob, folder: Path | None) -> tuple[str, ...]:
    cost = "" if job.cost is None else format_usd(job.cost)
    time = "" if job.seconds is None else format_seconds(job.seconds)
    names = [(escape_markdown(file.name), file.path) for file in job.files]
    files = [name if folder is None else f"[{name}]({file_link(path, folder)})" for name, path in names]
    model = escape_markdown(job.model)
    return MARKS[job.state], _name(job), _prompt(job), model, cost, time, ", ".join(files) or job.state


def _plan_row(job: ReportJob) -> tuple[str, ...]:
    sends = job.state == "send"
    price = "" if not sends else "not known" if job.cost is None else format_usd(job.cost)
    time = "" if job.likely_seconds is None or not sends else format_seconds(job.likely_seconds)
    would = f"{job.state}: {job.reason}" if job.reason else job.state
    texts = (would, job.model, job.mode, job.duration)
    source = escape_markdown(job.price_detail) if sends else ""
    cells = (*map(escape_markdown, texts), _prompt(job), price, source, time, escape_markdown(job.path))
    return MARKS.get(job.state, ""), _name(job), *cells


def _name(job: ReportJob) -> str:
    return escape_markdown(job.name) + (f" (take {job.take})" if job.take > 1 else "")


def _prompt(job: ReportJob) -> str:
    return escape_markdown(job.prompt if len(job.prompt) <= MAX_PROMPT_LENGTH else job.prompt[:MAX_PROMPT_LENGTH] + "…")
