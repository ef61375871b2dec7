"""Tables of text, as Excel, Sheets, LibreOffice and pandas write them: separator, header, rows with their places."""

import csv
import io
import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from kirin_cli.jobs.cells import clean_heading
from kirin_cli.jobs.problems import FileProblem
from kirin_cli.modelspec.text import pluralize, quote

MAX_COLUMNS: Final = 500
_SEPARATORS: Final = ",;\t"
_SEPARATOR_LINE = re.compile(r'\s*"?sep=(.)"?[^\S\r\n]*(?:\r\n|\r|\n|\Z)', re.IGNORECASE)
_LINE_END = re.compile("\r\n|\r|\n")
_EXCEL_BLOCK: Final = 16  # rows for which Excel decides together how many cells it writes


PARAM_COLUMN: Final = re.compile(r"params\.(\S+)", re.IGNORECASE)
"""A heading of a column that sets a parameter."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """`line` is where it starts in its file, from 1; `cells` are its values by column.

    `file` is the path of its file, "" for the job file. `locate` gives line and column of a cell of the row at a line,
    and of the heading of a column at line 0.
    """

    line: int
    cells: Mapping[str, object]
    file: str = ""
    locate: Callable[[int, str], tuple[int, int]] | None = field(default=None, repr=False, compare=False)

    def position(self, column: str, *, heading: bool = False) -> tuple[int, int]:
        """Line and column, from 1, of the cell of a column, or of its heading."""
        return self.locate(0 if heading else self.line, column) if self.locate else (self.line, 1)


RowsOrProblems = Iterator[TableRow | FileProblem]
"""Rows and problems, as they come; the `file` of each is left to the caller."""


class SeparatedTable:
    """The rows of a text of separated values; the first row that is not empty names the columns.

    Columns without a name do not count, since nobody can ask for them.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        match = _SEPARATOR_LINE.match(text)
        self._skipped = len(_LINE_END.findall(match[0])) if match else 0
        self._separator = match[1] if match else _guess_separator(text)
        self._heading_line = 1
        self._header: list[str] = []
        self._starts: array[int] = array("Q")

    @property
    def _mark(self) -> str:
        return {",": "comma", ";": "semicolon", "\t": "tab"}.get(self._separator, "separator")

    def rows(self) -> RowsOrProblems:
        """Every row; one with as many cells as it should not have is a problem, and broken quotes end the table."""
        records = self._records()
        size = _EXCEL_BLOCK
        for record in records:
            size -= 1
            if isinstance(record, FileProblem):
                yield record
                return
            self._heading_line, cells = record
            if any(cell.strip() for cell in cells):
                self._header = [clean_heading(cell) for cell in cells]
                break
        if problems := list(self._header_problems()):
            yield from problems
            return
        first = True
        while block := list(islice(records, max(1, size))):
            lengths = {len(record[1]) for record in block if not isinstance(record, FileProblem) and any(record[1])}
            width = min(lengths, default=0)
            shortened = not first and len(lengths) == 1 and width < len(self._header)
            first, size = False, _EXCEL_BLOCK
            for record in block:
                if isinstance(record, FileProblem):
                    yield record
                elif any(record[1]):
                    yield self._row(*record, shortened=shortened)

    def _records(self) -> Iterator[tuple[int, list[str]] | FileProblem]:
        """(line, cells) of each record, blank ones too; a problem ends them."""
        stream = io.StringIO(self._text, newline="")
        for _ in range(self._skipped):
            stream.readline()
        line = first = self._skipped + 1
        reader = csv.reader(stream, delimiter=self._separator, strict=True, skipinitialspace=True)
        try:
            for cells in reader:
                yield line, cells
                line = first + reader.line_num
        except csv.Error as error:
            message = f'a closing quote must be followed by a {self._mark}; a quote inside of quotes is written ""'
            if "field limit" in str(error) or "larger than" in str(error):
                message = f"a cell has more than {csv.field_size_limit():,} characters"
            elif "unexpected end" in str(error):
                message = "a quote is opened in this row and never closed"
            yield FileProblem(line, 1, message)

    def _row(self, line: int, cells: list[str], *, shortened: bool) -> TableRow | FileProblem:
        header = self._header
        surplus = next((index for index in range(len(header), len(cells)) if cells[index].strip()), None)
        if surplus is not None:
            hint = f"; text with a {self._mark} in it needs quotes"
            if any(cell.lstrip()[:1] in tuple("“„«") for cell in cells):
                hint = "; “ ” are no quotes here: write straight ones"
            message = f"has {pluralize(len(cells), 'cell')}, the header has {len(header)}{hint}"
            return FileProblem(*self._cell_position(line, surplus), message)
        if len(cells) < len(header) and not shortened and any(header[len(cells) :]):
            hint = "; does a line break in a text lack its quotes?"
            return FileProblem(line, 1, f"has {pluralize(len(cells), 'cell')}, the header has {len(header)}{hint}")
        padded = cells + [""] * (len(header) - len(cells))
        named = {name: cell for name, cell in zip(header, padded, strict=False) if name}
        return TableRow(line, named, locate=self.locate)

    def _header_problems(self) -> Iterator[FileProblem]:
        header, line = self._header, self._heading_line
        if len(header) > MAX_COLUMNS and any(header[MAX_COLUMNS:]):
            yield FileProblem(line, 1, f"more than {MAX_COLUMNS} columns")
            return
        if len(header) == 1 and "|" in header[0]:
            message = f"the header is one column, {quote(header[0])}; columns are separated by commas"
            yield FileProblem(line, 1, message)
        for number, name in enumerate(header):
            if name and name in header[:number]:
                yield FileProblem(*self._cell_position(line, number), f"the column {quote(name)} is there twice")

    def locate(self, line: int, column: str) -> tuple[int, int]:
        """Line and column of the cell of a row at a line, or of the heading of the column at line 0."""
        return self._cell_position(line or self._heading_line, self._header.index(column))

    def _cell_position(self, line: int, index: int) -> tuple[int, int]:
        """Where the cell of that index starts, counted from the start of the row at a line."""
        if not self._starts:
            self._starts = array("Q", [0, *(match.end() for match in _LINE_END.finditer(self._text))])
        mark = re.escape(self._separator)
        cell = re.compile(rf' *(?:"(?:[^"]|"")*"[^{mark}\r\n]*|[^{mark}\r\n]*)')
        start = self._starts[line - 1]
        for _ in range(index):
            match = cell.match(self._text, start)
            end = match.end() if match else start
            if self._text[end : end + 1] != self._separator:
                break
            start = end + 1
        found = bisect_right(self._starts, start) - 1
        return found + 1, start - self._starts[found] + 1


def _guess_separator(text: str) -> str:
    """What separates the columns of the header: that of the three marks which stands there most, outside of quotes."""
    start = re.sub(r'"(?:[^"]|"")*"', "", text[: 1 << 16])
    header = next((line for line in _LINE_END.split(start) if line.strip()), "")
    return max(_SEPARATORS, key=header.count) if any(mark in header for mark in _SEPARATORS) else ","
