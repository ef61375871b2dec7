"""Findings and errors for people: place, sentence, rule, and the source line with a caret. Writes nowhere.

Rich is not needed here: `validate` stays fast with ten thousand findings.
"""

from collections.abc import Callable, Iterable
from operator import attrgetter
from pathlib import Path

from kirin_cli.errors import KirinError
from kirin_cli.run.findings import Finding
from kirin_cli.spec.words import counted
from kirin_cli.ui.cells import cells, shorten, tail
from kirin_cli.ui.console import Terminal
from kirin_cli.ui.escape import harmless

SourceLine = Callable[[Path, int], str]
"""(path, line from 1) -> the line without its end; "" where it cannot be had."""

_SAME = attrgetter("message", "severity", "rule", "path", "flag", "file", "line", "column", "via")
_GUTTER = 6
_MOST_JOBS = 3
_TAB = "    "


def finding_words(findings: Iterable[Finding], terminal: Terminal, source_line: SourceLine) -> list[str]:
    """All findings, file by file and line by line, then one line that counts them; nothing for no findings.

    What several jobs have in common (a default, an anchor) is said once, with their names.
    """
    groups = _together(findings)
    files = {file: number for number, file in enumerate(dict.fromkeys(group[0].file for group in groups))}
    groups.sort(key=lambda group: (files[group[0].file], group[0].line, group[0].column))
    lines = [line for group in groups for line in _one(group, terminal, source_line)]
    return [*lines, terminal.paint(_summary([group[0] for group in groups]), "strong")] if groups else []


def error_words(error: KirinError, terminal: Terminal) -> list[str]:
    """What went wrong, and what to do about it."""
    lines = [f"{terminal.paint('error:', 'error')} {harmless(error.message, multiline=True)}"]
    if error.hint:
        lines.append(f"{terminal.paint('hint:', 'strong')} {harmless(error.hint, multiline=True)}")
    return lines


def _together(findings: Iterable[Finding]) -> list[list[Finding]]:
    """The findings in groups that differ in nothing but the job, each group where its first one was."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        groups.setdefault(_SAME(finding), []).append(finding)
    return list(groups.values())


def _one(group: list[Finding], terminal: Terminal, source_line: SourceLine) -> list[str]:
    finding = group[0]
    place = _place(finding)
    severity = terminal.paint(f"{finding.severity}:", finding.severity)
    rule = terminal.paint(f" [{harmless(finding.rule)}]", "faint") if finding.rule else ""
    start = f"{terminal.paint(place + ':', 'strong')} " if place else ""
    title = f"{start}{severity} {harmless(finding.message)}{rule}{_whose(group)}"
    source = source_line(Path(finding.file), finding.line) if finding.file and finding.line else ""
    return [title, *_excerpt(source, finding, terminal)] if source.strip() else [title]


def _place(finding: Finding) -> str:
    if finding.flag:
        return harmless(finding.flag)
    if not finding.file:
        return harmless(finding.path)
    numbers = [str(number) for number in (finding.line, finding.column) if number]
    return ":".join([harmless(finding.file), *numbers])


def _whose(group: list[Finding]) -> str:
    finding = group[0]
    names = list(dict.fromkeys(harmless(same.job) for same in group if same.job))
    if finding.flag or not names:
        return f"  (from {harmless(finding.via)})" if finding.via else ""
    more = f" and {len(names) - _MOST_JOBS} more" if len(names) > _MOST_JOBS else ""
    whose = f"job{'s' if len(names) > 1 else ''} {', '.join(names[:_MOST_JOBS])}{more}"
    return f"  ({whose}, from {harmless(finding.via)})" if finding.via else f"  ({whose})"


def _excerpt(source: str, finding: Finding, terminal: Terminal) -> list[str]:
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
    if start > width or (cells(before) > width // 2 and cells(before + after) > width):
        before = ellipsis + tail(before, width // 2 - cells(ellipsis))
    return shorten(harmless(before + after), width, ellipsis), cells(before)


def _visible(source: str) -> str:
    return harmless(source.replace("\t", _TAB))


def _summary(findings: list[Finding]) -> str:
    errors = sum(finding.severity == "error" for finding in findings)
    warnings = len(findings) - errors
    files = len({finding.file for finding in findings if finding.file})
    parts = [counted(number, word) for number, word in ((errors, "error"), (warnings, "warning")) if number]
    place = f" in {counted(files, 'file')}" if files else ""
    return f"{', '.join(parts)}{place}{'; nothing was sent' if errors else ''}"
