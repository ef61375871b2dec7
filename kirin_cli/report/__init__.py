"""Results as data and text. A new format is one file with `render(report) -> str` and one row in FORMATS.

A module is imported when a report in its format is asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from kirin_cli.report.report import Report


@dataclass(frozen=True, slots=True)
class ReportFormat:
    """A format: what it is for, and the function that gives the text of a report in it.

    `of_runs_only`: it shows videos, which neither a plan nor a check has.
    """

    help: str
    render: Callable[["Report"], str]
    of_runs_only: bool = False


def _render_json(report: "Report") -> str:
    from kirin_cli.json_text import dump_json  # noqa: PLC0415  (loaded when asked for)

    return dump_json(report.data)


def _render_jsonl(report: "Report") -> str:
    from kirin_cli.report.json_format import render_jsonl  # noqa: PLC0415  (loaded when asked for)

    return render_jsonl(report)


def _render_junit(report: "Report") -> str:
    from kirin_cli.report.junit import render  # noqa: PLC0415  (loaded when asked for)

    return render(report)


def _render_markdown(report: "Report") -> str:
    from kirin_cli.report.markdown import render  # noqa: PLC0415  (loaded when asked for)

    return render(report)


def _render_html(report: "Report") -> str:
    from kirin_cli.report.html import render  # noqa: PLC0415  (loaded when asked for)

    return render(report)


def _render_html_embedded(report: "Report") -> str:
    from kirin_cli.report.html import render_embedded  # noqa: PLC0415  (loaded when asked for)

    return render_embedded(report)


def _render_github(report: "Report") -> str:
    from kirin_cli.report.github import render  # noqa: PLC0415  (loaded when asked for)

    return render(report)


def _render_sarif(report: "Report") -> str:
    from kirin_cli.report.sarif import render  # noqa: PLC0415  (loaded when asked for)

    return render(report)


FORMATS: Final = {
    "json": ReportFormat("the result as --json prints it", _render_json),
    "jsonl": ReportFormat("one job a line", _render_jsonl),
    "junit": ReportFormat("for the test views of CI systems", _render_junit),
    "markdown": ReportFormat("a table for a summary or a comment", _render_markdown),
    "html": ReportFormat("one page with all videos, played from where they lie", _render_html, of_runs_only=True),
    "html-embedded": ReportFormat("the same page with the videos inside it", _render_html_embedded, of_runs_only=True),
    "github": ReportFormat("annotations; with PATH auto also step summary and outputs", _render_github),
    "sarif": ReportFormat("what is wrong with job files, for code scanning", _render_sarif),
}
