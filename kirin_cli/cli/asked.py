"""What a model command was asked: understood, checked, and shown or sent. No model is named here."""

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from kirin_cli.cli import preview
from kirin_cli.cli.console import Talk, talk
from kirin_cli.cli.flags import Typed, flag_at, missing_flag, typed
from kirin_cli.cli.given import Given
from kirin_cli.cli.looks import LookIn, looker
from kirin_cli.cli.settings import Settings, settings
from kirin_cli.cli.start import Start, prompt_text, start_from
from kirin_cli.errors import UsageError
from kirin_cli.spec.medium import Kind, Medium
from kirin_cli.spec.model import Checked, Model
from kirin_cli.spec.problem import Problem
from kirin_cli.spec.record import Record

if TYPE_CHECKING:
    from kirin_cli.run.findings import Finding


class Asked(Record):
    """A model command as far as it is understood: values to send, and what was found."""

    model: Model
    given: Given
    typed: Typed
    values: Mapping[str, object]
    findings: "tuple[Finding, ...]"

    @property
    def refused(self) -> bool:
        """Whether anything forbids sending."""
        return any(self.given.strict or finding.severity == "error" for finding in self.findings)


def answer(model: Model, given: Given, values: Mapping[str, object]) -> int:
    """Do what the flags say, and return the exit code. Raises the tree of errors."""
    voice = talk(color=given.color, progress=given.progress, quiet=given.quiet)
    setting = settings(os.environ, base_url=given.base_url, api_key_file=given.api_key_file, profile=given.profile)
    asked = _understand(model, given, values, looker(uploads=bool(setting.upload_url) or given.sandbox))
    voice.findings(asked.findings)
    if asked.refused:
        from kirin_cli.cli.publish import reports  # noqa: PLC0415  (only where nothing is sent)

        taken = given.json or given.jsonl or bool(given.template)
        return reports(given.report, json=taken).refused(asked.findings, voice)
    if given.to_yaml or given.dry_run:
        return _show(asked, setting, voice)
    from kirin_cli.cli.sending import send  # noqa: PLC0415  (network and ledger, only where something is sent)

    return send(asked, setting, voice)


def _understand(model: Model, given: Given, values: Mapping[str, object], look: LookIn) -> Asked:
    start = start_from(model, given)
    prompt = prompt_text(given, values.get("p_prompt"))
    said = typed(model, {**values, "p_prompt": prompt}, start.params, absolute=start.job is not None)
    base = start.job.base if start.job else Path()
    checked = (
        _online(model, said, base, look) if given.check_urls else model.check(said.params, partial(_look, look, base))
    )
    findings = tuple(_finding(model, said, start, problem) for problem in checked.problems)
    return Asked(model, given, said, checked.values, findings)


def _online(model: Model, said: Typed, base: Path, look: LookIn) -> Checked:
    from kirin_cli.run.probing import check_online, open_prober  # noqa: PLC0415  (HTTP, only with --check-urls)

    with open_prober(os.environ, look) as looking:
        return check_online(model, said.params, base, looking)


def _look(look: LookIn, base: Path, given: str, kind: Kind) -> Medium:
    return look(given, kind, base)


def _finding(model: Model, said: Typed, start: Start, problem: Problem) -> "Finding":
    from kirin_cli.run.findings import Finding  # noqa: PLC0415  (only where there are problems)

    about = {"message": problem.message, "severity": problem.severity, "rule": problem.rule, "path": problem.path}
    flag = flag_at(said.origins, problem.path)
    if not flag and start.job is not None:
        line, column = start.job.spot(problem.path)
        return Finding(**about, file=str(start.job.file), line=line, column=column)  # type: ignore[arg-type]
    return Finding(**about, flag=flag or missing_flag(model, problem.path))  # type: ignore[arg-type]


def _show(asked: Asked, setting: Settings, voice: Talk) -> int:
    if asked.given.jsonl or asked.given.template:
        raise UsageError("--jsonl and --format print what was made; --dry-run and --to-yaml make nothing")
    if asked.given.to_yaml:
        voice.data(preview.as_yaml(asked.model, asked.typed.params))
        return 0
    shown = preview.request(asked.model, asked.values, setting, full=asked.given.full)
    voice.data(preview.as_json(shown) if asked.given.json else preview.as_curl(shown))
    voice.note("nothing was sent; a real submission also carries an external_task_id, so that it is never paid twice")
    return 0
