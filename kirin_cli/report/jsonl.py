"""One job a line as JSON, each with the id of its run: for tools that read logs."""

import json

from kirin_cli.report.reading import items, mapping
from kirin_cli.report.record import Report


def render(report: Report) -> str:
    """The lines, in ASCII; nothing where there are no jobs."""
    run = {"run_id": report.data.get("run_id")}
    return "\n".join(json.dumps(run | dict(mapping(job)), ensure_ascii=True) for job in items(report.data.get("jobs")))
