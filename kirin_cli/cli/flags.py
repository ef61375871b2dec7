"""Records of flags: the groups that commands share, and a command made from a record. Knows no single command."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_type_hints

from kirin_cli.cli import options as o
from kirin_cli.cli.parameters import REQUIRED, Command, Parameter
from kirin_cli.cli.settings_schema import misspelled_variables
from kirin_cli.errors import UsageError
from kirin_cli.modelspec.record import Record

if TYPE_CHECKING:
    from kirin_cli.cli.console import CommandConsole
    from kirin_cli.cli.settings import Settings


class FlagGroup(Record):
    """Flags that several commands have: a field of their records, whose flags stand in its place."""


class JobFileFlags(FlagGroup):
    """Which jobs: their files, values for variables of these, which of the jobs, and how many at most."""

    files: o.JobFiles
    sets: o.Sets = None
    allow_env: o.AllowEnv = None
    only: o.Only = None
    skip: o.Skip = None
    tag: o.Tag = None
    max_jobs: o.MaxJobs = o.DEFAULT_MAX_JOBS


class TakeFlags(FlagGroup):
    """Which takes of the jobs are made, and which of them here."""

    again: o.Again = False
    retry_failed: o.RetryFailed = False
    force: o.Force = False
    scope: o.Scope = ""
    shard: o.ShardFlag = ""


class CheckFlags(FlagGroup):
    """How jobs are checked."""

    strict: o.Strict = False
    check_urls: o.CheckUrls = False


class ServiceFlags(FlagGroup):
    """Which service, and under which key."""

    profile: o.Profile = None
    base_url: o.BaseUrl = None
    api_key_file: o.ApiKeyFile = None

    def load_settings(self) -> Settings:
        """The settings of the command. Raises UsageError for a flag, a variable or a file that makes no sense."""
        from kirin_cli.cli.settings import load_settings

        return load_settings(os.environ, base_url=self.base_url, api_key_file=self.api_key_file, profile=self.profile)


class PrintingFlags(FlagGroup):
    """How the result is printed for programs."""

    json: o.Json = False
    jsonl: o.Jsonl = False
    template: o.Template = ""


class ViewFlags(FlagGroup):
    """What is done about the videos at the end."""

    preview: o.Preview = False
    open: o.OpenVideos = False
    notify: o.Notify = False


class DisplayFlags(FlagGroup):
    """What is said on standard error, and how."""

    quiet: o.Quiet = False
    verbose: o.Verbose = False
    progress: o.Progress = o.DEFAULT_PROGRESS
    color: o.Color = "auto"

    def console(self) -> CommandConsole:
        """The console of the command. Raises UsageError for a word that is no choice."""
        from kirin_cli.cli.console import make_console

        if self.quiet and self.verbose:
            raise UsageError("--quiet and --verbose cannot both say what is shown; give one of them")
        console = make_console(color=self.color, progress=self.progress, quiet=self.quiet, verbose=self.verbose)
        console.talk(*misspelled_variables(os.environ))
        return console


def flag_parameters(record: type[Record]) -> Iterator[Parameter]:
    """The flags of a record as parameters; those of a group in its place."""
    for name, kind in _field_kinds(record):
        if _is_group(kind):
            yield from flag_parameters(kind)
        else:
            value_kind, spec = get_args(kind)
            yield Parameter(name, value_kind, spec, getattr(record, name, REQUIRED))


Flags = TypeVar("Flags", bound=Record)


def fill_record(record: type[Flags], values: Mapping[str, object]) -> Flags:
    """The record with the values of its flags, by name; others are left alone."""
    kinds = _field_kinds(record)
    return record(**{name: fill_record(kind, values) if _is_group(kind) else values[name] for name, kind in kinds})


def _field_kinds(record: type[Record]) -> list[tuple[str, Any]]:
    """Its fields with what they are annotated with."""
    return [pair for pair in get_type_hints(record, include_extras=True).items() if not pair[0].startswith("_")]


def _is_group(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, FlagGroup)


def command_from(
    record: type[Flags], run: Callable[[Flags], int], help_text: str = "", *, examples: Sequence[str]
) -> Command:
    """The command whose flags are those of `record`, which `run` is given; `examples` are command lines that work.

    Its help is `help_text`, else the record's docstring. `run` returns the exit code and raises the tree of errors.
    """

    def fill_and_run(**values: object) -> int:
        return run(fill_record(record, values))

    return Command(tuple(flag_parameters(record)), fill_and_run, help_text or record.__doc__ or "", tuple(examples))
