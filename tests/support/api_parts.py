"""What the tests of the api room share: a body, a clock, a key."""

from collections.abc import Iterator
from dataclasses import dataclass, field

KEY = "sk-secret-of-the-tests"
CREATE = "/model/v1/generation"


class Blob:
    """A body of so many bytes, made anew for each attempt; `fails_after` pieces it raises."""

    def __init__(self, size: int, fails_after: int | None = None, error: Exception | None = None) -> None:
        self.size, self.fails_after, self.error = size, fails_after, error

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[bytes]:
        for number, start in enumerate(range(0, self.size, 49152)):
            if number == self.fails_after and self.error:
                raise self.error
            yield b" " * min(49152, self.size - start)


@dataclass
class FakeClock:
    """Seconds that pass only when somebody asks or sleeps."""

    now: float = 1000.0
    step: float = 0.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        self.now += self.step
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
