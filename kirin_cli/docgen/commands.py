"""The commands as data: names, flags and arguments. Knows none by name."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal

from kirin_cli import errors
from kirin_cli.errors import KirinError
from kirin_cli.modelspec.record import Record

if TYPE_CHECKING:
    from kirin_cli.modelspec.flags import Flag

Takes = Literal["", "file", "folder", "image", "job file", "task"]
"""What a value names on the disk or in the ledger; "" for neither (a video is always a URL, rule V1)."""

SUFFIXES: Final[dict[Takes, tuple[str, ...]]] = {"image": ("png", "jpg", "jpeg"), "job file": ("yaml", "yml")}
"""How the files of a kind end; any file will do for the kinds that are not listed."""

CommandInfos = Sequence["CommandInfo"]
EnvVarInfos = Sequence["EnvVarInfo"]


class OptionInfo(Record, kw_only=True):
    """One flag. `long` is its long form (`--mode`), `short` its short one (`-o`) or "".

    A switch takes no value; `negative` is the spelling that turns it off (`--no-wait`) or "". `choices` are the
    words it takes, empty where it takes more than words. `panel` is its heading in help; `bounds` are what it accepts,
    `default` what holds without it and `env` the environment variable in its place, each "" for none.
    """

    long: str
    help: str = ""
    short: str = ""
    is_switch: bool = False
    negative: str = ""
    choices: tuple[str, ...] = ()
    takes: Takes = ""
    repeats: bool = False
    metavar: str = ""
    panel: str = ""
    bounds: str = ""
    default: str = ""
    env: str = ""
    required: bool = False

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every way to write it, the long form first."""
        return tuple(spelling for spelling, _ in self.spelling_rows)

    @property
    def spelling_rows(self) -> tuple[tuple[str, str], ...]:
        """Every spelling with what it does."""
        rows = (self.long, self.help), (self.negative, f"The opposite of {self.long}."), (self.short, self.help)
        return tuple((spelling, text) for spelling, text in rows if spelling)


class ArgumentInfo(Record, kw_only=True):
    """One positional argument. Only the last of a command may repeat."""

    name: str
    help: str = ""
    choices: tuple[str, ...] = ()
    takes: Takes = ""
    required: bool = True
    repeats: bool = False

    @property
    def synopsis(self) -> str:
        """As in a synopsis: `FILE…`, `[MODEL]`."""
        name = self.name + "…" * self.repeats
        return name if self.required else f"[{name}]"


class CommandInfo(Record, kw_only=True):
    """One subcommand with the panel of the help that it stands in; `aliases` are further names it answers to.

    The command without a name is `kirin` itself: its options stand before any subcommand. `about` is its help at
    length, paragraphs with an empty line between them; `examples` are command lines that work. Of a model's command
    `rules` and `notes` are what the model asks and what a user needs to know, each with what it is about.
    """

    name: str
    help: str
    panel: str = ""
    about: str = ""
    examples: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    options: tuple[OptionInfo, ...] = ()
    arguments: tuple[ArgumentInfo, ...] = ()
    rules: tuple[tuple[str, str], ...] = ()
    notes: tuple[tuple[str, str], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every name it answers to, the usual one first."""
        return (self.name, *self.aliases)

    @property
    def synopsis(self) -> str:
        """The name with its arguments: `run FILE…`."""
        return " ".join((self.name, *(argument.synopsis for argument in self.arguments)))


class EnvVarInfo(Record, kw_only=True):
    """An environment variable; `key` is its name in settings files and `flag` the flag in its place, "" for none."""

    name: str
    help: str
    key: str = ""
    flag: str = ""


def option_for_flag(flag: "Flag") -> OptionInfo:
    """The flag of a model's parameter as an option."""
    # Of many members, or of a file, the bounds would be too many words for a line of help.
    is_compound = flag.repeats or flag.takes_file or flag.field.kind == "object"
    return OptionInfo(
        long=flag.option,
        help=flag.help,
        short=flag.short,
        is_switch=flag.is_switch,
        negative=f"--no-{flag.name}" if flag.is_switch else "",
        choices=flag.choices,
        takes="image" if flag.takes_file else "",
        repeats=flag.takes_several,
        metavar=flag.field.metavar or ("" if flag.choices or flag.is_switch else flag.field.kind.upper()),
        panel=flag.field.panel,
        bounds="" if flag.choices or flag.is_switch or is_compound else flag.field.describe_bounds(),
        default="" if flag.field.default is None else f"{flag.field.default}",
        required=flag.field.required and len(flag.path) == 1,
    )


def split_root(commands: CommandInfos) -> tuple[tuple[OptionInfo, ...], tuple[CommandInfo, ...]]:
    """The options of `kirin` itself, and its subcommands."""
    before = tuple(option for command in commands if not command.name for option in command.options)
    return before, tuple(command for command in commands if command.name)


# No exception of the tree stands for these two.
_NO_ERROR: Final = {
    0: "All files are on disk, or all jobs are accepted with `--no-wait`.",
    KirinError.exit_code: "A bug in kirin.",
}


def exit_code_table() -> dict[int, str]:
    """What each exit code means, in order; the words are those of the exception classes."""
    classes = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, KirinError)]
    meanings = {kind.exit_code: (kind.__doc__ or "").partition("\n")[0] for kind in reversed(classes)}
    return dict(sorted((meanings | _NO_ERROR).items()))


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a docstring, each on one line."""
    return [" ".join(paragraph.replace("`", "").split()) for paragraph in text.split("\n\n") if paragraph.strip()]


def commands_data(commands: CommandInfos) -> dict[str, object]:
    """Every command with its arguments and flags, as it goes into JSON. The shape only grows."""
    before, named = split_root(commands)
    return {
        "name": "kirin",
        "options": [_option_data(option) for option in before],
        "commands": list(map(_command_data, named)),
    }


def _command_data(command: CommandInfo) -> dict[str, object]:
    return {
        "name": command.name,
        "also": list(command.aliases),
        "panel": command.panel,
        "help": command.help,
        "about": paragraphs(command.about),
        "examples": list(command.examples),
        "arguments": [
            {
                "name": argument.name,
                "help": argument.help,
                "choices": list(argument.choices),
                "required": argument.required,
                "repeats": argument.repeats,
            }
            for argument in command.arguments
        ],
        "options": [_option_data(option) for option in command.options],
    }


def _option_data(option: OptionInfo) -> dict[str, object]:
    return {
        "flags": list(option.spellings), "help": option.help, "takes_value": not option.is_switch,
        "metavar": option.metavar or None, "choices": list(option.choices), "repeats": option.repeats,
        "required": option.required, "default": option.default or None, "bounds": option.bounds or None,
        "env": option.env or None, "panel": option.panel or None,
    }  # fmt: skip
