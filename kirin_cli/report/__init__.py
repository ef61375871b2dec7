"""Results as data and text. A new format is one file with `render(report) -> str` and one row in FORMATS.

The rows name modules, which are loaded when a report is asked for.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from kirin_cli.report.record import Report


@dataclass(frozen=True, slots=True)
class Format:
    """A format: the module behind it, the function in that module, and what it is for."""

    module: str
    help: str
    function: str = "render"

    def render(self, report: "Report") -> str:
        """The text of a report."""
        text: str = getattr(import_module(f"kirin_cli.report.{self.module}"), self.function)(report)
        return text


FORMATS: Final = {
    "json": Format("results", "the result as --json prints it", "again"),
    "jsonl": Format("jsonl", "one job a line"),
    "junit": Format("junit", "for the test views of CI systems"),
    "markdown": Format("markdown", "a table for a summary or a comment"),
    "html": Format("gallery", "one page with all videos, which it plays from where they lie"),
    "html-embedded": Format("gallery", "the same page with the videos inside it", "render_embedded"),
    "github": Format("github", "annotations; with PATH auto also step summary and outputs"),
}
