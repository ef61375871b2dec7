"""The JSON of a run and of a check, and JSON lines. Scripts rely on the shape: it only grows."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kirin_cli import __version__
from kirin_cli.errors import KirinError
from kirin_cli.formatting import iso_utc
from kirin_cli.json_text import dump_json, escape_ci_commands
from kirin_cli.modelspec.notes import notes_of_request
from kirin_cli.modelspec.types import Finding
from kirin_cli.redaction import redact_tree
from kirin_cli.report.parser import as_list, as_mapping
from kirin_cli.report.report import STATES, Report

if TYPE_CHECKING:
    from kirin_cli.run.check import CheckedFiles, CheckedJob
    from kirin_cli.run.job import Outcome, Summary

COUNTED_STATES: Final = ("done", "failed", "skipped", "pending", "unknown")
OUTPUT_FIELDS: Final = ("type", "path", "url", "bytes", "sha256", "duration")
ERROR_FIELDS: Final = ("code", "message", "hint", "next", "retry_safe", "charged")
JOB_FIELDS: Final[Mapping[str, object]] = {
    **dict.fromkeys(("name", "model", "state", "task_id", "external_task_id", "cost_usd")),
    "outputs": [dict.fromkeys(OUTPUT_FIELDS)],
    "error": dict.fromkeys(ERROR_FIELDS),
    **dict.fromkeys(("reason", "charged", "take", "attempt", "file", "line", "column", "prompt")),
    "params": ...,
    "times": dict.fromkeys(("intended", "submitted", "accepted", "generated", "failed", "fetched")),
    "service": ...,
    **dict.fromkeys(("position", "tags", "scope")),
    "inputs": [dict.fromkeys(("param", "path", "bytes", "sha256"))],
}
"""The names in a job: None has nothing below it, a list more of the same, `...` what the model has."""
FILE_LISTS: Final = frozenset({"outputs", "inputs"})
"""What a job has lists of, each of a file with its path."""
_NO_FILES: Final = frozenset({"", "."})  # of jobs that came from flags
RunData = Mapping[str, object]


def render_json(summary: "Summary", exit_code: int, errors: Iterable[KirinError] = ()) -> str:
    """The whole run, indented; `exit_code` is the command's, `errors` are what went wrong with none of its jobs."""
    return dump_json(run_data(summary) | {"exit_code": exit_code, "errors": list(map(error_data, errors))})


def with_relative_paths(data: RunData, folder: Path) -> dict[str, object]:
    """The data as a file in `folder` has it: paths of files from there on, so that all of it can move together."""
    from kirin_cli.run.outputs import relative_path  # noqa: PLC0415  (most JSON goes to standard output)

    jobs = []
    for job in map(as_mapping, as_list(data.get("jobs"))):
        changed = dict(job)
        if isinstance(path := job.get("path"), str):
            changed["path"] = relative_path(path, folder)
        for name in FILE_LISTS & job.keys():
            listed = map(as_mapping, as_list(job[name]))
            changed[name] = [{**file, "path": relative_path(str(file.get("path") or ""), folder)} for file in listed]
        jobs.append(changed)
    return {**data, "jobs": jobs}


def run_data(summary: "Summary") -> dict[str, object]:
    """A run; costs are decimal strings in US dollars, times ISO 8601."""
    states = Counter[str](outcome.state for outcome in summary.outcomes)
    number, of = summary.shard or (0, 0)
    return {
        "run_id": summary.run_id,
        "exit_code": summary.exit_code,
        "totals": totals(states, summary.cost),
        "jobs": [redact_tree(_job(outcome)) for outcome in summary.outcomes],
        "errors": [],
        "problems": [],
        "started_at": iso_utc(summary.started) if summary.started else None,
        "ended_at": iso_utc(summary.ended) if summary.ended else None,
        "shard": {"index": number, "total": of} if of else None,
        "sandbox": summary.is_sandbox,
        "kirin_version": __version__,
    }


def totals(states: Mapping[str, int], cost: Decimal) -> dict[str, object]:
    """How many jobs ended in which state, and what they cost."""
    counts = dict.fromkeys(COUNTED_STATES, 0)
    for state, number in states.items():
        counts[STATES[state].counts_as if state in STATES else "unknown"] += number
    return {"jobs": sum(states.values()), **counts, "cost_usd": str(cost)}


def problem_rows(findings: Iterable[Finding]) -> list[dict[str, object]]:
    """What was found, as `problems` has it in every result."""
    names = ("severity", "message", "rule", "path", "job", "file", "line", "column", "row", "via")
    return [_fields(finding, names) for finding in findings]


def error_data(error: KirinError, *, charged: str = "no") -> dict[str, object]:
    """An error of a whole command, as `errors` has it in every result; it kept everything from being sent."""
    return {
        "code": error.code, "message": error.message, "hint": error.hint, "next": None,
        "retry_safe": charged == "no", "charged": charged,
    }  # fmt: skip


NO_RESULT: Final[Mapping[str, Mapping[str, object]]] = {
    "validate": {"kind": "validate", "valid": False, "jobs": [], "warnings": []},
    "plan": {"kind": "plan", "jobs": [], "totals": {"cost_usd": None, "seconds": None}, "shard": None},
}
"""What stands in the result of a command of job files that came to nothing, beside what every result has."""


def command_result(
    exit_code: int, errors: Iterable[KirinError], findings: Iterable[Finding], *, is_run: bool, command: str
) -> dict[str, object]:
    """What a command says that ended before it could say anything else; `is_run`: of jobs, none of which was begun."""
    errors = list(errors)
    charged = "maybe" if is_run and exit_code == KirinError.exit_code else "no"
    problems = [*problem_rows(findings), *(row for error in errors for row in error_rows(error))]
    base = _empty_run() if is_run else {"kirin_version": __version__}
    return {
        **base,
        **NO_RESULT.get(command, {}),
        "exit_code": exit_code,
        "errors": [error_data(error, charged=charged) for error in errors],
        "problems": problems,
    }


