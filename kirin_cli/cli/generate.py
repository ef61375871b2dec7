"""The model commands: prompt, check, and the request shown or sent. No model is named here."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kirin_cli.cli.command_line import current_command_line
from kirin_cli.cli.flags import fill_record, flag_parameters
from kirin_cli.cli.model_command import (
    ModelFlags,
    ParsedFlags,
    flag_for_problem,
    flag_parameter,
    flag_that_sets,
    flag_without_its_list,
    id_problems,
    parse_extra_params,
    parse_flags,
)
from kirin_cli.cli.one_off import OneOff, make_prepare, prompt_of
from kirin_cli.cli.parameters import Command
from kirin_cli.cli.start_job import StartJob, read_start_job, unusable_inputs
from kirin_cli.errors import UsageError
from kirin_cli.models import explain_unknown
from kirin_cli.modelspec.flags import model_flags
from kirin_cli.regular_file import read_standard_input
from kirin_cli.shell_words import quote_word
from kirin_cli.text_encoding import decode_text

if TYPE_CHECKING:
    from kirin_cli.cli.console import CommandConsole
    from kirin_cli.cli.settings import Settings
    from kirin_cli.jobs.job import JobSpec
    from kirin_cli.media import MediaInspector
    from kirin_cli.modelspec.model import CheckResult, Model
    from kirin_cli.modelspec.types import Finding, Problem

PROMPT: Final = "prompt"
PROMPT_FLAGS: Final = (PROMPT, "prompt_file")
"""What only the command of a model that has a prompt takes."""
MAX_PROMPT_BYTES: Final = 1 << 20
NO_START: Final = StartJob(params={})


def model_command(model: Model) -> Command:
    """The model's command, with a flag for every parameter."""
    takes_prompt = PROMPT in model.names
    no_prompt = {} if takes_prompt else dict.fromkeys(PROMPT_FLAGS)

    def fill_and_run(**values: object) -> int:
        return run_model_command(model, fill_record(ModelFlags, {**no_prompt, **values}), values)

    prompt, *further = flag_parameters(ModelFlags)
    if not takes_prompt:
        further = [parameter for parameter in further if parameter.name not in PROMPT_FLAGS]
    first = [prompt] if takes_prompt else []
    parameters = (*first, *map(flag_parameter, model_flags(model)), *further)
    return Command(parameters, fill_and_run, model.help, tuple(model.examples))


def run_model_command(
    model: Model, flags: ModelFlags, values: Mapping[str, object], start: StartJob | None = None,
    settings: Settings | None = None,
) -> int:  # fmt: skip
    """Do what the flags say; returns the exit code. `values` has those of the model's own flags, by parameter name.

    They go over what `start` or --file holds; `settings` are read where none are given. Raises the tree of errors.
    """
    from kirin_cli.media import make_inspector
    from kirin_cli.modelspec.notes import cost_lines

    console = flags.display.console()
    settings = settings or flags.service.load_settings()  # once: a file with a key may be a pipe
    start = read_start_job(model, flags.file, flags.allow_env) if flags.file else start or NO_START
    prompt = read_prompt(model, flags, values.get("p_prompt"))
    _check_target(model, flags, start, prompt or "")
    values = {**values, **({"p_prompt": prompt} if PROMPT in model.names else {})}
    parsed = parse_flags(model, values, start.params, start.base, order=current_command_line().order)
    parsed.extra = parse_extra_params(model, flags.extra_params or (), start.extra_params)
    if unusable := start.fatal_findings or _unusable_findings(model, parsed):
        return _refuse(unusable, flags, console)
    inspect = make_inspector(uploads=bool(settings.upload_url) or flags.sandbox)
    result = _check(model, parsed, inspect, check_urls=flags.checks.check_urls)
    count = start.count if flags.count is None else flags.count
    further = [*_unchecked_problems(model, parsed.extra), *id_problems(result.values, count)]
    problems = (*result.problems, *further)
    findings = [*start.findings, *(_finding(model, parsed, start.spec, problem) for problem in problems)]
    if any(flags.checks.strict or finding.severity == "error" for finding in findings):
        return _refuse(findings, flags, console)
    console.findings(findings)
    values = {**result.values, **parsed.extra}
    if not flags.to_yaml:
        console.prose(*cost_lines([(model, result.values)]))
    if flags.dry_run and not flags.to_yaml:
        return _print_request(model, flags, values, settings, console)
    one_off = _one_off(model, flags, start, values, count)
    return _print_yaml(one_off, flags, parsed, console) if flags.to_yaml else _send(one_off, flags, settings, console)


