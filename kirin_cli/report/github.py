"""Output for GitHub Actions: annotations at file:line:column, a step summary, outputs for later steps.

`render` gives the annotations; the other two go into files whose names the runner puts into the environment.
"""

import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from kirin_cli.report import markdown
from kirin_cli.report.json_format import totals
from kirin_cli.report.report import Report, ReportJob, ReportProblem

MAX_ANNOTATIONS: Final = 10
"""The runner shows so many of a kind for one step."""

MAX_SUMMARY_BYTES: Final = 1_000_000
"""A step's summary may have 1 MiB (1048576 bytes); the rest is left to what else the step writes."""

MAX_OUTPUT_BYTES: Final = 200_000
"""All outputs of a job together may have 1 MB."""


def render(report: Report) -> str:
    """The annotations, one a line: an error for each job that did not end well and each problem."""
    return annotations(report)


def annotations(report: Report, here: Path | None = None, workspace: Path | None = None) -> str:
    """The same, for a step that runs in the folder `here`: the runner looks for files from the workspace on."""
    inside = here is not None and workspace is not None and here.is_relative_to(workspace)
    start = here.relative_to(workspace) if inside and here and workspace else Path()
    broken = [job for job in report.jobs if job.failure]
    errors: list[ReportJob | ReportProblem] = [*filter(_is_error, report.problems), *broken]
    warnings = [problem for problem in report.problems if not _is_error(problem)]
    found = [*_some("error", errors, start), *_some("warning", warnings, start)]
    if report.missing_shards:
        found.append(_command("error", {"title": "kirin"}, f"missing shards: {_list(report.missing_shards)}"))
    return "\n".join(found)


def summary(report: Report) -> str:
    """The step summary, in Markdown."""
    return "\n".join(markdown.lines(report, links=False, room=MAX_SUMMARY_BYTES)) + "\n"


def outputs(report: Report) -> str:
    """`name<<delimiter` blocks: exit_code, run_id, the totals (jobs, done, failed, …, cost_usd), and the paths made."""
    paths = [str(made.path) for job in report.jobs for made in job.files]
    values = {
        "exit_code": str(report.exit_code), "run_id": report.run_id,
        **{name: str(number) for name, number in totals(report.states, report.cost).items()},
        "paths": "\n".join(path for path in paths if path.isprintable()),
    }  # fmt: skip
    return "".join(_block(name, _cut(value)) for name, value in values.items())


def _is_error(problem: ReportProblem) -> bool:
    return problem.severity != "warning"


def _some(kind: str, found: Sequence[ReportJob | ReportProblem], start: Path) -> Iterator[str]:
    shown = found if len(found) <= MAX_ANNOTATIONS else found[: MAX_ANNOTATIONS - 1]
    for one in shown:
        yield _annotation(kind, one, start)
    if len(shown) < len(found):
        yield _command(kind, {"title": "kirin"}, f"and {len(found) - len(shown)} more; see the summary")


def _annotation(kind: str, one: ReportJob | ReportProblem, start: Path) -> str:
    about = one.failure if isinstance(one, ReportJob) else one
    assert about is not None  # noqa: S101  (the caller chose those that have one)
    name = one.name if isinstance(one, ReportJob) else one.job
    code = f" [{one.rule}]" if isinstance(one, ReportProblem) and one.rule else ""
    file = (start / one.file).as_posix() if one.file else ""
    place = {"file": file, "line": str(one.line or ""), "col": str(one.column or "")}
    message = f"{about.message}{code}" + (f"\n{about.hint}" if about.hint else "")
    return _command(kind, {**place, "title": f"kirin: {name}" if name else "kirin"}, message)


def _command(kind: str, properties: dict[str, str], message: str) -> str:
    given = ",".join(f"{name}={_property(value)}" for name, value in properties.items() if value)
    return f"::{kind} {given}::{_data(message)}"


def _data(text: str) -> str:
    """As the runner wants it: %, CR and LF encoded, so that a message cannot end the line and begin a command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _block(name: str, value: str) -> str:
    delimiter = f"kirin_{secrets.token_hex(16)}"
    return f"{name}<<{delimiter}\n{value}\n{delimiter}\n"


def _cut(value: str) -> str:
    """As many whole lines as fit."""
    kept = value.encode("utf-8", "replace")[:MAX_OUTPUT_BYTES].decode("utf-8", "ignore")
    return value if len(kept) == len(value) else kept.rpartition("\n")[0]


def _list(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, numbers))
