"""What all ways of showing a run have in common. Knows none of them."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from kirin_cli.run.events import Event


class Progress(ABC):
    """Shows a run on standard error: a listener of its events, called from several threads, and a context manager."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def __call__(self, event: Event) -> None:
        """Show what happened."""

    def tick(self) -> None:  # noqa: B027 - most ways have nothing to do between events
        """Time has passed: to be called about once a second."""

    def close(self) -> None:  # noqa: B027 - the same
        """Say the last word and leave the terminal as it was; may be called twice."""
