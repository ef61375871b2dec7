"""How much a job file may ask of the machine. Knows nothing of how it is read."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Limits:
    """Each is the largest that is accepted (I3).

    The contract's "100,000 nodes after aliases" is read as what aliases and merges add: so ten thousand jobs written
    out in full (some 500,000 nodes) pass, while a bomb does not. What is written is bounded by `bytes` and `entries`.
    """

    bytes: int = 8 << 20
    depth: int = 64  # containers in one another, aliases written out
    nodes: int = 100_000  # keys, values and containers that aliases and merges add
    entries: int = 500_000  # keys and list items written in the file
    documents: int = 10_000
    grown: int = 2_000_000  # keys, values and containers that jobs have in common, counted for each job
    characters: int = 64 << 20  # of texts with placeholders, before and after

    @property
    def too_deep(self) -> str:
        """What is said of a text that passes `depth`, whether the budget or the parser meets it first."""
        return f"nested more than {self.depth} deep, aliases written out"


LIMITS: Final = Limits()
