"""A job as a file describes it, and where each part of it stands. Knows no model and reads no file."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from kirin_cli.jobs.naming import DEFAULT_TEMPLATE
from kirin_cli.jobs.nodes import Mapping, steps, unpacked, walk
from kirin_cli.spec.problem import Problem

JOB_KEYS = ("name", "model", "params", "output", "matrix", "exclude", "include", "foreach", "take", "tags")
_OWN_PATHS = ("name", "model", "params", "output")


@dataclass(frozen=True, slots=True)
class Output:
    """Where results go: `dir` is absolute or relative as the job file's path is; None leaves it to the caller."""

    dir: Path | None = None
    name: str = DEFAULT_TEMPLATE


@dataclass(slots=True)
class Job:
    """One generation. `params` has the defaults merged in and is not checked yet; `line` and `column` count from 1.

    `problems` holds what is wrong with the parameters before any model looks at them: no known model (A1), `params` of
    a wrong type, a placeholder without a value; their paths are for `spot` like those of the models' problems.
    At the paths in `broken` stands BROKEN, which is not to be complained about again.
    `layers` are the mappings that the job was read from, the nearest first; the last `inherited` of them are shared.
    `written` is the name before matrix and foreach, `via` says which row and combination it is ("shots.csv:17").
    It is take `take` (from 1) of `takes`, which share one name. `needs` are the names of the jobs of the same document
    whose results its parameters refer to (see `reference`).
    """

    # Final in place of a frozen class: nothing may change either, and ten thousand are made in half the time.
    name: Final[str]
    model: Final[str]
    params: Final[dict[str, object]]
    file: Final[Path]
    line: Final[int]
    column: Final[int]
    output: Final[Output] = Output()
    problems: Final[tuple[Problem, ...]] = ()
    broken: Final[tuple[str, ...]] = ()
    layers: Final[tuple[Mapping, ...]] = field(default=(), repr=False, compare=False)
    inherited: Final[int] = field(default=0, repr=False, compare=False)
    written: Final[str] = ""
    via: Final[str] = ""
    tags: Final[tuple[str, ...]] = ()
    take: Final[int] = 1
    takes: Final[int] = 1
    needs: Final[tuple[str, ...]] = ()

    @property
    def base(self) -> Path:
        """The folder that paths of media are relative to."""
        return self.file.parent

    def spot(self, path: str) -> tuple[int, int]:
        """Line and column of the innermost key or item on a spec path: `model`, `dynamic_masks[0].mask`, `output.name`.

        A default's place is where the default stands. What is missing is at the job's `params`, or else at the job.
        """
        place, _ = self._found(path)
        return (self.line, self.column) if place is None else unpacked(place)

    def anchored(self, path: str) -> bool:
        """Whether what stands at a path was written elsewhere and is part of this job through an anchor."""
        place, layer = self._found(path)
        own = layer < len(self.layers) - self.inherited
        return own and place is not None and unpacked(place) < (self.line, self.column)

    @property
    def key(self) -> tuple[int, str]:
        """What is the same for jobs of one name in one document, while the jobs of its file live."""
        return id(self.layers[-1]) if self.layers else 0, self.name

    def _found(self, path: str) -> tuple[int | None, int]:
        """The place of what stands at a path (see `nodes`), None where nothing does, and which layer it is in."""
        wanted = steps(path)
        if not wanted or wanted[0] not in _OWN_PATHS:
            wanted.insert(0, "params")
        # The second way is for a parameter with a dot in its name, which no model has but a person may write.
        ways: tuple[list[str | int], ...] = (wanted, ["params", path]) if path else ()
        for way in ways:
            for index, layer in enumerate(self.layers):
                place, taken = walk(layer, way)
                if taken >= min(2, len(way)):
                    return place, index
        place, taken = walk(self.layers[0], ["params"]) if self.layers else (0, 0)
        return (place if taken else None), 0
