"""The ways to fill in one entry: each row of its `foreach` with each combination of its matrix. Makes no jobs."""

from collections.abc import Iterator
from collections.abc import Mapping as Table
from dataclasses import dataclass, replace
from pathlib import Path

from kirin_cli.jobs.entry import Entry
from kirin_cli.jobs.filling import Filler
from kirin_cli.jobs.limits import Limits
from kirin_cli.jobs.matrix import MOST_COUNTED, labels
from kirin_cli.jobs.matrix import Entry as Combination
from kirin_cli.jobs.matrixnode import MATRIX_KEYS, MatrixReader
from kirin_cli.jobs.nodes import Sequence
from kirin_cli.jobs.outside import Outside
from kirin_cli.jobs.readable import label
from kirin_cli.jobs.row import Row
from kirin_cli.jobs.rows import Unrowed, gathered, listed_rows, read_rows
from kirin_cli.jobs.shape import Shape
from kirin_cli.spec.fields import BROKEN, Field
from kirin_cli.spec.words import shown

EXPANDING = frozenset({*MATRIX_KEYS, "foreach", "take"})
"""Keys by which one entry becomes several jobs."""


@dataclass(frozen=True, slots=True)
class Way:
    """One of the jobs of an entry. `number` is the row's, from 1; `via` says which row and combination it is."""

    number: int = 0
    row: Row | None = None
    combination: Combination | None = None
    via: str = ""

    @property
    def row_label(self) -> str:
        """How the row is called: what its column `name` says, else its number."""
        name = self.row.cells.get("name") if self.row else None
        return str(self.number) if name is None or name == "" else label(name)

    def combined(self, combination: Combination | None) -> "Way":
        """The same row with a combination."""
        if combination is None:
            return self
        values = ",".join(f"{key}={text}" for key, text in labels(combination).items())
        via = f"{self.via}, matrix {values}" if self.via else f"matrix {values}"
        return replace(self, combination=combination, via=via)


class Ways:
    """Finds the ways of the entries of the file at `path`; what is wrong goes to `shape`. Reads the files of rows."""

    def __init__(self, path: Path, outside: Outside, limits: Limits, shape: Shape) -> None:
        self._path = path
        self._outside = outside
        self._limits = limits
        self._shape = shape
        self._read: dict[str, list[Way]] = {}

    def of(self, entry: Entry, filler: Filler, parts: Table[str, Field]) -> Iterator[Way]:
        """Every way; none where there is something wrong or too many of them, without making them all first (I5)."""
        rows = self._rows(entry, filler)
        combinations = self._combinations(entry, filler, parts)
        most = self._outside.most_jobs - self._outside.jobs
        number = len(rows) * len(combinations)
        if number > most:
            key = next(key for key in entry.node if key in EXPANDING)
            there = f"; it has {self._outside.jobs:,} already" if self._outside.jobs else ""
            self._refuse(entry, key, f"{key} makes at least {number:,} jobs; {self._limit}{there}")
            return
        for row in rows:
            for combination in combinations:
                yield row.combined(combination)

    @property
    def _limit(self) -> str:
        return f"a run may have {self._outside.most_jobs:,} (--max-jobs)"

    def _refuse(self, entry: Entry, key: str, message: str) -> None:
        self._shape.refuse(entry.node.place(key), message)

    def _combinations(self, entry: Entry, filler: Filler, parts: Table[str, Field]) -> list[Combination | None]:
        if entry.node.keys().isdisjoint(MATRIX_KEYS):
            return [None]
        reader = MatrixReader(entry.node, filler, parts, self._shape)
        matrix = reader.read()
        if matrix is None:
            return []
        key = next(key for key in MATRIX_KEYS if key in entry.node)
        if matrix.size > self._outside.most_jobs:
            self._refuse(entry, key, f"{key} makes {_number(matrix.size)} combinations; {self._limit}")
        elif words := matrix.too_much():
            self._refuse(entry, key, words)
        elif found := matrix.combinations():
            return [*found]
        else:
            self._refuse(entry, key, f"{key} leaves no combination")
        return []

    def _rows(self, entry: Entry, filler: Filler) -> list[Way]:
        if "foreach" not in entry.node:
            return [Way()]
        given = entry.node["foreach"]
        value = filler.tree(given, None, "foreach") if isinstance(given, str) else given
        if value is BROKEN:
            return []
        if not isinstance(value, str | Sequence):
            self._refuse(entry, "foreach", f"foreach must be a list or the name of a file, not {shown(value)}")
            return []
        try:
            return self._from_file(value) if isinstance(value, str) else self._from_list(value, filler)
        except Unrowed as error:
            self._refuse(entry, "foreach", f"foreach {error}")
        return []

    def _from_file(self, name: str) -> list[Way]:
        if name not in self._read:
            path = self._path.parent / name
            try:
                rows, problems = read_rows(path, self._limits, self._outside.most_jobs - self._outside.jobs)
            except Unrowed as error:
                raise Unrowed(f"{shown(name)} {error}") from error
            for problem in problems:
                self._shape.note(replace(problem, file=str(path)))
            self._read[name] = _numbered(rows, name)
        return self._read[name]

    def _from_list(self, node: Sequence, filler: Filler) -> list[Way]:
        rows, problems = gathered(listed_rows(node), self._outside.most_jobs - self._outside.jobs)
        for problem in problems:
            self._shape.note(problem)
        filled = [replace(row, cells=_cells(row, index, filler)) for index, row in enumerate(rows)]
        return _numbered(filled, self._path.name)


def _number(size: int) -> str:
    return f"{size:,}" + " or more" * (size == MOST_COUNTED)


def _cells(row: Row, index: int, filler: Filler) -> Table[str, object]:
    return {name: filler.tree(value, None, f"foreach[{index}].{name}") for name, value in row.cells.items()}


def _numbered(rows: list[Row], file: str) -> list[Way]:
    return [Way(number, row, via=f"{file}:{row.line}") for number, row in enumerate(rows, start=1)]
