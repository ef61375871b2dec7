"""JUnit XML that GitHub's, GitLab's and Jenkins' readers read alike. Knows none of them by name.

What they need: names that are unique within their class, file and line on the case, text both in `message` and in the
body of what went wrong, and no character that XML 1.0 does not have. The files of a result are attachments, written in
the way that both Jenkins and GitLab look for.
"""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from kirin_cli.report.report import Report, ReportJob, ReportProblem

FAILED: Final = frozenset({"failed", "rejected"})
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NO_CLASS: Final = re.compile(r"[^\w-]+")


def render(report: Report) -> str:
    """The document: a suite for each job file, a case for each job and for each problem."""
    suites: dict[str, list[ReportJob | ReportProblem]] = {}
    cases: list[ReportJob | ReportProblem] = [*report.problems, *report.jobs]
    for case in cases:
        suites.setdefault(case.file, []).append(case)
    root = Element("testsuites", name="kirin")
    names: Counter[tuple[str, str]] = Counter()
    for file, of_file in suites.items():
        suite = SubElement(root, "testsuite", name=_xml(file or "kirin"))
        if report.started:
            suite.set("timestamp", datetime.fromtimestamp(report.started, UTC).strftime("%Y-%m-%dT%H:%M:%S"))
        for case in of_file:
            _case(suite, case, names)
        _count(suite)
    _count(root)
    indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode")


def _case(suite: Element, one: ReportJob | ReportProblem, names: Counter[tuple[str, str]]) -> None:
    key = _class_of(one), _name_of(one)
    names[key] += 1
    name = f"{key[1]} #{names[key]}" if names[key] > 1 else key[1]
    case = SubElement(suite, "testcase", classname=key[0], name=name)
    places = {"file": one.file, "line": str(one.line or "")}
    case.attrib.update({place: _xml(value) for place, value in places.items() if value})
    if isinstance(one, ReportJob):
        _job(case, one)
    else:
        case.set("time", "0.000")
        _wrong(case, "skipped" if one.severity == "warning" else "error", one.rule or one.severity, _said(one))


def _class_of(one: ReportJob | ReportProblem) -> str:
    path = PurePath(one.file)
    parts = [_NO_CLASS.sub("_", part).strip("_") for part in (*path.parts[:-1], path.stem)]
    model = one.model if isinstance(one, ReportJob) else ""
    return ".".join(filter(None, parts)) or f"kirin.{_NO_CLASS.sub('_', model) or 'run'}"


def _name_of(one: ReportJob | ReportProblem) -> str:
    if isinstance(one, ReportProblem):
        return _xml(f"{one.job or 'file'}: {one.message[:80]}")
    take = f" (take {one.take})" if one.take > 1 else ""
    return _xml((one.name or one.external_id or one.task_id or "job") + take)


def _job(case: Element, job: ReportJob) -> None:
    case.set("time", f"{job.seconds or 0:.3f}")
    properties = SubElement(case, "properties")
    for name, value in _properties(job):
        SubElement(properties, "property", name=name, value=_xml(value))
    _verdict(case, job)
    paths = [path for path in (str(made.path) for made in job.files) if path.isprintable() and "]]" not in path]
    if paths:
        SubElement(case, "system-out").text = _xml("\n".join(f"[[ATTACHMENT|{path}]]" for path in paths))


def _properties(job: ReportJob) -> Iterator[tuple[str, str]]:
    facts = {
        "state": job.state, "model": job.model, "cost_usd": "" if job.cost is None else str(job.cost),
        "task_id": job.task_id, "external_task_id": job.external_id, "prompt": job.prompt,
    }  # fmt: skip
    yield from ((name, value) for name, value in facts.items() if value)


def _verdict(case: Element, job: ReportJob) -> None:
    trouble = job.failure
    if trouble is None:
        if job.state != "done":
            _wrong(case, "skipped", job.state, [job.reason or job.state])
        return
    charged = {"yes": "It was charged.", "maybe": "It may have been charged.", "no": "It was not charged."}
    task = f"task {job.task_id}" if job.task_id else ""
    said = [trouble.message, trouble.hint, charged.get(trouble.charged, ""), task]
    _wrong(case, "failure" if job.state in FAILED else "error", trouble.code or job.state, said)


def _said(problem: ReportProblem) -> list[str]:
    place = ":".join([problem.file, *(str(number) for number in (problem.line, problem.column) if number)])
    return [problem.message, problem.hint, place]


def _wrong(case: Element, tag: str, kind: str, said: list[str]) -> None:
    lines = list(filter(None, said)) or [kind]
    SubElement(case, tag, message=_xml(lines[0]), type=_xml(kind)).text = _xml("\n".join(lines))


def _count(element: Element) -> None:
    element.set("tests", str(len(list(element.iter("testcase")))))
    for plural, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(plural, str(len(list(element.iter(tag)))))
    element.set("time", f"{sum(float(case.get('time', 0)) for case in element.iter('testcase')):.3f}")


def _xml(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
