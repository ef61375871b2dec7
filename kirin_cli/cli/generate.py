"""The model commands: one generation from flags. Built from the spec; no model is named here."""

import os
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import partial
from inspect import Parameter, Signature, signature
from pathlib import Path

from kirin_cli import media
from kirin_cli.cli import preview
from kirin_cli.cli.console import Talk, talk
from kirin_cli.cli.execute import Options, Prepare, execute
from kirin_cli.cli.flags import Typed, flag_at, missing_flag, parameters, typed
from kirin_cli.cli.given import Given
from kirin_cli.cli.settings import Settings, dollars, seconds, settings
from kirin_cli.cli.start import Start, prompt_text, start_from
from kirin_cli.jobs.job import Job as WrittenJob
from kirin_cli.jobs.job import Output
from kirin_cli.jobs.naming import DEFAULT_TEMPLATE
from kirin_cli.run.batch import Limits
from kirin_cli.run.checking import CheckedJob
from kirin_cli.run.findings import Finding
from kirin_cli.run.preparing import Choices, EntryOf, Prepared, prepare
from kirin_cli.spec.medium import Kind, Medium
from kirin_cli.spec.model import Model
from kirin_cli.spec.problem import Problem

COMMON = tuple(field.name for field in fields(Given))
VIDEO_SUFFIXES = (".mp4", ".mov")


def command(model: Model) -> Callable[..., int]:
    """The function behind the model's command, with a flag for every parameter."""

    def generate(**values: object) -> int:
        common = Given(**{name: values.pop(name) for name in COMMON})  # type: ignore[arg-type]
        return _generate(model, common, values)

    first, *common = _keywords()
    asked = [first, *parameters(model), *common]
    generate.__signature__ = Signature(asked, return_annotation=int)  # type: ignore[attr-defined]
    generate.__annotations__ = {one.name: one.annotation for one in asked}
    generate.__doc__ = model.help
    return generate


def _keywords() -> list[Parameter]:
    return [one.replace(kind=Parameter.KEYWORD_ONLY) for one in signature(Given, eval_str=True).parameters.values()]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A model command as far as it is understood: values to send, and what was found."""

    model: Model
    given: Given
    typed: Typed
    values: Mapping[str, object]
    findings: tuple[Finding, ...]

    @property
    def refused(self) -> bool:
        return any(self.given.strict or finding.severity == "error" for finding in self.findings)


def _generate(model: Model, given: Given, values: Mapping[str, object]) -> int:
    voice = talk(color=given.color, progress=given.progress, quiet=given.quiet)
    setting = settings(os.environ, base_url=given.base_url, api_key_file=given.api_key_file)
    asked = _understand(model, given, values)
    voice.findings(asked.findings)
    if asked.refused:
        return 2
    if given.to_yaml or given.dry_run:
        return _show(asked, setting, voice)
    options = Options(
        settings=setting, sandbox=given.sandbox, json=given.json, waits=given.wait,
        limits=Limits(10, seconds(given.timeout, "--timeout"), dollars(given.max_cost)), resume="kirin resume",
    )  # fmt: skip
    return execute(_preparer(asked), options, voice)


def _understand(model: Model, given: Given, values: Mapping[str, object]) -> _Asked:
    start = start_from(model, given)
    prompt = prompt_text(given, values.get("p_prompt"))
    said = typed(model, {**values, "p_prompt": prompt}, start.params, absolute=start.job is not None)
    checked = model.check(said.params, partial(_look, start.job.base if start.job else Path()))
    findings = tuple(_finding(model, said, start, problem) for problem in checked.problems)
    return _Asked(model, given, said, checked.values, findings)


def _look(base: Path, given: str, kind: Kind) -> Medium:
    return media.look(given, kind, base)


def _finding(model: Model, said: Typed, start: Start, problem: Problem) -> Finding:
    about = {"message": problem.message, "severity": problem.severity, "rule": problem.rule, "path": problem.path}
    flag = flag_at(said.origins, problem.path)
    if not flag and start.job is not None:
        line, column = start.job.spot(problem.path)
        return Finding(**about, file=str(start.job.file), line=line, column=column)  # type: ignore[arg-type]
    return Finding(**about, flag=flag or missing_flag(model, problem.path))  # type: ignore[arg-type]


def _show(asked: _Asked, setting: Settings, voice: Talk) -> int:
    if asked.given.to_yaml:
        voice.data(preview.as_yaml(asked.model, asked.typed.params))
        return 0
    shown = preview.request(asked.model, asked.values, setting, full=asked.given.full)
    voice.data(preview.as_json(shown) if asked.given.json else preview.as_curl(shown))
    voice.note("nothing was sent; a real submission also carries an external_task_id, so that it is never paid twice")
    return 0


def _preparer(asked: _Asked) -> Prepare:
    folder, template = _destination(asked.given.output)
    stem = f"{asked.model.command}-{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"

    def ready(origin: str, entry_of: EntryOf) -> Prepared:
        choices = Choices(origin=origin, scope=secrets.token_hex(16), folder=folder, replace=asked.given.force)
        numbers = range(1, asked.given.count + 1)
        return prepare([_one_of(asked, stem, template, number) for number in numbers], choices, entry_of)

    return ready


def _one_of(asked: _Asked, stem: str, template: str, number: int) -> CheckedJob:
    """The n-th of `--count`: a job of its own, because each has a name of its own."""
    suffix = f"-{number}" if number > 1 else ""
    name = template.replace(".{ext}", f"{suffix}.{{ext}}") if "{job}" not in template else template
    job = WrittenJob(
        name=stem + suffix, model=asked.model.id, params=asked.typed.params, file=Path(), line=0, column=0,
        output=Output(name=name),
    )  # fmt: skip
    return CheckedJob(job, asked.model, asked.values, ())


def _destination(output: Path | None) -> tuple[Path, str]:
    """Folder and name template of `-o`: a name that ends like a video is a file, anything else a folder."""
    if output is None:
        return Path(), DEFAULT_TEMPLATE
    if output.suffix.lower() in VIDEO_SUFFIXES and not output.is_dir():
        return output.parent, output.stem.replace("{", "_").replace("}", "_") + ".{ext}"
    return output, DEFAULT_TEMPLATE
