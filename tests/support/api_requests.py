"""What tests send through the api room: a key, a path, a body of any size."""

from collections.abc import Iterator

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
