"""The variables of one document: `vars`, over them `--set`. A variable may be made of others, but not of itself."""

from collections.abc import Iterator

from kirin_cli.jobs.filling import Filler
from kirin_cli.jobs.growth import Growth
from kirin_cli.jobs.nodes import Mapping, steps, unpacked, walk
from kirin_cli.jobs.order import circle_words, in_order
from kirin_cli.jobs.outside import Outside
from kirin_cli.jobs.scope import MISSING, Scope, Unfilled
from kirin_cli.jobs.shape import Shape
from kirin_cli.jobs.templates import IDENTIFIER, holds_dollar, names_in
from kirin_cli.spec.words import shown


class DocumentVariables:
    """What `node` declares; everything wrong with it is said once, to `shape`, whether it is used or not."""

    def __init__(self, node: Mapping, outside: Outside, growth: Growth, shape: Shape) -> None:
        self._node = node
        self._scope = Scope(self, outside)
        self._growth = growth
        self._shape = shape
        self._known: dict[str, object] = dict(outside.sets)
        self._wrong: dict[str, str] = {}
        outside.known.update(node, names_in(node))
        for name in node:
            if not IDENTIFIER.fullmatch(name):
                words = f"{shown(name)} is no name for a variable: it may have letters, digits and _"
                self._shape.refuse(self._node.place(name), words)
        for name, circle in in_order(node, self._made_of):
            if circle:
                self._refuse(name, name, f"{name}: refers to itself: {circle_words(circle)}")
            elif name not in self._known and name not in self._wrong:
                self._make(name)

    @property
    def names(self) -> list[str]:
        """Those that are set."""
        return list(self._known)

    def get(self, name: str) -> object:
        """The value, or MISSING. Raises Unfilled for one that is wrong itself."""
        if name in self._wrong:
            raise Unfilled(self._wrong[name], told=True)
        return self._known.get(name, MISSING)

    def _made_of(self, name: str) -> Iterator[str]:
        """The variables of the document that a value asks for; --set replaces it whole."""
        asked = () if name in self._known else names_in(self._node[name])
        return (other for other in asked if other in self._node)

    def _make(self, name: str) -> None:
        value = self._node[name]
        if holds_dollar(value):
            filler = Filler(self._scope, self._growth, self._node.place(name))
            value = filler.tree(value, None, name)
            for problem in filler.problems:
                self._refuse(name, problem.path, problem.message)
            if filler.broken:
                self._mark(name)
                return
        self._known[name] = value

    def _refuse(self, name: str, path: str, message: str) -> None:
        place, _ = walk(self._node, steps(path), self._node.place(name))
        self._shape.refuse(place, f"variable {message}")
        self._mark(name)

    def _mark(self, name: str) -> None:
        line, _ = unpacked(self._node.place(name))
        self._wrong[name] = f"the variable {name} is wrong itself (line {line})"
