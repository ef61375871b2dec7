"""Warnings of what means something else than it seems: unused variables and columns, foreign placeholders, ` #`."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from kirin_cli.jobs.cells import clean_heading
from kirin_cli.jobs.problems import FileProblem, ProblemCollector
from kirin_cli.jobs.tables import PARAM_COLUMN, TableRow
from kirin_cli.jobs.yaml_nodes import COLUMN_BITS, YamlMapping, YamlSequence
from kirin_cli.modelspec.text import quote

_USES = re.compile(r"\$\{\s*([A-Za-z_][A-Za-z0-9_]*)")
_CUT = re.compile(
    r"""^(?P<lead>[ ]*(?:-[ ]+)*)(?:(?P<key>[\w.-]+):[ \t]+)?(?P<value>[^\s"'\[\]{}|>&*!%@`#][^\n]*?)[ \t]+\#[^\s#!]""",
    re.MULTILINE,
)
_MAY_BE_CUT = re.compile(r"[ \t]#[^\s#!]")
_TEXTS: Final = frozenset({"params", "matrix", "include", "extra_params", "vars", "foreach"})
_DATA = r"(?:row|matrix|env)\.\w+"


def warn_of_texts(
    root: YamlMapping, source: str, others: Iterable[str], sets: Collection[str], problems: ProblemCollector
) -> None:
    """Add the warnings about one document, whose source is `source` (or a part of it).

    `others` are the sources of what it includes, `sets` the variables that the command line gives values to.
    """
    declared = root.get("vars")
    own = declared if isinstance(declared, YamlMapping) else YamlMapping()
    spelled = set(_other_placeholders(root, source, {*own, *sets}, problems))
    if own:
        used = {name for text in (source, *others) for name in _USES.findall(text)} | spelled
        for name in own:
            if name not in used:
                problems.add_warning(own.position(name), f"nothing uses the variable {quote(name)}: it is ${{{name}}}")
    if _MAY_BE_CUT.search(source):
        _warn_of_cut_texts(root, source, problems)


def _other_placeholders(
    root: YamlMapping, source: str, names: Collection[str], problems: ProblemCollector
) -> Iterator[str]:
    """Warn of known names in the spelling of another tool; yields the names."""
    known = "|".join([_DATA, *map(re.escape, sorted(names, key=len, reverse=True))])
    pattern = re.compile(
        rf"(?<!\$)\$({known})\b|(?<!\$)\{{\{{\s*({known})\s*\}}\}}|(?<![\${{])\{{({known})\}}(?!\}})|%({known})%"
    )
    if not pattern.search(source):
        return
    for text, position in _texts(root):
        for match in pattern.finditer(text):
            name = next(filter(None, match.groups()))
            yield name
            problems.add_warning(position, f"{quote(match[0])} is sent as it is; write ${{{name}}}")


def _texts(root: YamlMapping) -> Iterator[tuple[str, int]]:
    """Every text that becomes part of a request or of one of its values, with its position."""
    todo: list[tuple[object, int, bool]] = [(root, 0, False)]
    while todo:
        node, position, is_text = todo.pop()
        if isinstance(node, str) and is_text:
            yield node, position
        elif isinstance(node, YamlMapping):
            members = zip(node.items(), node.positions, strict=True)
            todo += ((value, place, is_text or key in _TEXTS) for (key, value), place in members)
        elif isinstance(node, YamlSequence):
            todo += ((item, place, is_text) for item, place in zip(node, node.positions, strict=True))


def _warn_of_cut_texts(root: YamlMapping, source: str, problems: ProblemCollector) -> None:
    """Warn where a text without quotes ends at ` #` and no blank follows: `a sign in #ff00ff pink`."""
    cuts = {}
    line, before = 0, 0
    for match in _CUT.finditer(source):
        line += source.count("\n", before, match.start())
        before = match.start()
        text = match["value"].rstrip()
        if "prompt" in (match["key"] or "") or " " in text:
            start = match.start("key") if match["key"] else match.start("value")
            cuts[line << COLUMN_BITS | start - match.start()] = text, match.end() - 2 - match.start()
    if not cuts:
        return
    todo: list[object] = [root]
    while todo:
        node = todo.pop()
        if isinstance(node, YamlMapping | YamlSequence):
            values = list(node.values()) if isinstance(node, YamlMapping) else list(node)
            for position, value in zip(node.positions, values, strict=True):
                text, column = cuts.get(position, (None, 0))
                if text is not None and value == text:
                    message = "the text ends here, since # behind a blank begins a comment; put the text in quotes"
                    problems.add_warning((position >> COLUMN_BITS) << COLUMN_BITS | column, message)
            todo += values


_ROW_USES = re.compile(r"\brow\.([^}:]+)")
_ALMOST_PARAMS = re.compile(r"param(?:eter)?s?[ ._:-]+")
_EXTRA = "extra_params."


def warn_of_columns(
    rows: Sequence[TableRow], parameters: Collection[str], models: Collection[str], sources: Iterable[str],
    problems: ProblemCollector,
) -> None:  # fmt: skip
    """Warn of columns that nothing asks for though they are called like a parameter: its value would not be sent.

    `parameters` are those of the rows' model, `models` the ids of all; `sources` the texts that may ask for a column.
    """
    used = {clean_heading(name).casefold() for text in sources for name in _ROW_USES.findall(text)}
    for column in dict.fromkeys(name for row in rows if row.locate for name in row.cells):
        key = clean_heading(column).casefold()
        if key in used or PARAM_COLUMN.fullmatch(column):
            continue
        filled = [row for row in rows if row.cells.get(column) not in (None, "")]
        name = re.sub("[ -]", "_", _ALMOST_PARAMS.sub("", key, count=1))
        if name.partition(".")[0] in parameters:
            advice = f"called params.{name} it sets that parameter, and ${{row.{column}}} asks for it"
        elif (key == "model" and any(row.cells[column] in models for row in filled)) or key.startswith(_EXTRA):
            advice = f"${{row.{column}}} asks for it"
        else:
            continue
        if filled:
            line, place = filled[0].position(column, heading=True)
            at = (line, place) if line else filled[0].position(column)
            message = f"nothing uses the column {quote(column)}: {advice}"
            problems.add_row_warning(FileProblem(*at, message, filled[0].file))
