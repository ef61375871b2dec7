"""One job a line as JSON, each with the id of its run: for tools that read logs."""

import json
from collections.abc import Mapping
from typing import Final

from kirin_cli.report.harmless import harmless_json
from kirin_cli.report.reading import items, mapping
from kirin_cli.report.record import Report
from kirin_cli.report.results import JOB_FIELDS

FIELDS: Final[Mapping[str, object]] = {"run_id": None, **JOB_FIELDS}
"""The names in a row, as JOB_FIELDS has them."""


def render(report: Report) -> str:
    """The lines, in ASCII; nothing where there are no jobs."""
    return harmless_json("\n".join(map(json.dumps, rows(report.data))))


def rows(data: Mapping[str, object]) -> list[dict[str, object]]:
    """The jobs of a run, each with the id of the run."""
    return [{"run_id": data.get("run_id"), **mapping(job)} for job in items(data.get("jobs"))]
