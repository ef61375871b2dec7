"""Rows of CSV: the first row names the columns, all cells are text. Knows no file.

Columns are separated by commas; text with commas, quotes or line breaks stands in double quotes. Blanks after a comma
do not count, nor do rows of nothing but empty cells.
"""

import csv
import io
from collections.abc import Iterator
from typing import Final

from kirin_cli.jobs.fileproblem import FileProblem
from kirin_cli.jobs.row import Found, Row
from kirin_cli.spec.words import shown

MOST_COLUMNS: Final = 500


def csv_rows(text: str) -> Found:
    """The rows of a text; one with as many cells as it should not have is a problem, broken quotes end it."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True)
    header: list[str] = []
    line = 1
    try:
        for cells in reader:
            if any(cells) and header:
                yield _row(line, header, cells)
            elif any(cells):
                header = [cell.strip() for cell in cells]
                if flaws := list(_flaws(header)):
                    yield from (FileProblem(line, 1, words) for words in flaws)
                    return
            line = reader.line_num + 1
    except csv.Error as error:
        yield FileProblem(line, 1, _broken(str(error)))


def _row(line: int, header: list[str], cells: list[str]) -> Row | FileProblem:
    if len(cells) == len(header):
        return Row(line, dict(zip(header, cells, strict=True)))
    number = f"{len(cells)} cell{'' if len(cells) == 1 else 's'}"
    more = "; text with a comma in it needs quotes" if len(cells) > len(header) else ""
    return FileProblem(line, 1, f"has {number}, the header has {len(header)}{more}")


def _flaws(header: list[str]) -> Iterator[str]:
    if len(header) > MOST_COLUMNS:
        yield f"more than {MOST_COLUMNS} columns"
        return
    if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
        yield f"the header is one column, {shown(header[0])}; columns are separated by commas"
    for number, name in enumerate(header):
        if not name:
            yield f"column {number + 1} has no name; the first row names the columns"
        elif name in header[:number]:
            yield f"the column {shown(name)} is there twice"


def _broken(said: str) -> str:
    """A sentence for what the reader says of cells that it gives up on."""
    if "field limit" in said or "larger than" in said:
        return f"a cell has more than {csv.field_size_limit():,} characters"
    if "unexpected end" in said:
        return "a quote is opened in this row and never closed"
    return 'a closing quote must be followed by a comma; a quote inside of quotes is written ""'
