"""What a check found: a problem with its place, its rule and a sentence. Knows nothing of files or flags."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One breach of one rule.

    `path` is written as in YAML (`dynamic_masks[0].trajectories[1].x`; "" is the whole request),
    `rule` is the id of the reference rule, e.g. "T5". An error forbids sending; a warning does under --strict.
    """

    path: str
    rule: str
    message: str
    severity: Severity = "error"


class Problems:
    """Collects problems while a request is checked, in the order in which they are found."""

    __slots__ = ("found",)

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def error(self, path: str, rule: str, message: str) -> None:
        """Note an error: the request will not be sent."""
        self.found.append(Problem(path, rule, message))