def error_rows(error: KirinError) -> list[dict[str, object]]:
    """An error, as `problems` has it in every result."""
    return [{"severity": "error", "message": error.message, "hint": error.hint}]


def refused_result(findings: Iterable[Finding], exit_code: int) -> dict[str, object]:
    """A run that sent nothing, because of what was found."""
    return _without_jobs(exit_code, problem_rows(findings))


def error_result(error: KirinError) -> dict[str, object]:
    """A run that an error ended before its jobs could say how they stand."""
    return _without_jobs(error.exit_code, error_rows(error)) | {"errors": [error_data(error)]}


def _without_jobs(exit_code: int, problems: list[dict[str, object]]) -> dict[str, object]:
    return _empty_run() | {"exit_code": exit_code, "problems": problems}


def _empty_run() -> dict[str, object]:
    from kirin_cli.run.job import Summary  # noqa: PLC0415  (a check has no jobs that ran)

    return run_data(Summary(run_id="", outcomes=()))


def _job(outcome: "Outcome") -> dict[str, object]:
    from kirin_cli.run.outputs import input_rows  # noqa: PLC0415  (the same)

    params = json.loads(outcome.job.request or "{}").get("params") or {}
    return {
        "name": outcome.job.name,
        "model": outcome.job.model.id,
        "state": outcome.state,
        "task_id": outcome.task_id or None,
        "external_task_id": outcome.job.external_id,
        "cost_usd": None if outcome.cost is None else str(outcome.cost),
        "outputs": [_fields(output, OUTPUT_FIELDS) | {"path": str(output.path)} for output in outcome.outputs],
        "error": _fields(outcome.error, ERROR_FIELDS) | {"next": outcome.error.next or None} if outcome.error else None,
        "reason": outcome.reason or None,
        "charged": outcome.charged,
        "take": outcome.job.take,
        "attempt": outcome.job.attempt,
        "file": outcome.job.file if outcome.job.file not in _NO_FILES else None,
        "line": outcome.job.line or None,
        "column": outcome.job.column or None,
        "prompt": params.get("prompt"),
        "params": params,
        "times": dict(outcome.times),
        "service": dict(outcome.service),
        "position": outcome.job.position or None,
        "tags": list(outcome.job.tags),
        "scope": outcome.job.scope or None,
        "inputs": input_rows(outcome.job),
    }


def _fields(item: object, names: Iterable[str]) -> dict[str, object]:
    return {name: getattr(item, name) for name in names}


JOB_LINE_FIELDS: Final[Mapping[str, object]] = {"run_id": None, **JOB_FIELDS}
"""The names in a row, as JOB_FIELDS has them."""


def render_jsonl(report: Report) -> str:
    """The lines, in ASCII: a job a line, then what is wrong with none of these; nothing where there is neither."""
    jobs = job_rows(report.data)
    names = {str(job.get("name")) for job in jobs}
    problems = map(as_mapping, as_list(report.data.get("problems")))
    rows = [*jobs, *(dict(problem) for problem in problems if str(problem.get("job")) not in names)]
    return escape_ci_commands("\n".join(map(json.dumps, rows)))


def job_rows(data: Mapping[str, object]) -> list[dict[str, object]]:
    """The jobs of a run, each with the id of the run."""
    return [{"run_id": data.get("run_id"), **as_mapping(job)} for job in as_list(data.get("jobs"))]


def validation_data(checked: "CheckedFiles", *, strict: bool) -> dict[str, object]:
    """Every job with its errors and warnings, what is wrong with the files themselves, and all of it in `problems`."""
    refused, names = checked.is_refused(strict=strict), ("file", "line", "column", "message", "via")
    of_files: dict[str, list[dict[str, object]]] = {"error": [], "warning": []}
    for finding in checked.findings:
        of_files[finding.severity].append(_fields(finding, names))
    return {
        "kind": "validate",
        "valid": not refused,
        "exit_code": 2 if refused else 0,
        "left_out": checked.left_out,
        "jobs": [_checked_job(job) for job in checked.jobs],
        "errors": of_files["error"],
        "warnings": of_files["warning"],
        "problems": problem_rows(checked.all_findings()),
        "kirin_version": __version__,
    }


def validation_error(error: KirinError) -> dict[str, object]:
    """A check that an error ended before it could say anything of the jobs."""
    position = dict.fromkeys(("file", "line", "column"))
    return {
        **NO_RESULT["validate"], "exit_code": error.exit_code, "errors": [{**position, **error_data(error)}],
        "problems": error_rows(error), "kirin_version": __version__,
    }  # fmt: skip


def _checked_job(checked: "CheckedJob") -> dict[str, object]:
    names = ("path", "rule", "message", "file", "line", "column", "row", "via")
    by_severity: dict[str, list[dict[str, object]]] = {"error": [], "warning": []}
    for finding in checked.findings:
        by_severity[finding.severity].append(_fields(finding, names))
    return {
        "name": checked.job.name,
        "model": checked.job.model,
        "file": str(checked.job.file),
        "line": checked.job.line,
        "take": checked.job.take,
        "tags": list(checked.job.tags),
        "via": checked.job.via,
        "errors": by_severity["error"],
        "warnings": by_severity["warning"],
        "notes": [note.text for note in notes_of_request(checked.model, checked.values)] if checked.model else [],
    }
