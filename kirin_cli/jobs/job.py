"""A job as a file describes it, and where each part of it stands. Knows no model and reads no file."""

from dataclasses import dataclass, field
from pathlib import Path

from kirin_cli.jobs.naming import DEFAULT_TEMPLATE
from kirin_cli.jobs.nodes import Mapping, steps, unpacked, walk
from kirin_cli.spec.problem import Problem

JOB_KEYS = ("name", "model", "params", "output")


@dataclass(frozen=True, slots=True)
class Output:
    """Where results go: `dir` is absolute or relative as the job file's path is; None leaves it to the caller."""

    dir: Path | None = None
    name: str = DEFAULT_TEMPLATE


@dataclass(frozen=True, slots=True)
class Job:
    """One generation. `params` has the defaults merged in and is not checked yet; `line` and `column` count from 1.

    `problems` holds what keeps the parameters from being checked at all: no known model (A1), `params` of a wrong type;
    its paths are for `spot` like those of the models' problems.
    `layers` are the mappings that the job was read from, the nearest first.
    """

    name: str
    model: str
    params: dict[str, object]
    file: Path
    line: int
    column: int
    output: Output = Output()
    problems: tuple[Problem, ...] = ()
    layers: tuple[Mapping, ...] = field(default=(), repr=False, compare=False)

    @property
    def base(self) -> Path:
        """The folder that paths of media are relative to."""
        return self.file.parent

    def spot(self, path: str) -> tuple[int, int]:
        """Line and column of the innermost key or item on a spec path: `model`, `dynamic_masks[0].mask`, `output.name`.

        A default's place is where the default stands. What is missing is at the job's `params`, or else at the job.
        """
        wanted = steps(path)
        if not wanted or wanted[0] not in JOB_KEYS:
            wanted.insert(0, "params")
        # The second way is for a parameter with a dot in its name, which no model has but a person may write.
        ways: tuple[list[str | int], ...] = (wanted, ["params", path]) if path else ()
        for way in ways:
            for layer in self.layers:
                place, taken = walk(layer, way)
                if taken >= min(2, len(way)):
                    return unpacked(place)
        place, taken = walk(self.layers[0], ["params"]) if self.layers else (0, 0)
        return unpacked(place) if taken else (self.line, self.column)
