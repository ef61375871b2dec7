"""JUnit XML that GitHub's, GitLab's and Jenkins' readers read alike. Knows none of them by name.

What they need: names that are unique within their class, file and line on the case, text both in `message` and in the
body of what went wrong, and no character that XML 1.0 does not have. The files of a result are attachments, written in
the way that both Jenkins and GitLab look for.
"""

import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from kirin_cli.report.report import CHARGED, VALID, Report, ReportJob, ReportProblem

FAILED: Final = frozenset({"failed", "rejected"})
PASSED: Final = frozenset({"done", VALID, "send"})
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NO_CLASS: Final = re.compile(r"[^\w-]+")


def render(report: Report) -> str:
    """The document: a suite for each job file, a case for each job and for each problem of none of them."""
    suites: dict[str, list[ReportJob | ReportProblem]] = {}
    told = {(problem.message, problem.line, problem.column) for job in report.jobs for problem in job.problems}
    apart = [problem for problem in report.problems if (problem.message, problem.line, problem.column) not in told]
    cases: list[ReportJob | ReportProblem] = [*apart, *report.jobs]
    for item in cases:
        suites.setdefault(item.file, []).append(item)
    root = Element("testsuites", name="kirin")
    names: Counter[tuple[str, str]] = Counter()
    for file, items in suites.items():
        suite = SubElement(root, "testsuite", name=_xml(file or "kirin"))
        if report.started:
            suite.set("timestamp", datetime.fromtimestamp(report.started, UTC).strftime("%Y-%m-%dT%H:%M:%S"))
        for item in items:
            _add_case(suite, item, names)
        _count_cases(suite)
    _count_cases(root)
    indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode")


def _add_case(suite: Element, item: ReportJob | ReportProblem, names: Counter[tuple[str, str]]) -> None:
    class_name, name = _names(item)
    names[class_name, name] += 1
    number = names[class_name, name]
    case = SubElement(suite, "testcase", classname=class_name, name=f"{name} #{number}" if number > 1 else name)
    for attribute, value in (("file", item.file), ("line", str(item.line or ""))):
        if value:
            case.set(attribute, _xml(value))
    if isinstance(item, ReportJob):
        _describe_job(case, item)
    else:
        case.set("time", "0.000")
        tag = "skipped" if item.severity == "warning" else "error"
        _add_result(case, tag, item.rule or item.severity, item.message, item.hint, _position_line(item))


def _names(item: ReportJob | ReportProblem) -> tuple[str, str]:
    """The class and the name of a case."""
    path = PurePath(item.file)
    folders = [_NO_CLASS.sub("_", name).strip("_") for name in (*path.parts[:-1], path.stem)]
    class_name = ".".join(filter(None, folders))
    if isinstance(item, ReportProblem):
        return class_name or "kirin.run", _xml(f"{item.job or 'file'}: {item.message[:80]}")
    take = f" (take {item.take})" if item.take > 1 else ""
    name = _xml(" ".join((item.name or item.external_id or item.task_id or "job").split()) + take)
    return class_name or f"kirin.{_NO_CLASS.sub('_', item.model) or 'run'}", name


def _describe_job(case: Element, job: ReportJob) -> None:
    case.set("time", f"{job.seconds or 0:.3f}")
    facts = {
        "state": job.state, "model": job.model, "cost_usd": "" if job.cost is None else str(job.cost),
        "task_id": job.task_id, "external_task_id": job.external_id, "prompt": job.prompt, "reason": job.reason,
        "mode": job.mode, "duration": job.duration, "path": job.path, "price_from": job.price_detail,
        "likely_seconds": "" if job.likely_seconds is None else f"{job.likely_seconds:.0f}",
    }  # fmt: skip
    properties = SubElement(case, "properties")
    for name, value in facts.items():
        if value:
            SubElement(properties, "property", name=name, value=_xml(value))
    if failure := job.failure:
        tag = "failure" if job.state in FAILED else "error"
        task = f"task {job.task_id}" if job.task_id else ""
        charged = CHARGED.get(failure.charged, "")
        _add_result(case, tag, failure.code or job.state, failure.message, failure.hint, charged, task)
    elif errors := [problem for problem in job.problems if problem.severity != "warning"]:
        lines = [f"{_position_line(problem)}: {problem.severity}: {problem.text}" for problem in job.problems]
        failed = SubElement(case, "failure", message=_xml(errors[0].message), type=_xml(errors[0].rule or "error"))
        failed.text = _xml("\n".join(lines))
    elif job.state not in PASSED:
        _add_result(case, "skipped", job.state, job.reason or job.state)
    paths = [path for path in (str(file.path) for file in job.files) if path.isprintable() and "]]" not in path]
    lines = [f"[[ATTACHMENT|{path}]]" for path in paths]
    if not failure and job.state == VALID:
        lines += [f"{_position_line(problem)}: warning: {problem.text}" for problem in job.problems]
    if lines:
        SubElement(case, "system-out").text = _xml("\n".join(lines))


def _position_line(item: ReportProblem) -> str:
    return f"{item.file}{item.line_column}"


def _add_result(case: Element, tag: str, kind: str, *texts: str) -> None:
    lines = list(filter(None, texts)) or [kind]
    SubElement(case, tag, message=_xml(lines[0]), type=_xml(kind)).text = _xml("\n".join(lines))


def _count_cases(element: Element) -> None:
    element.set("tests", str(len(list(element.iter("testcase")))))
    for plural, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(plural, str(len(list(element.iter(tag)))))
    element.set("time", f"{sum(float(case.get('time', 0)) for case in element.iter('testcase')):.3f}")


def _xml(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
