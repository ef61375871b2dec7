"""What `validate` found, as JSON (CLI "JSON"). The shape only grows."""

from kirin_cli.report.harmless import as_text
from kirin_cli.run.checking import CheckedFiles, CheckedJob
from kirin_cli.run.findings import Finding
from kirin_cli.spec.problem import Severity


def render(checked: CheckedFiles, *, strict: bool) -> str:
    """Every job with its errors and warnings, and what is wrong with the files themselves."""
    report = {
        "valid": not checked.refused(strict=strict),
        "jobs": [_job(one) for one in checked.jobs],
        "errors": [_of_file(finding) for finding in checked.findings],
    }
    return as_text(report)


def _job(one: CheckedJob) -> dict[str, object]:
    return {
        "name": one.job.name,
        "model": one.job.model,
        "file": str(one.job.file),
        "line": one.job.line,
        "take": one.job.take,
        "tags": list(one.job.tags),
        "via": one.job.via,
        "errors": _found(one, "error"),
        "warnings": _found(one, "warning"),
    }


def _found(one: CheckedJob, severity: Severity) -> list[dict[str, object]]:
    names = ("path", "rule", "message", "line", "column", "via")
    return [{name: getattr(f, name) for name in names} for f in one.findings if f.severity == severity]


def _of_file(finding: Finding) -> dict[str, object]:
    return {name: getattr(finding, name) for name in ("file", "line", "column", "message", "via")}