def _check_target(model: Model, flags: ModelFlags, start: StartJob, prompt: str) -> None:
    """Raise UsageError where the video could not be written: a dry run refuses that too."""
    if flags.output is None:
        start.ensure_inside()
        return
    from kirin_cli.cli.output_path import parse_output

    parse_output(flags.output, replace=flags.force, prompt=prompt, results=(model.result,))


def _unchecked_problems(model: Model, extra: Mapping[str, object]) -> Iterator[Problem]:
    """A warning for each parameter that is sent unchecked, with what a stored spec says of it."""
    from kirin_cli.models import explain_extra
    from kirin_cli.modelspec.types import Problem

    for name, value in extra.items():
        message = "; ".join(filter(None, (f"{name} is sent as it is, unchecked", explain_extra(model.id, name, value))))
        yield Problem(f"extra_params.{name}", "A2", message, "warning")


def _one_off(model: Model, flags: ModelFlags, start: StartJob, values: Mapping[str, object], count: int) -> OneOff:
    """What is to be made of these checked values. Where -o says nothing, the file that it starts from may."""
    from kirin_cli.cli.job_files import allowed_secrets
    from kirin_cli.cli.output_path import parse_output
    from kirin_cli.run.job import OutputTarget

    if flags.output is None and start.output is not None:
        target = OutputTarget(start.output.dir or Path(), start.output.name, flags.force)
    else:
        target = parse_output(flags.output, replace=flags.force, prompt=prompt_of(values), results=(model.result,))
    return OneOff(
        model=model, values=values, count=count, target=target, again=flags.again,
        has_target=flags.output is not None or start.output is not None,
        secrets=tuple(allowed_secrets(flags.allow_env, os.environ).values()),
    )  # fmt: skip


def _refuse(findings: list[Finding], flags: ModelFlags, console: CommandConsole) -> int:
    """Say what is wrong, in reports too; nothing was sent."""
    from kirin_cli.cli.reports import parse_reports

    console.findings(findings, strict=flags.checks.strict)
    taken = flags.printing.json or flags.printing.jsonl or bool(flags.printing.template)
    return parse_reports(flags.report, json=taken).write_refused(findings, console)


def _unusable_findings(model: Model, parsed: ParsedFlags) -> list[Finding]:
    """What of an earlier request cannot be sent as it was, unless a flag gives something else."""
    from kirin_cli.modelspec.types import Finding

    findings = []
    for path, value in unusable_inputs(parsed.params):
        flag = flag_that_sets(model, path)
        as_now = f"; {flag} {quote_word(value)} takes it as it is now" if value.is_there else ""
        message = f"{path} {value.reason}; give another with {flag}{as_now}"
        findings.append(Finding(message=message, severity="error", path=path, flag=flag))
    for name, tree in parsed.extra.items():
        for path, value in unusable_inputs(tree, f"extra_params.{name}"):
            message = f"{path} {value.reason}; give another with --param {quote_word(f'{name}=')}"
            findings.append(Finding(message=message, severity="error", path=path, flag="--param"))
    return findings


def read_prompt(model: Model, flags: ModelFlags, flag: object) -> str | None:
    """The prompt, from wherever it comes. Raises UsageError for two, and for one that is of no use."""
    prompts = [prompt for prompt in (flags.prompt, flag, flags.prompt_file) if prompt is not None]
    if prompts and PROMPT not in model.names:
        raise UsageError(f"{model.id} takes no prompt", hint=f"kirin {model.command} --help")
    if len(prompts) > 1:
        raise UsageError("the prompt is given twice; use the argument, --prompt or --prompt-file")
    if flags.prompt_file is not None and str(flags.prompt_file) != "-":
        try:
            with flags.prompt_file.open("rb") as file:
                return _decode_prompt(file.read(MAX_PROMPT_BYTES + 1), str(flags.prompt_file))
        except OSError as error:
            raise UsageError(f"--prompt-file {flags.prompt_file} cannot be read: {error.strerror or error}") from error
    text = str(prompts[0]) if prompts else None
    if text != "-":
        return text
    try:
        return _decode_prompt(read_standard_input(MAX_PROMPT_BYTES + 1), "standard input")
    except OSError as error:
        raise UsageError(f"the prompt cannot be read from standard input: {error.strerror or error}") from error


def _decode_prompt(raw: bytes, source: str) -> str:
    """The text without its last line end. A prompt has at most 2500 characters; a megabyte is none."""
    if len(raw) > MAX_PROMPT_BYTES:
        raise UsageError(f"{source} holds more than {MAX_PROMPT_BYTES} bytes; that is no prompt")
    try:
        text = decode_text(raw)
    except UnicodeDecodeError as error:
        raise UsageError(f"{source} is not UTF-8 (byte {error.start})", hint="save it as UTF-8") from error
    return text.removesuffix("\n").removesuffix("\r")


