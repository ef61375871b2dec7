"""Checks of keys and types in a job file, each with the place where it fails. Knows no parameter and no model."""

from collections.abc import Mapping as Words
from dataclasses import dataclass, field

from kirin_cli.jobs.fileproblem import MOST_PROBLEMS, FileProblem
from kirin_cli.jobs.nodes import Mapping, unpacked
from kirin_cli.spec.words import nearest, shown


@dataclass(slots=True)
class Shape:
    """Collects what is wrong with the form of a file; `via` goes into every problem (see FileProblem).

    `refusals` counts how often something was refused, the same thing too.
    """

    problems: list[FileProblem] = field(default_factory=list)
    via: str = ""
    refusals: int = 0
    _said: set[tuple[int, str]] = field(default_factory=set)

    @property
    def full(self) -> bool:
        """Whether there are more problems than anybody reads: then nobody looks for the nearest names."""
        return len(self.problems) >= MOST_PROBLEMS

    def refuse(self, place: int, message: str) -> None:
        """Note a problem at `place` (see `nodes`), once, though many jobs may come out of what stands there."""
        self.refusals += 1
        if (place, message) not in self._said:
            self._said.add((place, message))
            self.problems.append(FileProblem(*unpacked(place), message, via=self.via))

    def note(self, problem: FileProblem) -> None:
        """Note a problem that has its place already."""
        self.refusals += 1
        self.problems.append(problem)

    def keys(self, node: Mapping, known: tuple[str, ...], advice: Words[str, str]) -> None:
        """Refuse keys that are neither known nor `x-…`; `advice` says more about some than the nearest known name."""
        for key in node:
            if key not in known and not key.startswith("x-") and not self.full:
                self.refuse(node.place(key), f"unknown key {shown(key)}{advice.get(key) or nearest(key, list(known))}")

    def mapping(self, node: Mapping, key: str) -> Mapping:
        """The mapping at `key`; an empty one where there is nothing or, with a problem, something else."""
        value = node.get(key)
        if isinstance(value, Mapping):
            return value
        if value is not None:
            self.refuse(node.place(key), f"{key} must be a mapping, not {shown(value)}")
        return Mapping()

    def text(self, node: Mapping, key: str) -> str | None:
        """The text at `key`; None where there is no such key or, with a problem, where it is empty or no text."""
        value = node.get(key)
        if isinstance(value, str) and value.strip():
            return value
        if key in node:
            advice = "; put it in quotes" if isinstance(value, int | float) else ""
            self.refuse(node.place(key), f"{key} must be text that is not empty, not {shown(value)}{advice}")
        return None
