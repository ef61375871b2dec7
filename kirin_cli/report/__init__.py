"""Results as data and text. A new format is one file with `render(report) -> str` and one row in FORMATS.

The rows hold loaders: a module is imported when a report in its format is asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from kirin_cli.report.report import Report

Render = Callable[["Report"], str]


@dataclass(frozen=True, slots=True)
class ReportFormat:
    """A format: what it is for, and how to get the function that writes it."""

    help: str
    load: Callable[[], Render]

    def render(self, report: "Report") -> str:
        """The text of a report."""
        return self.load()(report)


def _load_json() -> Render:
    from kirin_cli.report.json_format import render_again  # noqa: PLC0415  (loaded when asked for)

    return render_again


def _load_jsonl() -> Render:
    from kirin_cli.report.json_format import render_jsonl  # noqa: PLC0415  (loaded when asked for)

    return render_jsonl


def _load_junit() -> Render:
    from kirin_cli.report.junit import render  # noqa: PLC0415  (loaded when asked for)

    return render


def _load_markdown() -> Render:
    from kirin_cli.report.markdown import render  # noqa: PLC0415  (loaded when asked for)

    return render


def _load_html() -> Render:
    from kirin_cli.report.html import render  # noqa: PLC0415  (loaded when asked for)

    return render


def _load_html_embedded() -> Render:
    from kirin_cli.report.html import render_embedded  # noqa: PLC0415  (loaded when asked for)

    return render_embedded


def _load_github() -> Render:
    from kirin_cli.report.github import render  # noqa: PLC0415  (loaded when asked for)

    return render


FORMATS: Final = {
    "json": ReportFormat("the result as --json prints it", _load_json),
    "jsonl": ReportFormat("one job a line", _load_jsonl),
    "junit": ReportFormat("for the test views of CI systems", _load_junit),
    "markdown": ReportFormat("a table for a summary or a comment", _load_markdown),
    "html": ReportFormat("one page with all videos, which it plays from where they lie", _load_html),
    "html-embedded": ReportFormat("the same page with the videos inside it", _load_html_embedded),
    "github": ReportFormat("annotations; with PATH auto also step summary and outputs", _load_github),
}
