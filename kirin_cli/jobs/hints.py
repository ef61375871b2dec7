"""The nearest known name, where looking for it does not take long. Knows what no name stands for."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from kirin_cli.spec.words import nearest

MOST_HINTS: Final = 200
"""Different ones that are looked for; nobody reads more."""

_MOST_LISTED = 20
_MOST_COMPARED = 300


def hint(name: str, known: Sequence[str]) -> str:
    """`; did you mean "x"?`, or the list of what there is where it is short, or nothing."""
    alike = [word for word in known if word[:1] == name[:1] or name in word] if len(known) > _MOST_COMPARED else known
    said = nearest(name, list(alike[:_MOST_COMPARED])) if alike else ""
    return said if "did you mean" in said or len(known) <= _MOST_LISTED else ""


@dataclass(slots=True)
class Hints:
    """Looks for so many names at most, and for none twice."""

    _said: dict[tuple[str, tuple[str, ...]], str] = field(default_factory=dict)

    def near(self, name: str, known: tuple[str, ...]) -> str:
        """As `hint`; nothing once it was asked for too many."""
        asked = name, known
        if asked not in self._said and len(self._said) < MOST_HINTS:
            self._said[asked] = hint(*asked)
        return self._said.get(asked, "")
