"""YAML text as documents of plain data with positions, built from the parser's events. Knows no job files."""

import gc
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, cast

import yaml
from yaml.events import (
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from kirin_cli.jobs.problems import (
    DEFAULT_INPUT_LIMITS,
    MAX_PROBLEMS,
    FileProblem,
    InputLimits,
    JobFileError,
    LimitCounter,
)
from kirin_cli.jobs.yaml_nodes import (
    COLUMN_BITS,
    MAP_TAG,
    NON_TEXT_PATTERN,
    POSITION_CODE,
    SEQ_TAG,
    Measures,
    Scalar,
    YamlMapping,
    YamlSequence,
    count_nodes,
    line_column,
    parse_scalar,
    parse_tagged,
    unknown_tag,
)
from kirin_cli.modelspec.text import quote

_Event = Any
"""One of PyYAML's events; which attributes it has shows its type, which is asked first."""

Parser = Callable[[str], Any]
"""Makes of a text an object whose get_event() gives PyYAML's events one by one."""

_STARTS = frozenset({MappingStartEvent, SequenceStartEvent})
_STEP: Final = 1024  # items of a list that are counted at a time
_ENDS = frozenset({MappingEndEvent, SequenceEndEvent})


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document: its data, of mappings, sequences and scalars, and the position where it starts."""

    root: object
    position: int


class Builder:
    """Reads one text. Adds to `problems` what can be passed over; raises JobFileError for what cannot."""

    def __init__(self, text: str, limits: InputLimits, parser: Parser, problems: list[FileProblem]) -> None:
        self._next = parser(text).get_event
        self._counter = LimitCounter(limits)
        self._problems = problems
        self._decorated = "&" in text or "!" in text  # anchors and tags are asked for only where there can be some
        self._known: dict[str, str] = {}  # keys met without quotes: one object for each, and surely text
        self._anchors: dict[str, object] = {}
        self._stack: list[YamlMapping | YamlSequence] = []  # the containers that are being filled
        self._max_depth, self._max_entries = limits.depth, limits.entries
        self._entries = 0
        self._measures: Measures = {}

    def documents(self) -> Iterator[Document]:
        """One after another, as they are read."""
        self._next()
        while type(event := self._next()) is DocumentStartEvent:
            self._counter.add("documents", 1, _position(event))
            event = self._next()
            yield Document(self._build(event), _position(event))
            self._anchors.clear()
            self._next()

    def _build(self, event: _Event) -> object:
        if type(event) not in _STARTS:
            return self._leaf(event)
        root = self._container(event)
        self._fill(root)
        return root

    def _fill(self, node: Any) -> None:  # noqa: ANN401, C901  (a mapping or a list; calls take longer than branches)
        # The hot loop, a turn for each key, item and end. Without recursion, too: CPython gets slow where many calls
        # straddle a boundary of its stack's memory.
        following, known, decorated = self._next, self._known, self._decorated
        is_mapping, positions, key = type(node) is YamlMapping, node.positions, None
        while True:
            kind = type(event := following())
            if kind is not ScalarEvent and kind in _ENDS:
                node = self._close(node, event)
                if node is None:
                    return
                is_mapping, positions = type(node) is YamlMapping, node.positions
                continue
            mark = event.start_mark
            position = mark.line << COLUMN_BITS | mark.column
            if is_mapping:
                key = known.get(event.value) if kind is ScalarEvent else None
                # `in` takes five times as long as `get` where a class is derived from dict.
                if key is None or node.get(key, known) is not known or (decorated and (event.anchor or event.tag)):
                    key = self._key(event, node)
                if key is None:
                    continue
                kind = type(event := following())
            elif not (len(positions) + 1) % _STEP:
                self._count(_STEP, event)
            positions.append(position)
            if kind is ScalarEvent and not (decorated and (event.anchor or event.tag)):
                may_be_other = (value := event.value)[:1] in NON_TEXT_PATTERN and not event.style
                value, inner = parse_scalar(value) if may_be_other else value, None
            else:
                inner = self._container(event) if kind in _STARTS else None
                value = self._leaf(event) if inner is None else inner
            if is_mapping:
                node[key] = value
            else:
                node.append(value)
            if inner is not None:
                node, is_mapping, positions = inner, kind is MappingStartEvent, inner.positions

    def _close(self, node: YamlMapping | YamlSequence, event: _Event) -> YamlMapping | YamlSequence | None:
        """Count what is in a container, whose end is `event`; the one around it, None where there is none."""
        if isinstance(node, YamlMapping):
            self._count(len(node.positions), event)
            if node.get("<<", self) is not self:
                self._merge(node)
        else:
            self._count(len(node.positions) % _STEP, event)
        self._stack.pop()
        return self._stack[-1] if self._stack else None

    def _container(self, event: _Event) -> YamlMapping | YamlSequence:
        """A new one, still to be filled, which is the innermost from now on."""
        mapping = type(event) is MappingStartEvent
        node = YamlMapping() if mapping else YamlSequence()
        node.positions = array(POSITION_CODE)
        if len(self._stack) >= self._max_depth:
            self._check_depth(1, event)
        self._stack.append(node)
        if self._decorated:
            if event.tag not in {None, "!", MAP_TAG if mapping else SEQ_TAG}:
                self._add_error(_position(event), unknown_tag(event.tag))
            if event.anchor:
                self._anchors[event.anchor] = node
        return node

    def _count(self, number: int, event: _Event) -> None:
        """Count so many keys and items, up to `event`."""
        self._entries += number
        if self._entries > self._max_entries:
            self._counter.add("entries", self._entries, _position(event))

    def _leaf(self, event: _Event) -> object:
        """A scalar, or what an alias names."""
        if type(event) is not ScalarEvent:
            return self._alias(event)
        value: Scalar = event.value
        if event.tag is not None:
            try:
                value = parse_tagged(event.tag, event.value)
            except ValueError as error:
                self._add_error(_position(event), str(error))
        elif not event.style:
            value = parse_scalar(event.value)
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
            nodes, depth = count_nodes(target, self._measures)
            self._check_depth(depth, event)
            self._counter.add("nodes", nodes, _position(event))
            return target
        self._add_error(_position(event), f"alias *{name[:60]} {why}")
        return None

    def _key(self, event: _Event, node: YamlMapping) -> str | None:
        """The key that `event` is; None where it is none, or is there already: then its value is passed over."""
        position = _position(event)
        key = self._read_key(event, node, position)
        if key is not None and key in node:
            first, _ = line_column(node.positions[list(node).index(key)])
            self._add_error(position, f"duplicate key {quote(key)}; the first is on line {first}")
            key = None
        if key is None:
            self._skip(self._next())
        return key

    def _read_key(self, event: _Event, node: YamlMapping, position: int) -> str | None:
        if self._entries + len(node) >= self._max_entries:
            self._count(len(node) + 1, event)
        if type(event) in _STARTS:
            self._skip(event)
            self._add_error(position, "a key must be text, not a mapping or a list")
            return None
        key = self._leaf(event)
        if not isinstance(key, str):
            self._add_error(position, f"key {quote(key)} must be text; put it in quotes")
            return None
        if type(event) is ScalarEvent and not event.style and event.tag is None:
            self._known[key] = key
        return key

    def _skip(self, event: _Event) -> None:
        """Pass over a key or value; `event` is its first."""
        depth = 0
        while True:
            self._count(1, event)
            depth += (type(event) in _STARTS) - (type(event) in _ENDS)
            if depth == 0:
                return
            self._check_depth(depth, event)
            event = self._next()

    def _merge(self, node: YamlMapping) -> None:
        position = node.positions.pop(list(node).index("<<"))
        merged = node.pop("<<")
        for source in merged if isinstance(merged, YamlSequence) else [merged]:
            if not isinstance(source, YamlMapping):
                self._add_error(position, f"<< merges a mapping or a list of mappings, not {quote(source)}")
                continue
            if id(source) not in self._measures:  # not counted yet, as an alias is
                self._counter.add("nodes", len(source), position)
            for key, key_position in zip(source, source.positions, strict=True):
                if key not in node:
                    node[key] = source[key]
                    node.positions.append(key_position)

    def _check_depth(self, below: int, event: _Event) -> None:
        if len(self._stack) + below > self._counter.limits.depth:
            raise JobFileError(*line_column(_position(event)), self._counter.limits.too_deep)

    def _add_error(self, position: int, message: str) -> None:
        """Add a problem that the rest of the file does not suffer from."""
        if len(self._problems) >= MAX_PROBLEMS:
            raise JobFileError(*line_column(position), f"more than {MAX_PROBLEMS:,} problems: the rest was not read")
        self._problems.append(FileProblem(*line_column(position), message))


def _position(event: _Event) -> int:
    """Where an event starts (see `yaml_nodes`)."""
    mark = event.start_mark
    return int(mark.line << COLUMN_BITS | mark.column)


PARSER: Final = cast("Parser", getattr(yaml, "CSafeLoader", yaml.SafeLoader))
"""libyaml, or PyYAML's own parser (much slower) where it was installed without."""

_CONFLICT_MARK = "<<<<<<<"
_MAX_TAG_DIRECTIVES = 100  # libyaml compares each with all before it


@dataclass(slots=True)
class ParsedStream:
    """The documents of a file up to the first error of syntax, and every problem found on the way."""

    documents: list[Document] = field(default_factory=list)
    problems: list[FileProblem] = field(default_factory=list)


@contextmanager
def pause_gc() -> Iterator[None]:
    """Build without the cyclic garbage collector, which would take most of the time; nor does it look at the result."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()


def parse_yaml(text: str, limits: InputLimits = DEFAULT_INPUT_LIMITS, parser: Parser = PARSER) -> ParsedStream:
    """The documents in `text`. Raises for nothing in it: errors of syntax are problems too (faults I2, I3)."""
    stream = ParsedStream()
    # A text of megabytes is searched for one character first, which takes a twentieth of the time of several.
    if "%" in text and text.count("\n%TAG") > _MAX_TAG_DIRECTIVES:
        stream.problems.append(FileProblem(1, 1, f"more than {_MAX_TAG_DIRECTIVES} %TAG directives"))
        return stream
    if "<" in text and _CONFLICT_MARK in text:
        from kirin_cli.jobs.yaml_syntax import conflict_problem  # noqa: PLC0415  (few files have errors)

        if conflict := conflict_problem(text):
            stream.problems.append(conflict)
            return stream
    with pause_gc():
        try:
            for document in Builder(text, limits, parser, stream.problems).documents():
                stream.documents.append(document)
        except JobFileError as stop:
            stream.problems.append(stop.problem)
        # Beside its own errors PyYAML's parser lets chr() complain about "\UFFFFFFFF".
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            from kirin_cli.jobs.yaml_syntax import syntax_problem  # noqa: PLC0415  (the same)

            stream.problems.append(syntax_problem(error, text, limits))
    return stream
