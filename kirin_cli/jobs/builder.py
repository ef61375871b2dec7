"""Builds documents from the parser's events. Knows no syntax, which is the parser's, and no job.

Values follow the YAML 1.2 core schema (`scalars`), `<<` merges as in YAML 1.1. An alias shares its target.
"""

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from yaml.events import (
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from kirin_cli.jobs.budget import Budget, place_of
from kirin_cli.jobs.fileproblem import FileProblem
from kirin_cli.jobs.limits import Limits
from kirin_cli.jobs.nodes import COLUMN_BITS, Mapping, Measures, Sequence, measure, unpacked
from kirin_cli.jobs.scalars import MAP_TAG, MAYBE, SEQ_TAG, Scalar, resolve, tagged, unknown_tag
from kirin_cli.spec.words import shown

_Event = Any
"""One of PyYAML's events; which attributes it has shows its type, which is asked first."""


class _Events(Protocol):
    def get_event(self) -> _Event: ...


Parser = Callable[[str], _Events]
"""Makes of a text an object whose get_event() gives PyYAML's events one by one."""


_STARTS = frozenset({MappingStartEvent, SequenceStartEvent})
_ENDS = frozenset({MappingEndEvent, SequenceEndEvent})


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document: its data, of Mapping, Sequence and scalars, and the place where it starts (see `nodes`)."""

    root: object
    place: int


class Builder:
    """Reads one text. Notes in `problems` what can be passed over; raises Unreadable for what cannot."""

    def __init__(self, text: str, limits: Limits, parser: Parser, problems: list[FileProblem]) -> None:
        self._next = parser(text).get_event
        self._budget = Budget(limits, problems)
        self._decorated = "&" in text or "!" in text  # anchors and tags are asked for only where there can be some
        self._known: dict[str, str] = {}  # keys met without quotes: one object for each, and surely text
        self._anchors: dict[str, object] = {}
        self._stack: list[Mapping | Sequence] = []  # the containers that are being filled
        self._measures: Measures = {}

    def documents(self) -> Iterator[Document]:
        """One after another, as they are read."""
        self._next()
        while type(event := self._next()) is DocumentStartEvent:
            self._budget.document(event)
            event = self._next()
            yield Document(self._tree(event), place_of(event))
            self._anchors.clear()
            self._next()

    def _tree(self, event: _Event) -> object:
        # Without recursion: CPython gets slow where many calls straddle a boundary of its stack's memory.
        if type(event) not in _STARTS:
            return self._leaf(event)
        root = self._container(event)
        stack = self._stack
        stack.append(root)
        while stack:
            node = stack[-1]
            inner = self._fill_mapping(node) if isinstance(node, Mapping) else self._fill_sequence(node)
            if inner is None:
                stack.pop()
            else:
                stack.append(inner)
        return root

    def _fill_mapping(self, node: Mapping) -> Mapping | Sequence | None:
        # Goes on until a container starts, which is to be filled first, or until the end: then None.
        # The hot loop, a turn for each key: no call that the usual key and the usual value can do without.
        following, known, decorated, places = self._next, self._known, self._decorated, node.places
        while type(event := following()) is not MappingEndEvent:
            mark = event.start_mark
            place = mark.line << COLUMN_BITS | mark.column
            key = known.get(event.value) if type(event) is ScalarEvent else None
            if key is None or (decorated and (event.anchor or event.tag)):
                key = self._key(event, node)
            if key is None or key in node:
                self._drop(node, key, place)
                continue
            event = following()
            places.append(place)
            if type(event) is ScalarEvent and not (decorated and (event.anchor or event.tag)):
                text = (value := event.value)[:1] not in MAYBE or event.style
                node[key] = value if text else resolve(value)
            elif type(event) in _STARTS:
                node[key] = inner = self._container(event)
                return inner
            else:
                node[key] = self._leaf(event)
        self._budget.entries(len(places), event)
        if "<<" in node:
            self._merge(node)
        return None

    def _fill_sequence(self, node: Sequence) -> Mapping | Sequence | None:
        while type(event := self._next()) is not SequenceEndEvent:
            self._budget.entries(1, event)
            node.places.append(place_of(event))
            if type(event) in _STARTS:
                inner = self._container(event)
                node.append(inner)
                return inner
            node.append(self._leaf(event))
        return None

    def _container(self, event: _Event) -> Mapping | Sequence:
        """A new one, still to be filled."""
        self._budget.depth(len(self._stack) + 1, event)
        mapping = type(event) is MappingStartEvent
        node = Mapping() if mapping else Sequence()
        node.places = array("Q")
        if self._decorated:
            if event.tag not in {None, "!", MAP_TAG if mapping else SEQ_TAG}:
                self._budget.refuse(place_of(event), unknown_tag(event.tag))
            if event.anchor:
                self._anchors[event.anchor] = node
        return node

    def _leaf(self, event: _Event) -> object:
        """A scalar, or what an alias names."""
        return self._scalar(event) if type(event) is ScalarEvent else self._alias(event)

    def _scalar(self, event: _Event) -> Scalar:
        value: Scalar = event.value
        if event.tag is not None:
            try:
                value = tagged(event.tag, event.value)
            except ValueError as error:
                self._budget.refuse(place_of(event), str(error))
        elif not event.style:
            value = resolve(event.value)
        if event.anchor:
            self._anchors[event.anchor] = value
        return value

    def _alias(self, event: _Event) -> object:
        name = event.anchor
        target = self._anchors.get(name, self)
        if target is self:
            why = "has no anchor above it; text that starts with * needs quotes"
        elif any(target is node for node in self._stack):
            why = "stands inside the very thing it names"
        else:
            nodes, depth = measure(target, self._measures)
            self._budget.depth(len(self._stack) + depth, event)
            self._budget.nodes(nodes, place_of(event))
            return target
        self._budget.refuse(place_of(event), f"alias *{name[:60]} {why}")
        return None

    def _key(self, event: _Event, node: Mapping) -> str | None:
        self._budget.entries(0, event, pending=len(node) + 1)
        if type(event) in _STARTS:
            self._skip(event)
            self._budget.refuse(place_of(event), "a key must be text, not a mapping or a list")
            return None
        key = self._leaf(event)
        if not isinstance(key, str):
            self._budget.refuse(place_of(event), f"key {shown(key)} must be text; put it in quotes")
            return None
        if type(event) is ScalarEvent and not event.style and event.tag is None:
            self._known[key] = key
        return key

    def _drop(self, node: Mapping, key: str | None, place: int) -> None:
        if key is not None:
            first, _ = unpacked(node.places[list(node).index(key)])
            self._budget.refuse(place, f"duplicate key {shown(key)}; the first is on line {first}")
        self._skip(self._next())

    def _skip(self, event: _Event) -> None:
        """Pass over a key or value; `event` is its first."""
        depth = 0
        while True:
            self._budget.entries(1, event)
            depth += (type(event) in _STARTS) - (type(event) in _ENDS)
            if depth == 0:
                return
            self._budget.depth(len(self._stack) + depth, event)
            event = self._next()

    def _merge(self, node: Mapping) -> None:
        at = list(node).index("<<")
        place = node.places.pop(at)
        given = node.pop("<<")
        for source in given if isinstance(given, Sequence) else [given]:
            if not isinstance(source, Mapping):
                self._budget.refuse(place, f"<< merges a mapping or a list of mappings, not {shown(source)}")
                continue
            if id(source) not in self._measures:  # not counted yet, as an alias is
                self._budget.nodes(len(source), place)
            for key, origin in zip(source, source.places, strict=True):
                if key not in node:
                    node[key] = source[key]
                    node.places.append(origin)
