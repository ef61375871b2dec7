"""Parts that the scripts of all shells share: blocks, backslashes, names of commands and files. Knows no shell."""

from collections.abc import Iterable, Iterator

from kirin_cli.docgen.commands import SUFFIXES, ArgumentInfo, CommandInfo, OptionInfo
from kirin_cli.ledger.recent_tasks import RECENT_FILE


def fill_script(script: str, **blocks: str | Iterable[str]) -> str:
    """The script with each `@BLOCK@` replaced by the text or the lines of that name; `@RECENT@` is a file's."""
    for name, block in {**blocks, "recent": RECENT_FILE}.items():
        script = script.replace(f"@{name.upper()}@", block if isinstance(block, str) else "\n".join(block))
    return script


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
