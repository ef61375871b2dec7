"""The help topics (`kirin help TOPIC`) and the examples of every command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from kirin_cli.ui.tables import render_table
from kirin_cli.ui.terminal_text import wrap

if TYPE_CHECKING:
    from kirin_cli.ui.console import TerminalInfo

EXAMPLES: Final[dict[str, tuple[str, ...]]] = {
    "v1-t2v": (
        'kirin v1-t2v "Neon rain over a harbour" --aspect-ratio 9:16 -o harbour.mp4',
        'kirin v1-t2v "A paper boat" --camera-type simple --camera-zoom 5 --dry-run',
    ),
    "v1-5-i2v": (
        'kirin v1-5-i2v "Steam rises from the cup" --image cup.png',
        "kirin v1-5-i2v --image cup.png --image-tail empty.png --mode pro --sandbox",
    ),
    "v1-6-multi-i2v": (
        'kirin v1-6-multi-i2v "The cat finds the boat" --image cat.png --image boat.png',
        'kirin v1-6-multi-i2v "They sail away" --image cat.png --image boat.png --to-yaml > sail.yaml',
    ),
    "motion-control": ("kirin motion-control --image dancer.png --video https://example.com/dance.mp4 --mode std",),
    "video-o1": (
        'kirin video-o1 "A quiet street at dawn" --duration 5 --aspect-ratio 16:9',
        'kirin video-o1 "Make it snow" --video https://example.com/street.mp4 --video-refer-type base',
    ),
    "run": ("kirin run jobs.yaml", "kirin run jobs.yaml --max-cost 5 -j 4 --report html=gallery.html"),
    "validate": ("kirin validate jobs.yaml", "kirin validate jobs/*.yaml --strict --json"),
    "plan": ("kirin plan jobs.yaml", "kirin plan jobs.yaml --json"),
    "report": ("kirin report renders --report html=gallery.html", "kirin report --merge shards"),
    "schema": ("kirin schema > kirin-jobs.schema.json",),
    "init": ("kirin init v1-5-i2v > jobs.yaml", "kirin init v1-t2v -o jobs.yaml"),
    "list": ("kirin list --state accepted --since 2h", r"kirin list --format '{task_id}\t{path}'"),
    "show": ("kirin show 123456789",),
    "wait": ("kirin wait 123456789 --timeout 30m",),
    "download": ("kirin download 123456789 -o renders",),
    "resume": ("kirin resume",),
    "resolve": ("kirin resolve 123456789",),
    "usage": ("kirin usage --by day --since 7d", "kirin usage --csv > usage.csv"),
    "models": ("kirin models", "kirin models v1-t2v"),
    "auth": ("kirin auth login", "kirin auth login < key.txt", "kirin auth status"),
    "config": ("kirin config", "kirin config --json"),
    "doctor": ("kirin doctor", "kirin doctor --offline"),
    "sandbox": ("kirin sandbox --port 8080", "kirin sandbox --fault post:503@2 --seed 1"),
    "completion": ("kirin completion bash > ~/.local/share/bash-completion/completions/kirin",),
    "help": ("kirin help exit-codes", "kirin help --json"),
}


FILES_EXAMPLE: Final = """\
  # config.toml, yours              # kirin.toml, in a project
  jobs = 4                          output_dir = "renders"
  max_cost = 5                      timeout = "1h"
                                    scope = "spring"
  [profile.work]
  base_url = "https://example.com"
  api_key_file = "work.key\""""
JOB_FILE_EXAMPLE: Final = """\
  version: 1
  defaults:
    model: kirin_v1_t2v
    params: {mode: std, aspect_ratio: 16:9}
  jobs:
    - name: harbour
      params: {prompt: Neon rain over a harbour, duration: 10}
    - name: cup
      model: kirin_v1_5_i2v
      params: {image: media/cup.png, prompt: Steam rises from the cup}"""


def exit_codes(out: TerminalInfo) -> Iterator[str]:
    """What the exit codes mean."""
    from kirin_cli.docgen.commands import exit_code_table as codes

    yield from render_table(
        ("code", "means"), [(str(code), words.replace("`", "")) for code, words in codes().items()], out
    )
    yield ""
    yield from _text("A run of several jobs ends with the first that applies of 70, 9, 6, 4, 5, 3, 7, 1, 8, 0.", out)


def environment(out: TerminalInfo) -> Iterator[str]:
    """The settings: variables, keys of the files, flags."""
    from kirin_cli.cli.settings_schema import OTHER_VARIABLES, SETTINGS, setting_help

    rows = [(one.env, one.flag, setting_help(one)) for one in SETTINGS.values()]
    yield from render_table(("variable", "flag", "what it is"), rows, out)
    yield ""
    yield from render_table(("variable", "what it does"), OTHER_VARIABLES, out)
    yield ""
    yield from _text(
        "In files a setting has the name of its variable in lower case, without KIRIN_. A flag goes before its "
        "variable, that before kirin.toml (the nearest from here upwards), that before your own config.toml (kirin "
        "config says where), that before the default. Of the limits of cost in both files the lower one holds.",
        out,
    )
    yield from ("", FILES_EXAMPLE)


def job_files(out: TerminalInfo) -> Iterator[str]:
    """What a job file looks like."""
    from kirin_cli.docgen.job_schema import job_file_schema

    keys = job_file_schema()["properties"]
    assert isinstance(keys, dict)  # noqa: S101  (so it is made)
    yield from _text("A job file is YAML: what every job has in common, and the jobs.", out)
    yield from ("", JOB_FILE_EXAMPLE, "")
    rows = [(key, str(about.get("description") or "").partition("\n")[0]) for key, about in keys.items()]
    yield from render_table(("key", "what it is"), rows, out)
    yield ""
    yield from _text(
        "kirin models MODEL lists the parameters; kirin schema prints the JSON Schema for editors; kirin validate FILE "
        "checks everything and sends nothing. Paths are relative to the job file.",
        out,
    )


def sandbox(out: TerminalInfo) -> Iterator[str]:
    """What the sandbox is for, and its faults."""
    from kirin_cli.sandbox.faults import CHOICES

    yield from _text(
        "--sandbox on a command starts the service inside the process: no key, no network, no cost, and small real "
        "videos. kirin sandbox serves it on a port, for pipelines and other programs, until Ctrl-C.",
        out,
    )
    yield from ("", "  kirin run jobs.yaml --sandbox", "  kirin sandbox --port 8080 --fault post:503@2", "")
    yield from _text("--fault WHERE:WHAT[*N | @N | %P] goes wrong for the first N, for the Nth, or for P percent.", out)
    yield ""
    yield from render_table(("where", "what"), [(where, " ".join(words)) for where, words in CHOICES.items()], out)


HELP_TOPICS: Final[dict[str, Callable[[TerminalInfo], Iterator[str]]]] = {
    "exit-codes": exit_codes,
    "environment": environment,
    "job-files": job_files,
    "sandbox": sandbox,
}


def _text(text: str, out: TerminalInfo) -> list[str]:
    return wrap(text, min(out.width, 100) if out.is_tty else 80)
