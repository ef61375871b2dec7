"""What a script or an agent needs to know, on one page: `kirin help agents`, and .github/llms.txt in the repository.

Commands, names in JSON, states and exit codes come from the tables that the program itself works with.
"""

from collections.abc import Iterable, Iterator, Mapping
from textwrap import wrap
from typing import Final, get_args

from kirin_cli.docgen.commands import CommandInfos, exit_code_table, split_root

PAGE: Final = ".github/llms.txt"
WIDTH: Final = 110
RULES_OF_MONEY: Final = """\
Free, and nothing is sent: `kirin validate`, `kirin plan`, `kirin list`, `kirin show`, `kirin usage`,
`kirin models`, `kirin schema`, `kirin help`, and `--dry-run` of a model's command. `kirin wait`,
`kirin download` and `kirin resume` never submit.

To try things: `--sandbox` with `kirin run` or a model's command (no key, no network, costs are pretended), or a
service on a port, `kirin sandbox`.

Prefer job files: the same `kirin run FILE` again is always safe. It skips what is done, goes on with what is
not, and pays for no job twice, whatever crashed in between.

A model's command and `kirin again` make one more video, and pay for it, each time they are typed; only an
unfinished one with the same request is taken up. `--again` and `--retry-failed` of `kirin run` pay anew too.

After any exit code but 0 do not guess: with `--json` each job has an error, with charged (no, yes, maybe),
retry_safe (true only where the same command again cannot pay twice) and next, the exact command to go on with.

Exit code 6: it may have been charged. Send nothing anew; `kirin resume` asks again, a person decides with
`kirin resolve`.

Exit code 7: paid for, the file is missing: `kirin download ID`, free. 8: still running, nothing is lost: `kirin
wait ID`.

`--max-cost USD` bounds what a run spends; a job whose price is not known is not sent then, unless
`--assume-cost USD` says one.

The key stands in KIRIN_API_KEY or in a file (`--api-key-file FILE`). It is never an argument."""
STREAMS: Final = """\
stdout is data: the paths of the files, one a line; with `--no-wait` the task ids; with `--json` one object, at
every exit code. stderr is for people; with `--progress json` it has events as NDJSON.

Every object has exit_code, errors and problems. Shapes only grow. Costs are decimal strings in US dollars.

`kirin help --json` lists every command with its flags; `kirin models MODEL --json` the parameters of a model
with bounds and rules; `kirin schema` is the JSON Schema of job files; `kirin version --json` has the versions."""


def agents_page(commands: CommandInfos, width: int = WIDTH) -> Iterator[str]:
    """The lines of the page, in Markdown."""
    from kirin_cli.ledger.states import JobState
    from kirin_cli.report.json_format import JOB_FIELDS

    _, named = split_root(commands)
    yield from ("# kirin", "")
    yield from wrap("> Makes videos with paid AI models, and never pays twice. For programs.", width)
    yield from _list("Money", RULES_OF_MONEY.split("\n\n"), width)
    yield from _list("Streams and JSON", STREAMS.split("\n\n"), width)
    yield ""
    yield from wrap("A job in the JSON of run, wait, download, resume and the models' commands:", width)
    yield ""
    yield from (f"    {line}" for line in _fields(JOB_FIELDS, width - 4))
    yield ""
    yield from wrap(f"state is one of: {', '.join(get_args(JobState))}.", width)
    yield from _list("Commands", (f"`kirin {command.synopsis}`: {command.help}" for command in named), width)
    yield from _list("Exit codes", (f"{code}: {text}" for code, text in exit_code_table().items()), width)
    yield ""
    yield from wrap("A run of several jobs ends with the first that applies of 70, 9, 6, 4, 5, 3, 7, 1, 8, 0.", width)


def _list(title: str, items: Iterable[str], width: int) -> Iterator[str]:
    yield from ("", f"## {title}", "")
    for item in items:
        yield from wrap(f"- {' '.join(item.split())}", width, subsequent_indent="  ", break_on_hyphens=False)


def _fields(fields: Mapping[str, object], width: int) -> Iterator[str]:
    """The names of an object, a few a line; what has names below it, in a line of its own with these."""
    plain = [name for name, below in fields.items() if not isinstance(below, Mapping | list)]
    yield from wrap(", ".join(plain), width)
    for name, below in fields.items():
        if isinstance(below, Mapping):
            yield from wrap(f"{name}: {{{', '.join(below)}}}", width)
        elif isinstance(below, list):
            yield from wrap(f"{name}: [{{{', '.join(below[0])}}}, …]", width)
