"""The model commands: prompt, check, and the request shown or sent. No model is named here."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kirin_cli.cli.model_command import (
    ModelFlags,
    ParsedFlags,
    flag_for_problem,
    flag_that_sets,
    parameters,
    parse_flags,
)
from kirin_cli.cli.options import dataclass_parameters, with_signature
from kirin_cli.errors import UsageError
from kirin_cli.media.request_body import elide, expand
from kirin_cli.modelspec.model import CheckResult, Model
from kirin_cli.modelspec.record import Record
from kirin_cli.modelspec.types import MediaFile, MediaKind, Problem

if TYPE_CHECKING:
    from kirin_cli.cli.console import CommandConsole
    from kirin_cli.cli.runner import Prepare
    from kirin_cli.cli.session import Session
    from kirin_cli.cli.settings import Settings
    from kirin_cli.jobs.job import JobSpec
    from kirin_cli.media import MediaInspector
    from kirin_cli.modelspec.types import Finding
    from kirin_cli.run.job import OutputTarget
    from kirin_cli.run.prepare import PreparedRun

VIDEO_SUFFIXES: Final = (".mp4", ".mov")


def parse_output(output: Path | None, *, replace: bool) -> OutputTarget:
    """Folder and name of `-o`: a name that ends like a video is a file, anything else a folder; none is here."""
    from kirin_cli.jobs.filenames import DEFAULT_TEMPLATE
    from kirin_cli.run.job import OutputTarget

    if output is None:
        return OutputTarget(Path(), DEFAULT_TEMPLATE, replace)
    if output.suffix.lower() in VIDEO_SUFFIXES and not output.is_dir():
        stem = output.stem.replace("{", "_").replace("}", "_")
        return OutputTarget(output.parent, f"{stem}{{-n}}.{{ext}}", replace)
    return OutputTarget(output, DEFAULT_TEMPLATE, replace)


MAX_PROMPT_BYTES: Final = 1 << 20


class BaseParams(Record):
    """The parameters to start from, and the job of a file that they came from."""

    params: Mapping[str, object]
    job: JobSpec | None = None


def load_base_params(model: Model, flags: ModelFlags) -> BaseParams:
    """The job of `--file`, or nothing. Raises UsageError where the file holds no single job of this model."""
    if flags.file is None:
        return BaseParams({})
    from kirin_cli.cli.job_files import (
        external_inputs,
        parameters,
    )
    from kirin_cli.jobs.parser import read_job_file

    found = read_job_file(flags.file, parameters([model]), inputs=external_inputs())
    if found.problems:
        first = found.problems[0]
        raise UsageError(f"{first.file or flags.file}:{first.line}:{first.column}: {first.message}")
    if len(found.jobs) != 1:
        raise UsageError(f"{flags.file} holds {len(found.jobs)} jobs; --file takes one", hint="use kirin run for more")
    job = found.jobs[0]
    if job.model != model.id:
        raise UsageError(f"{flags.file}:{job.line}: the job is for {job.model!r}, this command is {model.id}")
    if job.problems:
        line, column = job.spot(job.problems[0].path)
        raise UsageError(f"{flags.file}:{line}:{column}: {job.problems[0].message}")
    return BaseParams(job.params, job)


def read_prompt(flags: ModelFlags, flag: object) -> str | None:
    """The prompt, however it was given. Raises UsageError where it was given twice or cannot be read."""
    ways = [way for way in (flags.prompt, flag, flags.prompt_file) if way is not None]
    if len(ways) > 1:
        raise UsageError("the prompt is given twice; use the argument, --prompt or --prompt-file")
    if flags.prompt_file is not None:
        return _read(flags.prompt_file)
    text = str(ways[0]) if ways else None
    return _decoded(sys.stdin.buffer.read(MAX_PROMPT_BYTES + 1), "standard input") if text == "-" else text


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return _decoded(file.read(MAX_PROMPT_BYTES + 1), str(path))
    except OSError as error:
        raise UsageError(f"--prompt-file {path} cannot be read: {error.strerror or error}") from error


def _decoded(raw: bytes, source: str) -> str:
    """The text without its last line end. A prompt has at most 2500 characters; a megabyte is none."""
    if len(raw) > MAX_PROMPT_BYTES:
        raise UsageError(f"{source} holds more than {MAX_PROMPT_BYTES} bytes; that is no prompt")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{source} is not UTF-8 (byte {error.start})") from error
    return text.removesuffix("\n").removesuffix("\r")


CREATE_PATH = "/model/v1/generation"


def request_data(model: Model, values: Mapping[str, object], settings: Settings, *, full: bool) -> dict[str, object]:
    """The request as data; the key never, Base64 only with `full`."""
    from kirin_cli.wire import DIALECTS

    body = DIALECTS[settings.dialect].build_body(model, values)
    return {
        "method": "POST",
        "url": settings.base_url.rstrip("/") + CREATE_PATH,
        "headers": {"Authorization": "Bearer ***", "Content-Type": "application/json"},
        "body": expand(body) if full else elide(body),
    }


def request_json(shown: Mapping[str, object]) -> str:
    """The request as JSON."""
    return json.dumps(shown, indent=2, ensure_ascii=True)


def request_curl(shown: Mapping[str, object]) -> str:
    """The request as a command for a POSIX shell, with $KIRIN_API_KEY for the key."""
    body = shlex.quote(json.dumps(shown["body"], ensure_ascii=False))
    headers = '-H "Authorization: Bearer $KIRIN_API_KEY" -H "Content-Type: application/json"'
    return f"curl -X POST {shlex.quote(str(shown['url']))} \\\n  {headers} \\\n  -d {body}"


def request_yaml(model: Model, params: Mapping[str, object]) -> str:
    """The job file with one job that has these parameters."""
    import yaml

    from kirin_cli.jobs.placeholders import escape

    return yaml.safe_dump(
        {"version": 1, "model": model.id, "params": escape(params)}, sort_keys=False, allow_unicode=True, width=100
    ).rstrip("\n")


class GenerateRequest(Record):
    """A model command as far as it is understood: values to send, and what was found."""

    model: Model
    given: ModelFlags
    typed: ParsedFlags
    values: Mapping[str, object]
    findings: tuple[Finding, ...]

    @property
    def refused(self) -> bool:
        """Whether anything forbids sending."""
        return any(self.given.strict or finding.severity == "error" for finding in self.findings)


def run_model_command(model: Model, flags: ModelFlags, values: Mapping[str, object]) -> int:
    """Do what the flags say, and return the exit code. Raises the tree of errors."""
    from kirin_cli.cli.console import make_console
    from kirin_cli.cli.settings import settings
    from kirin_cli.media import make_inspector

    console = make_console(color=flags.color, progress=flags.progress, quiet=flags.quiet)
    setting = settings(os.environ, base_url=flags.base_url, api_key_file=flags.api_key_file, profile=flags.profile)
    asked = _parse_and_validate(model, flags, values, make_inspector(uploads=bool(setting.upload_url) or flags.sandbox))
    console.findings(asked.findings)
    if asked.refused:
        from kirin_cli.cli.reports import reports

        taken = flags.json or flags.jsonl or bool(flags.template)
        return reports(flags.report, json=taken).write_refused(asked.findings, console)
    if flags.to_yaml or flags.dry_run:
        return _show_request(asked, setting, console)

    return send_request(asked, setting, console)


def _parse_and_validate(
    model: Model, flags: ModelFlags, values: Mapping[str, object], look: MediaInspector
) -> GenerateRequest:
    start = load_base_params(model, flags)
    prompt = read_prompt(flags, values.get("p_prompt"))
    said = parse_flags(model, {**values, "p_prompt": prompt}, start.params, absolute=start.job is not None)
    base = start.job.base if start.job else Path()
    checked = (
        _online(model, said, base, look) if flags.check_urls else model.check(said.params, partial(_look, look, base))
    )
    findings = tuple(_finding(model, said, start, problem) for problem in checked.problems)
    return GenerateRequest(model, flags, said, checked.values, findings)


def _online(model: Model, said: ParsedFlags, base: Path, look: MediaInspector) -> CheckResult:
    from kirin_cli.run.check_online import check_online, make_prober

    with make_prober(os.environ, look) as looking:
        return check_online(model, said.params, base, looking)


def _look(look: MediaInspector, base: Path, given: str, kind: MediaKind) -> MediaFile:
    return look(given, kind, base)


def _finding(model: Model, said: ParsedFlags, start: BaseParams, problem: Problem) -> Finding:
    from kirin_cli.modelspec.types import Finding

    about = {"message": problem.message, "severity": problem.severity, "rule": problem.rule, "path": problem.path}
    flag = flag_for_problem(said.origins, problem.path)
    if not flag and start.job is not None:
        line, column = start.job.spot(problem.path)
        return Finding(**about, file=str(start.job.file), line=line, column=column)  # type: ignore[arg-type]
    return Finding(**about, flag=flag or flag_that_sets(model, problem.path))  # type: ignore[arg-type]


def _show_request(request: GenerateRequest, setting: Settings, console: CommandConsole) -> int:
    if request.given.jsonl or request.given.template:
        raise UsageError("--jsonl and --format print what was made; --dry-run and --to-yaml make nothing")
    if request.given.to_yaml:
        console.data(request_yaml(request.model, request.typed.params))
        return 0
    shown = request_data(request.model, request.values, setting, full=request.given.full)
    console.data(request_json(shown) if request.given.json else request_curl(shown))
    console.info("nothing was sent; a real submission also carries an external_task_id, so that it is never paid twice")
    return 0


def send_request(request: GenerateRequest, setting: Settings, console: CommandConsole) -> int:
    """Submit, wait for the videos and fetch them; returns the exit code. Raises the tree of errors."""
    from kirin_cli.cli.reports import reports
    from kirin_cli.cli.runner import ExecuteOptions, execute, output_format_for_jobs
    from kirin_cli.cli.settings import dollars, seconds
    from kirin_cli.run.scheduler import RunOptions

    given = request.given
    shape = output_format_for_jobs(given)
    wanted = reports(given.report, json=shape.for_programs)
    options = ExecuteOptions(
        settings=setting, sandbox=given.sandbox, shape=shape, preview=given.preview, wait=given.wait,
        limits=RunOptions(10, seconds(given.timeout, "--timeout"), dollars(given.max_cost)), resume="kirin resume",
        reports=wanted,
    )  # fmt: skip
    return execute(_make_prepare(request.model, given, request.values), options, console)


def _make_prepare(model: Model, flags: ModelFlags, values: Mapping[str, object]) -> Prepare:
    """What makes the jobs of the command for a service: `--count` of them, each with a name and a scope of its own."""
    from kirin_cli.run.prepare import PrepareOptions, make_job, prepare_new_jobs

    target = parse_output(flags.output, replace=flags.force)
    stem = f"{model.command}-{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
    scope = secrets.token_hex(16)

    def prepare(session: Session) -> PreparedRun:
        choices = PrepareOptions(origin=session.origin, scope=scope)
        jobs = []
        for number in range(1, flags.count + 1):
            suffix = f"-{number}" if number > 1 else ""
            numbered = target if "{job}" in target.template else replace(
                target, template=target.template.replace(".{ext}", f"{suffix}.{{ext}}")
            )  # fmt: skip
            jobs.append(make_job(model, values, name=stem + suffix, target=numbered, choices=choices))
        return prepare_new_jobs(jobs, session.find_entry, time.time())

    return prepare


COMMON = tuple(field.name for field in fields(ModelFlags))


def model_command(model: Model) -> Callable[..., int]:
    """The function behind the model's command, with a flag for every parameter."""

    def generate(**values: object) -> int:
        common = ModelFlags(**{name: values.pop(name) for name in COMMON})  # type: ignore[arg-type]
        # What only a call needs: help is drawn without it.

        return run_model_command(model, common, values)

    first, *further = dataclass_parameters(ModelFlags)
    return with_signature(generate, [first, *parameters(model), *further], model.help)
