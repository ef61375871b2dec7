"""The combinations of a matrix, as GitHub Actions makes them from values, `exclude` and `include`. Knows no job.

- Every value of each key with every value of the others; the last key changes fastest.
- `exclude` takes away all combinations that have all its values; then come the entries of `include`, in order:
- an entry is added to every combination from the first step whose values it would not change (what an earlier entry
  added it may change); an entry that fits to none is a combination of its own.
Stricter than GitHub, because money is at stake: an `exclude` that names a value that is not there is an error.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Final, NamedTuple

from kirin_cli.jobs.readable import label

MOST_COUNTED: Final = 10**12

MOST_STEPS: Final = 2_000_000
"""Combinations times entries of include and exclude that are compared."""


class Value(NamedTuple):
    """One value of a matrix, how it reads, where it stands (see `nodes`). Two are the same if they read the same."""

    value: object
    text: str
    place: int


Entry = dict[str, Value]
"""An entry of `include` or `exclude`, or a combination."""


@dataclass(slots=True)
class Matrix:
    """What a job's `matrix`, `exclude` and `include` say."""

    vectors: dict[str, list[Value]] = field(default_factory=dict)
    exclude: list[Entry] = field(default_factory=list)
    include: list[Entry] = field(default_factory=list)

    @property
    def size(self) -> int:
        """The most combinations there can be, not looking at exclude; MOST_COUNTED stands for all larger numbers."""
        number = 1 if self.vectors else 0
        for values in self.vectors.values():
            number = min(number * len(values), MOST_COUNTED)
        return min(number + len(self.include), MOST_COUNTED)

    def too_much(self) -> str:
        """A sentence where there is more to compare than can be done quickly, else ""."""
        if self.size * (len(self.exclude) + len(self.include)) <= MOST_STEPS:
            return ""
        return f"{self.size:,} combinations and so many entries of exclude and include are too much to compare"

    def combinations(self) -> list[Entry]:
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

    def _all(self) -> Iterator[Entry]:
        for values in product(*self.vectors.values()) if self.vectors else ():
            yield dict(zip(self.vectors, values, strict=True))


def _fits(entry: Entry, combination: Entry) -> bool:
    return all(combination[key].text == value.text for key, value in entry.items())


def labels(combination: Entry) -> dict[str, str]:
    """The values as they stand in the name of a job."""
    return {key: label(value.value) for key, value in combination.items()}
