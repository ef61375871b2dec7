"""What derived text needs to know of the commands: names, flags and arguments as data.

The table itself belongs to the command line and arrives as an argument. Knows no flag parser and no shell.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, Literal

from kirin_cli.spec.record import Record

if TYPE_CHECKING:
    from kirin_cli.spec.flags import Flag
    from kirin_cli.spec.model import Model

Takes = Literal["", "file", "folder", "image", "job file"]
"""What a value names on the disk; "" for a value that is no path (a video is always a URL, rule V1)."""

SUFFIXES: Final[dict[Takes, tuple[str, ...]]] = {"image": ("png", "jpg", "jpeg"), "job file": ("yaml", "yml")}
"""How the files of a kind end; any file will do for the kinds that are not listed."""

Commands = Sequence["Command"]
Variables = Sequence["Variable"]


class Option(Record, kw_only=True):
    """One flag. `spelled` is its long form (`--mode`), `short` its short one (`-o`) or "".

    A `switch` takes no value; `negative` is the spelling that turns it off (`--no-wait`) or "". `choices` are the
    words it takes, empty where it takes more than words. `panel` is its heading in help; `bounds` are what it accepts,
    `usual` its default and `env` the environment variable in its place, each "" for none.
    """

    spelled: str
    help: str = ""
    short: str = ""
    switch: bool = False
    negative: str = ""
    choices: tuple[str, ...] = ()
    takes: Takes = ""
    repeats: bool = False
    metavar: str = ""
    panel: str = ""
    bounds: str = ""
    usual: str = ""
    env: str = ""
    required: bool = False

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every way to write it, the long form first."""
        return tuple(spelling for spelling, _ in self.described)

    @property
    def described(self) -> tuple[tuple[str, str], ...]:
        """Every spelling with what it does."""
        rows = (self.spelled, self.help), (self.negative, f"The opposite of {self.spelled}."), (self.short, self.help)
        return tuple((spelling, does) for spelling, does in rows if spelling)


class Argument(Record, kw_only=True):
    """One positional argument. Only the last of a command may repeat."""

    name: str
    help: str = ""
    choices: tuple[str, ...] = ()
    takes: Takes = ""
    required: bool = True
    repeats: bool = False

    @property
    def written(self) -> str:
        """As in a synopsis: `FILE…`, `[MODEL]`."""
        name = self.name + "…" * self.repeats
        return name if self.required else f"[{name}]"


class Command(Record, kw_only=True):
    """One subcommand with the panel of the help that it stands in; `also` are further names it answers to.

    The command without a name is `kirin` itself: its options stand before any subcommand. `about` is its help at
    length, paragraphs with an empty line between them; `examples` are command lines that work.
    """

    name: str
    help: str
    panel: str = ""
    about: str = ""
    examples: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    arguments: tuple[Argument, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every name it answers to, the usual one first."""
        return (self.name, *self.also)

    @property
    def synopsis(self) -> str:
        """The name with its arguments: `run FILE…`."""
        return " ".join((self.name, *(argument.written for argument in self.arguments)))


class Variable(Record, kw_only=True):
    """An environment variable; `key` is its name in settings files and `flag` the flag in its place, "" for none."""

    name: str
    help: str
    key: str = ""
    flag: str = ""


def option_of(flag: "Flag") -> Option:
    """The flag of a model's parameter as an option."""
    return Option(
        spelled=flag.spelled,
        help=flag.help,
        short=flag.short,
        switch=flag.switch,
        negative=f"--no-{flag.name}" if flag.switch else "",
        choices=flag.choices,
        takes="image" if flag.takes_file else "",
        repeats=flag.repeats,
        metavar=flag.field.metavar or ("" if flag.choices or flag.switch else flag.field.kind.upper()),
        panel=flag.field.panel,
        bounds="" if flag.choices or flag.switch or _compound(flag) else flag.field.bounds(),
        usual="" if flag.field.default is None else f"{flag.field.default}",
        required=flag.field.required and len(flag.path) == 1,
    )


def model_words(models: "Iterable[Model]") -> tuple[str, ...]:
    """The words that name a model on the command line: command names, then ids."""
    models = tuple(models)
    return (*(model.command for model in models), *(model.id for model in models))


def parts(commands: Commands) -> tuple[tuple[Option, ...], tuple[Command, ...]]:
    """The options of `kirin` itself, and its subcommands."""
    before = tuple(option for command in commands if not command.name for option in command.options)
    return before, tuple(command for command in commands if command.name)


def _compound(flag: "Flag") -> bool:
    """Whether the bounds would be those of many members, or of a file: too many words for a line of help."""
    return flag.repeats or flag.takes_file or flag.field.kind == "object"
