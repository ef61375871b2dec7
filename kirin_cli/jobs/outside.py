"""What job files get from outside, and how much of it they took. Reads neither flags nor the environment itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from kirin_cli.errors import UsageError
from kirin_cli.jobs.hints import Hints, hint
from kirin_cli.jobs.templates import IDENTIFIER
from kirin_cli.spec.words import shown

MOST_JOBS: Final = 10_000
"""Jobs of a run, where nothing else is said; takes count."""


@dataclass(slots=True)
class Outside:
    """Shared by all files of one command. `sets` are the values of --set, `environ` is what `${env.NAME}` reads.

    `secrets` names variables of the environment that never become part of a request. `jobs` counts those made so far,
    `known` collects the names of variables that the files declare or ask for.
    """

    sets: Mapping[str, str] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()
    most_jobs: int = MOST_JOBS
    jobs: int = 0
    known: set[str] = field(default_factory=set)
    hints: Hints = field(default_factory=Hints)

    def unused(self) -> list[str]:
        """A sentence for each value of --set that no file has a use for."""
        known = sorted(self.known - self.sets.keys())
        strange = [name for name in self.sets if name not in self.known]
        return [f"no file has a variable {shown(name)}{hint(name, known)}" for name in strange]


def set_values(given: Iterable[str]) -> dict[str, str]:
    """The values of `--set name=value`, the last of each name. Raises UsageError for anything else."""
    values = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not IDENTIFIER.fullmatch(name):
            raise UsageError(f"--set is {shown(text)}; it must be NAME=VALUE, the name of letters, digits and _")
        values[name] = value
    return values
