"""A job as it is written, before it becomes one job or many. Data only."""

from dataclasses import dataclass

from kirin_cli.jobs.nodes import Mapping


@dataclass(frozen=True, slots=True)
class Entry:
    """`place` is where it stands (see `nodes`), `fallback` the name it has where none is given."""

    node: Mapping
    place: int
    fallback: str
