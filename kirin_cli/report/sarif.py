"""SARIF 2.1.0: what is wrong with job files, for code scanning. Knows no CI system.

It holds what GitHub and the validators of the format ask for: rules with texts, results with file, line and column,
addresses as URI references from the workspace on, and fingerprints that outlive a moved line.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import PurePath
from typing import Final
from urllib.parse import quote

from kirin_cli import REPOSITORY, __version__
from kirin_cli.json_text import escape_ci_commands
from kirin_cli.report.report import Report, ReportJob, ReportProblem, path_in_workspace

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
JOB_FILE: Final = "job-file"
"""The rule of what is wrong with the language of a job file rather than with a request."""
JOB_FAILED: Final = "job-failed"
MAX_RESULTS: Final = 5_000
"""GitHub shows so many of a run; it takes no more than 25,000."""
MAX_LOCATIONS: Final = 100
RULES_PAGE: Final = f"{REPOSITORY}/blob/main/kirin_cli/models/RULES.md"
JOB_FILES_PAGE: Final = f"{REPOSITORY}/blob/main/sample_jobs/README.md"
_OWN_RULES: Final = {
    JOB_FILE: "A job file must be one that kirin can read: see kirin help job-files",
    JOB_FAILED: "Every job must end with its video",
}
_RULE_ID: Final = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,39}")
_RULE_ROW: Final = re.compile(r"^\| ([A-Z]\d+) \| (.+) \| (?:E|W|–) \|$", re.MULTILINE)
SarifObject = dict[str, object]


def render(report: Report) -> str:
    """The document, in ASCII: a result for each problem and each job that failed."""
    items: list[ReportProblem | ReportJob] = [*report.problems, *(job for job in report.jobs if job.failure)]
    items = sorted(items, key=lambda item: isinstance(item, ReportProblem) and item.severity == "warning")[:MAX_RESULTS]
    texts = _rule_texts()
    ids = list(dict.fromkeys(map(_rule_id, items)))
    driver = {
        "name": "kirin", "informationUri": REPOSITORY, "version": __version__,
        "rules": [_rule(rule_id, texts.get(rule_id, f"Rule {rule_id} of a model")) for rule_id in ids],
    }  # fmt: skip
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": not report.exit_code, "exitCode": report.exit_code}],
        "results": [_result(item, ids, report) for item in items],
    }
    return escape_ci_commands(json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2))


def _rule_texts() -> Mapping[str, str]:
    """By id: what each rule asks for, as the page of rules says it."""
    page = files("kirin_cli.models").joinpath("RULES.md").read_text(encoding="utf-8")
    return {**dict(_RULE_ROW.findall(page)), **_OWN_RULES}


def _rule_id(item: ReportProblem | ReportJob) -> str:
    if isinstance(item, ReportJob):
        return JOB_FAILED
    return item.rule if _RULE_ID.fullmatch(item.rule) else JOB_FILE


def _rule(rule_id: str, text: str) -> SarifObject:
    plain, page = text.replace("`", "").replace("**", ""), JOB_FILES_PAGE if rule_id in _OWN_RULES else RULES_PAGE
    return {
        "id": rule_id, "shortDescription": {"text": plain}, "fullDescription": {"text": plain},
        "help": {"text": f"{plain}\n{page}", "markdown": f"{text}\n\n[More about it]({page})"},
        "helpUri": page, "properties": {"tags": ["job file"]},
    }  # fmt: skip


def _result(item: ReportProblem | ReportJob, ids: list[str], report: Report) -> SarifObject:
    rule_id, path = _rule_id(item), path_in_workspace(item.file, report.root)
    if isinstance(item, ReportProblem):
        level, hint, job, key = item.severity, item.hint, item.job, item.path
        text = replace(item, rule="").text
    else:
        failure = item.failure
        assert failure is not None  # noqa: S101  (the caller chose those that have one)
        level, hint, job, key, text = "error", failure.hint, item.name, "", failure.message
    job = " ".join(job.split())
    message = f"{f'{job}: ' if job else ''}{text}" + (f"\n{hint}" if hint else "")
    result: SarifObject = {
        "ruleId": rule_id, "ruleIndex": ids.index(rule_id), "level": "warning" if level == "warning" else "error",
        "message": {"text": message.replace("](", "] (")},  # `[text](address)` would be a link
        "partialFingerprints": {"kirin/v1": _fingerprint(path, rule_id, job, key, text)},
    }  # fmt: skip
    return result | ({"locations": list(_locations(item, path, job))} if path else {})


def _locations(item: ReportProblem | ReportJob, path: str, job: str) -> Iterator[SarifObject]:
    """Where it stands, and where the other rows of the table with the same problem do."""
    yield _location(item, path, job)
    for row in item.more_rows[:MAX_LOCATIONS] if isinstance(item, ReportProblem) else ():
        yield _location(replace(item, line=row, column=0), path, "")


def _location(item: ReportProblem | ReportJob, path: str, job: str) -> SarifObject:
    address = PurePath(path).as_uri() if PurePath(path).is_absolute() else quote(path, safe="/")
    region: SarifObject = {"startLine": max(1, item.line)}
    if item.line and item.column:
        region["startColumn"] = item.column
    location: SarifObject = {"physicalLocation": {"artifactLocation": {"uri": address}, "region": region}}
    return location | ({"logicalLocations": [{"name": job, "kind": "object"}]} if job else {})


def _fingerprint(*facts: str) -> str:
    """What stays the same when lines above are added or taken away."""
    return hashlib.sha256("\0".join(facts).encode("utf-8", "replace")).hexdigest()[:32]
