"""Findings and errors for people: position, sentence, rule, and the source line with a caret. Writes nowhere."""

from collections.abc import Callable, Iterable
from operator import attrgetter
from pathlib import Path

from kirin_cli.errors import KirinError
from kirin_cli.modelspec.text import pluralize
from kirin_cli.modelspec.types import Finding
from kirin_cli.ui.console import TerminalInfo
from kirin_cli.ui.terminal_text import cell_width, ellipsize, escape_untrusted, truncate_start

SourceLine = Callable[[Path, int], str]
"""(path, line from 1) -> the line without its end; "" where it cannot be had."""

_SAME = attrgetter("message", "severity", "rule", "path", "flag", "file", "line", "column", "via")
_GUTTER = 6
_MAX_JOBS_NAMED = 3
_TAB = "    "


def render_findings(findings: Iterable[Finding], terminal: TerminalInfo, source_line: SourceLine) -> list[str]:
    """All findings, file by file and line by line, then one line that counts them; nothing for no findings.

    What several jobs have in common (a default, an anchor) is said once, with their names.
    """
    groups = _together(findings)
    files = {file: number for number, file in enumerate(dict.fromkeys(group[0].file for group in groups))}
    groups.sort(key=lambda group: (files[group[0].file], group[0].line, group[0].column))
    lines = [line for group in groups for line in _one(group, terminal, source_line)]
    return [*lines, terminal.paint(_summary([group[0] for group in groups]), "strong")] if groups else []


def render_error(error: KirinError, terminal: TerminalInfo) -> list[str]:
    """What went wrong, and what to do about it."""
    lines = [f"{terminal.paint('error:', 'error')} {escape_untrusted(error.message, multiline=True)}"]
    if error.hint:
        lines.append(f"{terminal.paint('hint:', 'strong')} {escape_untrusted(error.hint, multiline=True)}")
    return lines


def _together(findings: Iterable[Finding]) -> list[list[Finding]]:
    """The findings in groups that differ in nothing but the job, each group where its first one was."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        groups.setdefault(_SAME(finding), []).append(finding)
    return list(groups.values())


def _one(group: list[Finding], terminal: TerminalInfo, source_line: SourceLine) -> list[str]:
    finding = group[0]
    place = _place(finding)
    severity = terminal.paint(f"{finding.severity}:", finding.severity)
    rule = terminal.paint(f" [{escape_untrusted(finding.rule)}]", "faint") if finding.rule else ""
    start = f"{terminal.paint(place + ':', 'strong')} " if place else ""
    title = f"{start}{severity} {escape_untrusted(finding.message)}{rule}{_whose(group)}"
    source = source_line(Path(finding.file), finding.line) if finding.file and finding.line else ""
    return [title, *_excerpt(source, finding, terminal)] if source.strip() else [title]


def _place(finding: Finding) -> str:
    if finding.flag:
        return escape_untrusted(finding.flag)
    if not finding.file:
        return escape_untrusted(finding.path)
    numbers = [str(number) for number in (finding.line, finding.column) if number]
    return ":".join([escape_untrusted(finding.file), *numbers])


def _whose(group: list[Finding]) -> str:
    finding = group[0]
    names = list(dict.fromkeys(escape_untrusted(same.job) for same in group if same.job))
    if finding.flag or not names:
        return f"  (from {escape_untrusted(finding.via)})" if finding.via else ""
    more = f" and {len(names) - _MAX_JOBS_NAMED} more" if len(names) > _MAX_JOBS_NAMED else ""
    whose = f"job{'s' if len(names) > 1 else ''} {', '.join(names[:_MAX_JOBS_NAMED])}{more}"
    return f"  ({whose}, from {escape_untrusted(finding.via)})" if finding.via else f"  ({whose})"


def _excerpt(source: str, finding: Finding, terminal: TerminalInfo) -> list[str]:
    bar = terminal.paint("|", "faint")
    shown, caret = _window(source, finding.column, max(20, terminal.width - _GUTTER - 3), terminal.ellipsis)
    lines = [f"{terminal.paint(f'{finding.line:>{_GUTTER}}', 'faint')} {bar} {shown}".rstrip()]
    if 0 < finding.column <= len(source) + 1:
        lines.append(f"{'':>{_GUTTER}} {bar} {' ' * caret}{terminal.paint('^', finding.severity)}")
    return lines


def _window(source: str, column: int, width: int, ellipsis: str) -> tuple[str, int]:
    """As much of a line as fits into `width` cells with `column` in it, and the cells before that column."""
    start = min(max(0, column - 1), len(source))
    before = _visible(source[max(0, start - width) : start])
    after = _visible(source[start : start + width + 1])
    if start > width or (cell_width(before) > width // 2 and cell_width(before + after) > width):
        before = ellipsis + truncate_start(before, width // 2 - cell_width(ellipsis))
    return ellipsize(escape_untrusted(before + after), width, ellipsis), cell_width(before)


def _visible(source: str) -> str:
    return escape_untrusted(source.replace("\t", _TAB))


def _summary(findings: list[Finding]) -> str:
    errors = sum(finding.severity == "error" for finding in findings)
    warnings = len(findings) - errors
    files = len({finding.file for finding in findings if finding.file})
    parts = [pluralize(number, word) for number, word in ((errors, "error"), (warnings, "warning")) if number]
    place = f" in {pluralize(files, 'file')}" if files else ""
    return f"{', '.join(parts)}{place}{'; nothing was sent' if errors else ''}"
