"""Output for GitHub Actions: annotations at file:line:column, a step summary, outputs for later steps.

`render` gives the annotations; the other two go into files whose names the runner puts into the environment.
"""

import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from kirin_cli.report import markdown
from kirin_cli.report.json_format import totals
from kirin_cli.report.report import ACTIONS, INVALID, Report, ReportJob, ReportProblem, path_in_workspace

MAX_ANNOTATIONS: Final = 10
"""The runner shows so many of a kind for one step."""

MAX_SUMMARY_BYTES: Final = 1_000_000
"""A step's summary may have 1 MiB (1048576 bytes); the rest is left to what else the step writes."""

MAX_OUTPUT_BYTES: Final = 200_000
"""All outputs of a job together may have 1 MB."""


def render(report: Report) -> str:
    """The annotations, one a line: an error for each job that did not end well and each problem.

    The runner looks for their files from the workspace on, as `report.root` says.
    """
    warnings = [problem for problem in report.problems if problem.severity == "warning"]
    errors: list[ReportJob | ReportProblem] = [problem for problem in report.problems if problem.severity != "warning"]
    errors += [job for job in report.jobs if job.failure]
    lines = [*_annotations("error", errors, report), *_annotations("warning", warnings, report)]
    if report.missing_shards:
        numbers = ", ".join(map(str, report.missing_shards))
        lines.append(_command("error", {"title": "kirin"}, f"missing shards: {numbers}"))
    return "\n".join(lines)


def summary(report: Report) -> str:
    """The step summary, in Markdown."""
    return "\n".join(markdown.lines(report, links=False, max_bytes=MAX_SUMMARY_BYTES)) + "\n"


def outputs(report: Report) -> str:
    """`name<<delimiter` blocks: exit_code and jobs; errors and warnings; what stands in the totals (done, cost_usd …).

    Of a run also run_id and the paths made.
    """
    values = {"exit_code": str(report.exit_code), **_numbers(report)}
    blocks = []
    for name, value in values.items():
        head = value.encode("utf-8", "replace")[:MAX_OUTPUT_BYTES].decode("utf-8", "ignore")
        text = value if len(head) == len(value) else head.rpartition("\n")[0]  # as many whole lines as fit
        delimiter = f"kirin_{secrets.token_hex(16)}"
        blocks.append(f"{name}<<{delimiter}\n{text}\n{delimiter}\n")
    return "".join(blocks)


def _numbers(report: Report) -> Mapping[str, str]:
    numbers = {"jobs": str(len(report.jobs)), "errors": str(report.errors), "warnings": str(report.warnings)}
    if report.kind == "run":
        paths = [str(file.path) for job in report.jobs for file in job.files]
        counts = {name: str(number) for name, number in totals(report.states, report.cost).items()}
        return {"run_id": report.run_id, **counts, "paths": "\n".join(path for path in paths if path.isprintable())}
    states = Counter(job.state for job in report.jobs)
    if report.kind == "validate":
        return {**numbers, "valid": str(not report.exit_code).lower(), INVALID: str(states[INVALID])}
    actions = {action.replace(" ", "_"): str(states[action]) for action in ACTIONS}
    cost, seconds = report.likely_cost, report.likely_seconds
    return {
        **numbers, **actions, "cost_usd": "" if cost is None else str(cost),
        "seconds": "" if seconds is None else f"{seconds:.0f}",
    }  # fmt: skip


def _annotations(level: str, items: Sequence[ReportJob | ReportProblem], report: Report) -> Iterator[str]:
    shown = items if len(items) <= MAX_ANNOTATIONS else items[: MAX_ANNOTATIONS - 1]
    for item in shown:
        name, reason = (item.name, item.failure) if isinstance(item, ReportJob) else (item.job, item)
        assert reason is not None  # noqa: S101  (the caller chose the jobs that have one)
        file = path_in_workspace(item.file, report.root)
        position = {"file": file, "line": str(item.line or ""), "col": str(item.column or "")}
        text = item.text if isinstance(item, ReportProblem) else reason.message
        message = f"{text}\n{reason.hint}" if reason.hint else text
        yield _command(level, {**position, "title": f"kirin: {name}" if name else "kirin"}, message)
    if len(shown) < len(items):
        yield _command(level, {"title": "kirin"}, f"and {len(items) - len(shown)} more; see the summary")


def _command(level: str, properties: dict[str, str], message: str) -> str:
    escaped = {name: _escape(value).replace(":", "%3A").replace(",", "%2C") for name, value in properties.items()}
    return f"::{level} {','.join(f'{name}={value}' for name, value in escaped.items() if value)}::{_escape(message)}"


def _escape(text: str) -> str:
    """As the runner wants it: %, CR and LF encoded, so that a message cannot end the line and begin a command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
