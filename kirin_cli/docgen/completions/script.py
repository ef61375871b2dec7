"""Parts that the scripts of all shells share: blocks, backslashes, names of commands and files. Knows no shell."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from kirin_cli.docgen.commands import SUFFIXES, ArgumentInfo, CommandInfo, CommandInfos, OptionInfo, split_root
from kirin_cli.ledger.recent_tasks import RECENT_FILE

_WORD: Final = re.compile(r"[A-Za-z0-9._:/@+,-][A-Za-z0-9._:/@+,=-]*")
"""A word that means itself in every shell, however often it is read."""
_METAVAR: Final = re.compile(r"[\w .,:/@+=|<>\[\]…-]*")


def fill_script(script: str, **blocks: str | Iterable[str]) -> str:
    """The script with each `@BLOCK@` replaced by the text or the lines of that name; `@RECENT@` is a file's.

    What stands in a block is not looked at again: a help text may have `@NAMES@` in it.
    """
    texts = {"recent": RECENT_FILE}
    texts |= {name: block if isinstance(block, str) else "\n".join(block) for name, block in blocks.items()}
    return re.sub(f"@({'|'.join(texts).upper()})@", lambda match: texts[match[1].lower()], script)


def shell_commands(commands: CommandInfos) -> tuple[tuple[OptionInfo, ...], tuple[CommandInfo, ...]]:
    """The options of `kirin` itself and its subcommands, without the words that a shell could read as code.

    Shells read words that are offered once more when TAB is pressed, so that quotes do not help; texts are quoted.
    """
    before, named = split_root(commands)
    safe = (
        command.replace(
            aliases=_words(command.aliases),
            options=_options(command.options),
            arguments=tuple(
                argument.replace(choices=_words(argument.choices), name=_metavar(argument.name))
                for argument in command.arguments
            ),
        )
        for command in named
        if _WORD.fullmatch(command.name)
    )
    return _options(before), tuple(safe)


def _options(options: Iterable[OptionInfo]) -> tuple[OptionInfo, ...]:
    return tuple(
        option.replace(
            choices=_words(option.choices),
            short="".join(_words([option.short])),
            negative="".join(_words([option.negative])),
            metavar=_metavar(option.metavar),
        )
        for option in options
        if _WORD.fullmatch(option.long)
    )


def _words(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(word for word in words if _WORD.fullmatch(word))


def _metavar(text: str) -> str:
    return text if _METAVAR.fullmatch(text) else "VALUE"


def backslash(text: str, characters: str) -> str:
    """The text with a backslash before each of the characters."""
    return text.translate({ord(character): f"\\{character}" for character in characters})


def aliases(commands: Iterable[CommandInfo]) -> Iterator[tuple[str, CommandInfo]]:
    """Every further name with its command: offered only once something is typed."""
    return ((name, command) for command in commands for name in command.aliases)


def file_action(
    taker: OptionInfo | ArgumentInfo, *, suffixes: str, file: str, folder: str, task: str, nothing: str
) -> str:
    """The one of the texts for what the value names; in `suffixes` `{}` are the endings of its files: `png|jpg`."""
    if endings := SUFFIXES.get(taker.takes):
        return suffixes.format("|".join(endings))
    return {"file": file, "folder": folder, "task": task}.get(taker.takes, nothing)
