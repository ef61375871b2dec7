"""Text that stands for what another job will have made: `${jobs.NAME.url}`. Knows neither job nor service."""

from collections.abc import Iterator
from typing import Final, Self

FIELDS: Final = ("url",)
"""What can be asked of a job: `url`, the address of its first output."""


class Reference(str):
    """The placeholder itself, as it is written, until the job it names has ended.

    It stands in `params`, and as `Medium.given` in checked values, where an image or a video is taken.
    """

    __slots__ = ("field", "job")
    job: str
    field: str

    def __new__(cls, job: str, field: str) -> Self:
        made = super().__new__(cls, f"${{jobs.{job}.{field}}}")
        made.job = job
        made.field = field
        return made

    def __repr__(self) -> str:
        return f"Reference(job={self.job!r}, field={self.field!r})"


def references(tree: object, at: str = "") -> Iterator[tuple[str, Reference]]:
    """(path, reference) of every one in a tree of parameters."""
    if isinstance(tree, Reference):
        yield at, tree
    elif isinstance(tree, dict):
        for name, part in tree.items():
            yield from references(part, f"{at}.{name}" if at else name)
    elif isinstance(tree, list):
        for index, part in enumerate(tree):
            yield from references(part, f"{at}[{index}]")
