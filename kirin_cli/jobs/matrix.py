"""The combinations of a matrix, as GitHub Actions makes them from values, `exclude` and `include`. Makes no jobs."""

from collections.abc import Mapping
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

MATRIX_LISTS = ("exclude", "include")
MATRIX_KEYS = ("matrix", *MATRIX_LISTS)


class MatrixValue(NamedTuple):
    """One value of a matrix, how it reads, its position. Two are the same if they read the same."""

    value: object
    text: str
    position: int


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
        """The most combinations there can be before exclude; MAX_COMBINATIONS_COUNTED stands for all larger numbers."""
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
        rows = product(*self.vectors.values()) if self.vectors else ()
        every = (dict(zip(self.vectors, row, strict=True)) for row in rows)
        original = [one for one in every if not any(_fits(entry, one) for entry in self.exclude)]
        combinations = [dict(one) for one in original]
        for entry in self.include:
            shared = {key: value for key, value in entry.items() if key in self.vectors}
            indexes = [index for index, one in enumerate(original) if _fits(shared, one)]
            for index in indexes:
                combinations[index] |= entry
            if not indexes:
                combinations.append(entry)
        return combinations


def _fits(entry: Combination, combination: Combination) -> bool:
    return all(combination[key].text == value.text for key, value in entry.items())


def combination_labels(combination: Combination) -> dict[str, str]:
    """The values as they stand in the name of a job."""
    return {key: short_label(value.value) for key, value in combination.items()}


@dataclass(frozen=True, slots=True)
class MatrixReader:
    """Reads the matrix of the job at `node`; `parameters` are those of the job's model."""

    node: YamlMapping
    interpolator: Interpolator
    parameters: Mapping[str, Field]
    problems: ProblemCollector

    def read(self) -> Matrix | None:
        """The matrix; None where something is wrong with it, which is among the problems then."""
        before = self.problems.error_count
        mapping = self.problems.get_mapping(self.node, "matrix")
        names = [key for key in mapping if key not in MATRIX_LISTS and key[:2] != "x-"]
        matrix = Matrix({key: self._vector(key, mapping) for key in names})
        matrix.exclude, matrix.include = (self._entries(mapping, key) for key in MATRIX_LISTS)
        if self.problems.error_count > before or self.interpolator.invalid_paths:
            return None
        for entry in matrix.exclude:
            self._check_exclude(entry, matrix)
        return None if self.problems.error_count > before else matrix

    def _vector(self, key: str, mapping: YamlMapping) -> list[MatrixValue]:
        path, position, raw = f"matrix.{key}", mapping.position(key), mapping[key]
        if isinstance(raw, YamlSequence) and raw:
            items = enumerate(zip(raw, raw.positions, strict=True))
            vector = [self._value(value, key, f"{path}[{index}]", here) for index, (value, here) in items]
        else:
            values = self.interpolator.tree(raw, None, path)
            vector = [_make_value(value, position) for value in values] if isinstance(values, list) else []
            if not vector and values is not INVALID:
                self.problems.add_error(position, f"{key} must be a list of values, not {quote(values)}")
        seen: set[str] = set()
        for value in vector:
            if value.text in seen:
                self.problems.add_error(value.position, f"{key} has {quote(value.value)} twice")
            seen.add(value.text)
        return vector

    def _entries(self, mapping: YamlMapping, key: str) -> list[Combination]:
        holder, path = (mapping, f"matrix.{key}") if key in mapping else (self.node, key)
        if key in mapping and key in self.node:
            self.problems.add_error(self.node.position(key), f"{key} is there twice: beside the matrix and in it")
        if key not in holder:
            return []
        node = holder[key]
        if not isinstance(node, YamlSequence):
            self.problems.add_error(holder.position(key), f"{key} must be a list of mappings, not {quote(node)}")
            return []
        entries: list[Combination] = []
        for index, item in enumerate(node):
            if isinstance(item, YamlMapping) and item:
                members = zip(item.items(), item.positions, strict=True)
                entry = {
                    name: self._value(value, name, f"{path}[{index}].{name}", position)
                    for (name, value), position in members
                }
                entries.append(entry)
            else:
                message = f"an entry is a mapping of names and values, not {quote(item)}"
                self.problems.add_error(node.positions[index], message)
        return entries

    def _value(self, value: object, key: str, path: str, position: int) -> MatrixValue:
        return _make_value(self.interpolator.tree(value, self.parameters.get(key), path), position)

    def _check_exclude(self, entry: Combination, matrix: Matrix) -> None:
        for key, value in entry.items():
            known = [other.text for other in matrix.vectors.get(key, ())]
            if key not in matrix.vectors:
                hint = did_you_mean(key, matrix.vectors) if matrix.vectors else "; there is no matrix"
                self.problems.add_error(value.position, f"exclude names {quote(key)}, which is not in the matrix{hint}")
            elif value.text not in known:
                message = f"exclude names {key} {value.text}; the matrix has {join_or(known[:10])}"
                self.problems.add_error(value.position, message)


def _make_value(value: object, position: int) -> MatrixValue:
    return MatrixValue(value, to_text(value), position)
