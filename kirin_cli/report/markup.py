"""HTML and SVG made of elements: whatever is not markup already is escaped. Knows no page."""

from collections.abc import Mapping
from html import escape
from typing import Final

_VOID: Final = frozenset({"meta", "link", "input", "img", "br"})


class Markup(str):
    """Text that is markup already. Only `tag` and constants of this package may be."""

    __slots__ = ()


def tag(name: str, attributes: Mapping[str, str | bool] | None = None, /, *children: str) -> Markup:
    """An element. An attribute that is False is left out, one that is True has no value."""
    given = "".join(_attribute(key, value) for key, value in (attributes or {}).items() if value is not False)
    return Markup(f"<{name}{given}>") if name in _VOID else Markup(f"<{name}{given}>{join(*children)}</{name}>")


def join(*children: str) -> Markup:
    """The children one after another, escaped where they are not markup."""
    return Markup("".join(child if isinstance(child, Markup) else escape(child) for child in children))


def _attribute(name: str, value: str | bool) -> str:  # noqa: FBT001  (HTML has both)
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
