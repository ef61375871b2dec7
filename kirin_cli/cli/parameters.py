"""A command as data: its flags and arguments, and the function behind it. Knows no parser and no single command."""

from collections.abc import Callable
from typing import Any, Final, get_args, get_origin

from kirin_cli.modelspec.record import Record

REQUIRED: Final[Any] = object()
"""The default of what has to be given."""


class OptionSpec(Record):
    """One flag as its command declares it. `negative` turns a switch off (`--no-wait`), `env` stands in its place.

    `takes_empty`: an empty text means something. `min` and `max` bound a number. `callback` makes the value that the
    command is given of the one that was typed.
    """

    long: str
    short: str = ""
    negative: str = ""
    metavar: str = ""
    panel: str = ""
    help: str = ""
    env: str = ""
    min: int | None = None
    max: int | None = None
    hidden: bool = False
    takes_empty: bool = False
    callback: Callable[[Any], Any] | None = None

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every spelling as Typer takes them: a switch with its negative in one."""
        long = f"{self.long}/{self.negative}" if self.negative else self.long
        return (long, self.short) if self.short else (long,)


class ArgumentSpec(Record):
    """One positional argument as its command declares it; `callback` as with OptionSpec."""

    metavar: str = ""
    help: str = ""
    hidden: bool = False
    callback: Callable[[Any], Any] | None = None


class Parameter(Record):
    """A flag or an argument with the name of its value, the type of that, and its default."""

    name: str
    kind: Any
    spec: OptionSpec | ArgumentSpec
    default: Any = REQUIRED

    @property
    def repeats(self) -> bool:
        """Whether it may be given several times."""
        return any(get_origin(kind) is list for kind in (self.kind, *get_args(self.kind)))

    @property
    def takes_empty(self) -> bool:
        """Whether an empty text means something, as among words that are looked for."""
        is_word = isinstance(self.spec, ArgumentSpec) and self.item_kind is str
        return is_word or (isinstance(self.spec, OptionSpec) and self.spec.takes_empty)

    @property
    def item_kind(self) -> Any:  # noqa: ANN401  (a type, or what mypy has no name for)
        """The type of one value: that of list[Path] | None is Path."""
        kind = self.kind
        while inner := get_args(kind):
            kind = inner[0]
        return kind


class Command(Record):
    """What `kirin NAME` does: `run` takes the values of the parameters by name, and returns the exit code.

    `about` is its help at length; `examples` are command lines that work.
    """

    parameters: tuple[Parameter, ...]
    run: Callable[..., int]
    about: str
    examples: tuple[str, ...] = ()
