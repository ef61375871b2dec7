"""Findings and errors for people: position, sentence, rule, and the source line with a caret. Writes nowhere."""

from collections.abc import Callable, Iterable
from operator import attrgetter
from pathlib import Path

from kirin_cli.errors import KirinError
from kirin_cli.modelspec.text import join_jobs, pluralize
from kirin_cli.modelspec.types import Finding
from kirin_cli.ui.console import TerminalInfo
from kirin_cli.ui.terminal_text import cell_width, ellipsize, escape_untrusted, truncate_start

SourceLine = Callable[[Path, int], str]
"""(path, line from 1) -> the line without its end; "" where it cannot be had."""

_COMMON_FACTS = attrgetter("message", "severity", "rule", "path", "flag", "file", "line", "column", "via")
_FACTS_OF_A_COLUMN = attrgetter("message", "severity", "rule", "path", "flag", "file")
_MAX_ROWS_NAMED = 10
_GUTTER_WIDTH = 6
_TAB_BLANKS = "    "


def render_findings(
    findings: Iterable[Finding], terminal: TerminalInfo, source_line: SourceLine, *, strict: bool = False
) -> list[str]:
    """All findings, file by file and line by line, then one line that counts them; nothing for no findings.

    With `strict` warnings refuse as errors do, which that line says.

    What several jobs have in common (a default, an anchor) is said once, with their names, and what is wrong with many
    rows of a table in the same way once too, with their lines.
    """
    by_facts: dict[tuple[object, ...], list[Finding]] = {}
    for finding in sorted(findings, key=attrgetter("row")):
        facts = _FACTS_OF_A_COLUMN(finding) if finding.row else _COMMON_FACTS(finding)
        by_facts.setdefault(facts, []).append(finding)
    groups = list(by_facts.values())
    files = {file: number for number, file in enumerate(dict.fromkeys(group[0].file for group in groups))}
    groups.sort(key=lambda group: (files[group[0].file], group[0].line, group[0].column))
    lines = [line for group in groups for line in _render_group(group, terminal, source_line)]
    if not groups:
        return []
    errors = sum(group[0].severity == "error" for group in groups)
    numbers = ((errors, "error"), (len(groups) - errors, "warning"))
    counts = ", ".join(pluralize(number, noun) for number, noun in numbers if number)
    named_files = len({file for file in files if file})
    where = f" in {pluralize(named_files, 'file')}" if named_files else ""
    because = ": --strict takes warnings for errors" if strict and not errors else ""
    refused = f"; nothing was sent{because}" if errors or strict else ""
    return [*lines, terminal.paint(f"{counts}{where}{refused}", "strong")]


def render_error(error: KirinError, terminal: TerminalInfo) -> list[str]:
    """What went wrong, and what to do about it."""
    lines = [f"{terminal.paint('error:', 'error')} {escape_untrusted(error.message, multiline=True)}"]
    if error.hint:
        lines.append(f"{terminal.paint('hint:', 'strong')} {escape_untrusted(error.hint, multiline=True)}")
    return lines


def _render_group(group: list[Finding], terminal: TerminalInfo, source_line: SourceLine) -> list[str]:
    finding = group[0]
    position = _position(finding)
    severity = terminal.paint(f"{finding.severity}:", finding.severity)
    rule = terminal.paint(f" [{escape_untrusted(finding.rule)}]", "faint") if finding.rule else ""
    start = f"{terminal.paint(position + ':', 'strong')} " if position else ""
    title = f"{start}{severity} {escape_untrusted(finding.message)}{rule}{_origin(group)}"
    source = source_line(Path(finding.file), finding.line) if finding.file and finding.line else ""
    excerpt = _excerpt(source, finding, terminal) if source.strip() else []
    return [title, *excerpt, *_further_rows(group, terminal)]


def _further_rows(group: list[Finding], terminal: TerminalInfo) -> list[str]:
    """A line that names the other rows with the same problem, by the lines of their file."""
    rows = list(dict.fromkeys(finding.row for finding in group if finding.row))[1:]
    if not rows:
        return []
    named = ", ".join(map(str, rows[:_MAX_ROWS_NAMED])) + f" {terminal.ellipsis}" * (len(rows) > _MAX_ROWS_NAMED)
    return [f"{'':>{_GUTTER_WIDTH}} and {pluralize(len(rows), 'more row')}: {named}"]


def _position(finding: Finding) -> str:
    if finding.flag:
        return escape_untrusted(finding.flag)
    if not finding.file:
        return escape_untrusted(finding.path)
    numbers = [str(number) for number in (finding.line, finding.column) if number]
    return ":".join([escape_untrusted(finding.file), *numbers])


def _origin(group: list[Finding]) -> str:
    finding = group[0]
    names = list(dict.fromkeys(escape_untrusted(member.job) for member in group if member.job))
    if finding.flag or not names:
        return f"  (from {escape_untrusted(finding.via)})" if finding.via else ""
    jobs = f"job{'s' if len(names) > 1 else ''} {join_jobs(names)}"
    return f"  ({jobs}, from {escape_untrusted(finding.via)})" if finding.via else f"  ({jobs})"


def _excerpt(source: str, finding: Finding, terminal: TerminalInfo) -> list[str]:
    """The line, or as much of it as fits with the column in it, and the caret below."""
    width, bar = max(20, terminal.width - _GUTTER_WIDTH - 3), terminal.paint("|", "faint")
    start = min(max(0, finding.column - 1), len(source))
    parts = source[max(0, start - width) : start], source[start : start + width + 1]
    before, after = (escape_untrusted(text.replace("\t", _TAB_BLANKS)) for text in parts)
    if start > width or (cell_width(before) > width // 2 and cell_width(before + after) > width):
        before = terminal.ellipsis + truncate_start(before, width // 2 - cell_width(terminal.ellipsis))
    shown = ellipsize(escape_untrusted(before + after), width, terminal.ellipsis)
    lines = [f"{terminal.paint(f'{finding.line:>{_GUTTER_WIDTH}}', 'faint')} {bar} {shown}".rstrip()]
    if 0 < finding.column <= len(source) + 1:
        caret = terminal.paint("^", finding.severity)
        lines.append(f"{'':>{_GUTTER_WIDTH}} {bar} {' ' * cell_width(before)}{caret}")
    return lines
