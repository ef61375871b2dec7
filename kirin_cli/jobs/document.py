"""YAML text as documents of plain data with positions. Knows no job files."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, cast

import yaml

from kirin_cli.jobs.builder import Builder, Document, Parser
from kirin_cli.jobs.fileproblem import FileProblem, Unreadable
from kirin_cli.jobs.limits import LIMITS, Limits
from kirin_cli.jobs.syntax import malformed

PARSER: Final = cast("Parser", getattr(yaml, "CSafeLoader", yaml.SafeLoader))
"""libyaml, or PyYAML's own parser (much slower) where it was installed without."""

_MOST_TAG_DIRECTIVES = 100  # libyaml compares each with all before it


@dataclass(slots=True)
class Stream:
    """The documents of a file up to the first error of syntax, and every problem found on the way."""

    documents: list[Document] = field(default_factory=list)
    problems: list[FileProblem] = field(default_factory=list)


@contextmanager
def collector_paused() -> Iterator[None]:
    """Build without the cyclic garbage collector, which would take most of the time; nor does it look at the result."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()


def parse(text: str, limits: Limits = LIMITS, parser: Parser = PARSER) -> Stream:
    """The documents in `text`. Raises for nothing that a text may hold: errors of syntax are problems too (I2, I3)."""
    stream = Stream()
    if text.count("\n%TAG") > _MOST_TAG_DIRECTIVES:
        stream.problems.append(FileProblem(1, 1, f"more than {_MOST_TAG_DIRECTIVES} %TAG directives"))
        return stream
    with collector_paused():
        try:
            for document in Builder(text, limits, parser, stream.problems).documents():
                stream.documents.append(document)
        except Unreadable as stop:
            stream.problems.append(stop.problem)
        # Beside its own errors PyYAML's parser lets chr() complain about "\UFFFFFFFF".
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            stream.problems.append(malformed(error, text, limits))
    return stream