def _check(model: Model, parsed: ParsedFlags, inspect: MediaInspector, *, check_urls: bool) -> CheckResult:
    if check_urls:
        from kirin_cli.run.check_online import check_online, make_prober

        with make_prober(os.environ, inspect) as prober:
            return check_online(model, parsed.params, parsed.base, prober)
    return model.check(parsed.params, lambda text, kind: inspect(text, kind, parsed.base))


def _finding(model: Model, parsed: ParsedFlags, job: JobSpec | None, problem: Problem) -> Finding:
    from kirin_cli.modelspec.types import Finding

    problem = explain_unknown(model, problem) if problem.rule == "A2" and problem.path in parsed.params else problem
    about = {"message": problem.message, "severity": problem.severity, "rule": problem.rule, "path": problem.path}
    flag, needed = flag_without_its_list(model, parsed, problem.path)
    if needed:
        about["message"] = f"{flag} needs {needed}"
    flag = flag or flag_for_problem(parsed.origins, problem.item or problem.path)
    if not flag and job is not None:
        line, column = job.position(problem.path)
        return Finding(**about, file=str(job.file), line=line, column=column)  # type: ignore[arg-type]
    return Finding(**about, flag=flag or flag_that_sets(model, problem.path))  # type: ignore[arg-type]


def _print_yaml(one_off: OneOff, flags: ModelFlags, parsed: ParsedFlags, console: CommandConsole) -> int:
    from kirin_cli.cli.job_yaml import job_yaml, rebase_media

    _refuse_rows(flags)
    target = one_off.target if one_off.has_target else None
    params = parsed.params if parsed.base == Path() else rebase_media(parsed.params, one_off.values, parsed.base)
    console.data(job_yaml(one_off.model, params, parsed.extra, target=target, count=one_off.count))
    return 0


def _refuse_rows(flags: ModelFlags) -> None:
    if flags.printing.jsonl or flags.printing.template:
        raise UsageError("--jsonl and --format print what was made; --dry-run and --to-yaml make nothing")


def _print_request(
    model: Model, flags: ModelFlags, values: Mapping[str, object], settings: Settings, console: CommandConsole
) -> int:
    import json

    from kirin_cli.modelspec.notes import numbering_lines

    _refuse_rows(flags)
    request = request_data(model, values, settings, full=flags.full)
    console.data(json.dumps(request, indent=2, ensure_ascii=True) if flags.printing.json else request_curl(request))
    console.talk(*numbering_lines(model, values))
    console.info("nothing was sent; a real submission also carries an external_task_id, so that it is never paid twice")
    return 0


def request_data(model: Model, values: Mapping[str, object], settings: Settings, *, full: bool) -> dict[str, object]:
    """The request as data; the key never, Base64 only with `full`."""
    from kirin_cli.media.request_body import elide, expand
    from kirin_cli.wire import CREATE_PATH, DIALECTS

    body = DIALECTS[settings.dialect].build_body(model, values)
    return {
        "method": "POST",
        "url": settings.base_url.rstrip("/") + CREATE_PATH,
        "headers": {"Authorization": "Bearer ***", "Content-Type": "application/json"},
        "body": expand(body) if full else elide(body),
    }


def request_curl(request: Mapping[str, object]) -> str:
    """The request as a command for a POSIX shell, with $KIRIN_API_KEY for the key."""
    import json

    body = shlex.quote(json.dumps(request["body"], ensure_ascii=False))
    headers = '-H "Authorization: Bearer $KIRIN_API_KEY" -H "Content-Type: application/json"'
    return f"curl -X POST {shlex.quote(str(request['url']))} \\\n  {headers} \\\n  -d {body}"


def _send(one_off: OneOff, flags: ModelFlags, settings: Settings, console: CommandConsole) -> int:
    """Submit, wait for the videos and fetch them; returns the exit code. Raises the tree of errors."""
    from kirin_cli.cli.reports import parse_reports
    from kirin_cli.cli.runner import ExecuteOptions, execute, job_output_format, run_options

    output = job_output_format(flags.printing)
    options = ExecuteOptions(
        settings=settings, sandbox=flags.sandbox, output=output, view=flags.view, wait=flags.wait,
        reports=parse_reports(flags.report, json=output.for_programs), is_one_off=True,
        limits=run_options(flags.timeout, flags.max_cost, assume_cost=flags.assume_cost, sandbox=flags.sandbox),
    )  # fmt: skip
    return execute(make_prepare(one_off, console), options, console)
