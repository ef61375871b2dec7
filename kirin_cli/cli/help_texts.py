"""The help topics: what `kirin help TOPIC` prints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from kirin_cli.ui.tables import render_table
from kirin_cli.ui.terminal_text import wrap

if TYPE_CHECKING:
    from kirin_cli.ui.console import TerminalInfo

FILES_EXAMPLE: Final = """\
  # config.toml, yours              # kirin.toml, in a project
  jobs = 4                          output_dir = "renders"
  max_cost = 5                      timeout = "1h"
                                    scope = "spring"
  [profile.work]
  base_url = "https://example.com"
  api_key_file = "work.key"
  [prices]
  kirin_v1_t2v = {"std 5" = "0.28", "pro" = "0.49"}
  kirin_video_o1 = {"*" = "0.56", "edit per second" = "0.112"}"""
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

    rows = [(setting.env, setting.flag, setting_help(setting)) for setting in SETTINGS.values()]
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
    yield ""
    yield from _text(
        "A price in [prices] holds for every request that has all its words: mode, duration, kind, in any order; * is "
        "every one. Of several the one with the most words holds, then the dearest. Editing a video, and motion "
        "control, are billed per second of the video.",
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


def agents(out: TerminalInfo) -> Iterator[str]:
    """What a script or an agent needs: money, JSON, commands, exit codes."""
    from kirin_cli.cli.agents import WIDTH, agents_page
    from kirin_cli.cli.app import all_commands

    yield from agents_page(all_commands(), min(out.width, WIDTH) if out.is_tty else 80)


HELP_TOPICS: Final[dict[str, Callable[[TerminalInfo], Iterator[str]]]] = {
    "exit-codes": exit_codes,
    "environment": environment,
    "job-files": job_files,
    "sandbox": sandbox,
    "agents": agents,
}


def _text(text: str, out: TerminalInfo) -> list[str]:
    return wrap(text, min(out.width, 100) if out.is_tty else 80)
