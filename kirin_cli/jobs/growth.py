"""Keeps count of what expansion and interpolation make of a file. Knows neither."""

from kirin_cli.jobs.fileproblem import Unreadable
from kirin_cli.jobs.limits import Limits
from kirin_cli.jobs.nodes import unpacked


class Growth:
    """Raises Unreadable, at the place that is given (see `nodes`), where one of the limits is passed (I3)."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._nodes = 0
        self._characters = 0

    def nodes(self, number: int, place: int) -> None:
        """So many more keys, values and containers in the parameters of the jobs."""
        self._nodes += number
        if self._nodes > self._limits.grown:
            message = f"more than {self._limits.grown:,} parameters and items in the jobs that are made from the file"
            raise Unreadable(*unpacked(place), message)

    def characters(self, number: int, place: int) -> None:
        """So much more text read or written while placeholders were filled in."""
        self._characters += number
        if self._characters > self._limits.characters:
            message = f"more than {self._limits.characters:,} characters by filling in placeholders"
            raise Unreadable(*unpacked(place), message)
