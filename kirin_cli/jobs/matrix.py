"""The combinations of a matrix, as GitHub Actions makes them from values, `exclude` and `include`. Makes no jobs."""

from collections.abc import Iterator
from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from itertools import product
from typing import Final, NamedTuple

from kirin_cli.jobs.interpolation import Interpolator
from kirin_cli.jobs.placeholders import short_label, to_text
from kirin_cli.jobs.problems import ProblemCollector
from kirin_cli.jobs.yaml_nodes import YamlMapping, YamlSequence
from kirin_cli.modelspec.fields import INVALID, Field
from kirin_cli.modelspec.text import did_you_mean, join_or, quote

MAX_COMBINATIONS_COUNTED: Final = 10**12

MAX_MATRIX_STEPS: Final = 2_000_000
"""Combinations times entries of include and exclude that are compared."""


class MatrixValue(NamedTuple):
    """One value of a matrix, how it reads, where it stands. Two are the same if they read the same."""

    value: object
    text: str
    place: int


Combination = dict[str, MatrixValue]
"""An entry of `include` or `exclude`, or a combination."""


@dataclass(slots=True)
class Matrix:
    """What a job's `matrix`, `exclude` and `include` say."""

    vectors: dict[str, list[MatrixValue]] = field(default_factory=dict)
    exclude: list[Combination] = field(default_factory=list)
    include: list[Combination] = field(default_factory=list)

    @property
    def size(self) -> int:
        """The most combinations there can be, not looking at exclude; MOST_COUNTED stands for all larger numbers."""
        number = 1 if self.vectors else 0
        for values in self.vectors.values():
            number = min(number * len(values), MAX_COMBINATIONS_COUNTED)
        return min(number + len(self.include), MAX_COMBINATIONS_COUNTED)

    def is_too_large(self) -> str:
        """A sentence where there is more to compare than can be done quickly, else ""."""
        if self.size * (len(self.exclude) + len(self.include)) <= MAX_MATRIX_STEPS:
            return ""
        return f"{self.size:,} combinations and so many entries of exclude and include are too much to compare"

    def combinations(self) -> list[Combination]:
        """All of them, in order."""
        first = [one for one in self._all() if not any(_fits(entry, one) for entry in self.exclude)]
        found = [dict(one) for one in first]
        for entry in self.include:
            own = {key: value for key, value in entry.items() if key in self.vectors}
            chosen = [index for index, one in enumerate(first) if _fits(own, one)]
            for index in chosen:
                found[index] |= entry
            if not chosen:
                found.append(entry)
        return found

    def _all(self) -> Iterator[Combination]:
        for values in product(*self.vectors.values()) if self.vectors else ():
            yield dict(zip(self.vectors, values, strict=True))


def _fits(entry: Combination, combination: Combination) -> bool:
    return all(combination[key].text == value.text for key, value in entry.items())


def combination_labels(combination: Combination) -> dict[str, str]:
    """The values as they stand in the name of a job."""
    return {key: short_label(value.value) for key, value in combination.items()}


LISTS = ("exclude", "include")
MATRIX_KEYS = ("matrix", *LISTS)


@dataclass(frozen=True, slots=True)
class MatrixReader:
    """Reads the matrix of the job at `node`; `filler` fills it in, `parts` are the parameters of the job's model."""

    node: YamlMapping
    filler: Interpolator
    parts: Table[str, Field]
    shape: ProblemCollector

    def read(self) -> Matrix | None:
        """The matrix; None where something is wrong with it, which has been said."""
        before = self.shape.error_count
        given = self.shape.get_mapping(self.node, "matrix")
        matrix = Matrix({key: self._vector(key, given) for key in given if key not in LISTS and key[:2] != "x-"})
        matrix.exclude, matrix.include = (self._entries(given, key) for key in LISTS)
        if self.shape.error_count > before or self.filler.broken:
            return None
        for entry in matrix.exclude:
            self._check_exclude(entry, matrix)
        return None if self.shape.error_count > before else matrix

    def _vector(self, key: str, given: YamlMapping) -> list[MatrixValue]:
        found = self._values(key, given)
        seen: set[str] = set()
        for value in found:
            if value.text in seen:
                self.shape.add_error(value.place, f"{key} has {quote(value.value)} twice")
            seen.add(value.text)
        return found

    def _values(self, key: str, given: YamlMapping) -> list[MatrixValue]:
        at, place, raw = f"matrix.{key}", given.place(key), given[key]
        if isinstance(raw, YamlSequence) and raw:
            part = self.parts.get(key)
            filled = (self.filler.tree(value, part, f"{at}[{index}]") for index, value in enumerate(raw))
            return [_value(value, here) for value, here in zip(filled, raw.places, strict=True)]
        values = self.filler.tree(raw, None, at)
        if isinstance(values, list) and values:
            return [_value(value, place) for value in values]
        if values is not INVALID:
            self.shape.add_error(place, f"{key} must be a list of values, not {quote(values)}")
        return []

    def _entries(self, given: YamlMapping, key: str) -> list[Combination]:
        holder = given if key in given else self.node
        if key in given and key in self.node:
            self.shape.add_error(self.node.place(key), f"{key} is there twice: beside the matrix and in it")
        node = holder.get(key)
        if node is None and key not in holder:
            return []
        if not isinstance(node, YamlSequence):
            self.shape.add_error(holder.place(key), f"{key} must be a list of mappings, not {quote(node)}")
            return []
        at = f"matrix.{key}" if holder is given else key
        return [self._entry(item, node.places[index], f"{at}[{index}]") for index, item in enumerate(node)]

    def _entry(self, item: object, place: int, at: str) -> Combination:
        if not isinstance(item, YamlMapping) or not item:
            self.shape.add_error(place, f"an entry is a mapping of names and values, not {quote(item)}")
            return {}
        return {
            key: _value(self.filler.tree(value, self.parts.get(key), f"{at}.{key}"), here)
            for (key, value), here in zip(item.items(), item.places, strict=True)
        }

    def _check_exclude(self, entry: Combination, matrix: Matrix) -> None:
        for key, value in entry.items():
            known = matrix.vectors.get(key)
            if known is None:
                words = did_you_mean(key, list(matrix.vectors)) if matrix.vectors else "; there is no matrix"
                self.shape.add_error(value.place, f"exclude names {quote(key)}, which is not in the matrix{words}")
            elif value.text not in {one.text for one in known}:
                have = join_or(tuple(one.text for one in known[:10]))
                self.shape.add_error(value.place, f"exclude names {key} {value.text}; the matrix has {have}")


def _value(value: object, place: int) -> MatrixValue:
    return MatrixValue(value, to_text(value), place)
