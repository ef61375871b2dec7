"""Reads `matrix`, `exclude` and `include` of a job, with a problem at the place of each thing wrong. Makes no jobs."""

from collections.abc import Mapping as Table
from dataclasses import dataclass

from kirin_cli.jobs.filling import Filler
from kirin_cli.jobs.matrix import Entry, Matrix, Value
from kirin_cli.jobs.nodes import Mapping, Sequence
from kirin_cli.jobs.readable import written
from kirin_cli.jobs.shape import Shape
from kirin_cli.spec.fields import BROKEN, Field
from kirin_cli.spec.words import listed, nearest, shown

LISTS = ("exclude", "include")
MATRIX_KEYS = ("matrix", *LISTS)


@dataclass(frozen=True, slots=True)
class MatrixReader:
    """Reads the matrix of the job at `node`; `filler` fills it in, `parts` are the parameters of the job's model."""

    node: Mapping
    filler: Filler
    parts: Table[str, Field]
    shape: Shape

    def read(self) -> Matrix | None:
        """The matrix; None where something is wrong with it, which has been said."""
        before = self.shape.refusals
        given = self.shape.mapping(self.node, "matrix")
        matrix = Matrix({key: self._vector(key, given) for key in given if key not in LISTS and key[:2] != "x-"})
        matrix.exclude, matrix.include = (self._entries(given, key) for key in LISTS)
        if self.shape.refusals > before or self.filler.broken:
            return None
        for entry in matrix.exclude:
            self._check_exclude(entry, matrix)
        return None if self.shape.refusals > before else matrix

    def _vector(self, key: str, given: Mapping) -> list[Value]:
        found = self._values(key, given)
        seen: set[str] = set()
        for value in found:
            if value.text in seen:
                self.shape.refuse(value.place, f"{key} has {shown(value.value)} twice")
            seen.add(value.text)
        return found

    def _values(self, key: str, given: Mapping) -> list[Value]:
        at, place, raw = f"matrix.{key}", given.place(key), given[key]
        if isinstance(raw, Sequence) and raw:
            part = self.parts.get(key)
            filled = (self.filler.tree(value, part, f"{at}[{index}]") for index, value in enumerate(raw))
            return [_value(value, here) for value, here in zip(filled, raw.places, strict=True)]
        values = self.filler.tree(raw, None, at)
        if isinstance(values, list) and values:
            return [_value(value, place) for value in values]
        if values is not BROKEN:
            self.shape.refuse(place, f"{key} must be a list of values, not {shown(values)}")
        return []

    def _entries(self, given: Mapping, key: str) -> list[Entry]:
        holder = given if key in given else self.node
        if key in given and key in self.node:
            self.shape.refuse(self.node.place(key), f"{key} is there twice: beside the matrix and in it")
        node = holder.get(key)
        if node is None and key not in holder:
            return []
        if not isinstance(node, Sequence):
            self.shape.refuse(holder.place(key), f"{key} must be a list of mappings, not {shown(node)}")
            return []
        at = f"matrix.{key}" if holder is given else key
        return [self._entry(item, node.places[index], f"{at}[{index}]") for index, item in enumerate(node)]

    def _entry(self, item: object, place: int, at: str) -> Entry:
        if not isinstance(item, Mapping) or not item:
            self.shape.refuse(place, f"an entry is a mapping of names and values, not {shown(item)}")
            return {}
        return {
            key: _value(self.filler.tree(value, self.parts.get(key), f"{at}.{key}"), here)
            for (key, value), here in zip(item.items(), item.places, strict=True)
        }

    def _check_exclude(self, entry: Entry, matrix: Matrix) -> None:
        for key, value in entry.items():
            known = matrix.vectors.get(key)
            if known is None:
                words = nearest(key, list(matrix.vectors)) if matrix.vectors else "; there is no matrix"
                self.shape.refuse(value.place, f"exclude names {shown(key)}, which is not in the matrix{words}")
            elif value.text not in {one.text for one in known}:
                have = listed(tuple(one.text for one in known[:10]))
                self.shape.refuse(value.place, f"exclude names {key} {value.text}; the matrix has {have}")


def _value(value: object, place: int) -> Value:
    return Value(value, written(value), place)
