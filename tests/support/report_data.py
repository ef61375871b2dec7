"""What the tests of the report room share: runs as plain data, and text that means harm."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from kirin_cli.cli.reports import sanitize
from kirin_cli.models import MODELS
from kirin_cli.report import FORMATS
from kirin_cli.report.parser import ReportParser
from kirin_cli.report.report import Report
from kirin_cli.run.job import Job, OutputFile, OutputTarget
from kirin_cli.run.outputs import write_sidecar

GITLAB_ATTACHMENT = re.compile(r"\[\[ATTACHMENT\|(?P<path>[^\[\]|]+?)\]\]")
"""The expression of GitLab's parser (lib/gitlab/ci/parsers/test/junit.rb)."""
BEGIN = "2026-11-20T09:00:00.000+00:00"
END = "2026-11-20T09:01:40.000+00:00"
TIMES = {
    "intended": BEGIN, "submitted": "2026-11-20T09:00:10.000+00:00", "accepted": "2026-11-20T09:00:11.000+00:00",
    "generated": "2026-11-20T09:00:50.000+00:00", "fetched": "2026-11-20T09:00:52.500+00:00",
}  # fmt: skip
ERROR = {"code": "C7", "message": "failed: no", "hint": "try again", "retry_safe": True, "charged": "no"}

HOSTILE = (
    "\x1b[31mred\x1b]0;title\x07\x9b2J\rbell\x07",  # fault H1
    "abc\u202edcba\u2066x",  # fault H1: bidi
    "[/x][link=file:///etc/passwd]y[/link] :smile: :+1:",  # fault H2
    "\n::error file=x,line=1::owned\n##vso[task.setvariable variable=x]owned\n##[error]owned",  # fault H3
    "</script><script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)> ' onmouseover='x",
    "]]> <![CDATA[ &lt; &amp; <!-- --> <?x ?>",
    "| a | b |\n|---|\n# head\n> quote\n- list\n```\ncode\n```",
    "**bold** _it_ ~~no~~ `code` [link](http://evil.example) ![i](http://evil.example/i.png) <b>b</b>",
    "@team #12 https://evil.example www.evil.example a@evil.example",
    "name<<EOF\nvalue\nEOF\nexit_code=0",
    "100% \x00 \ud800 \ufffe \uffff \U000e0001",
    "javascript:alert(1)",
    "../../../etc/passwd",
)


def job(name: str = "harbour", **facts: object) -> dict[str, object]:
    """A job that is done, unless the facts say otherwise."""
    return {
        "name": name, "model": "kirin_v1_t2v", "state": "done", "task_id": f"task-{name}",
        "external_task_id": f"krn1-{name}", "cost_usd": "0.28", "outputs": [output(f"renders/{name}.mp4")],
        "error": None, "reason": None, "take": 1, "file": "jobs.yaml", "line": 4, "column": 5,
        "prompt": "Neon rain", "params": {"prompt": "Neon rain", "mode": "std", "image": {"sha256": "ab" * 32}},
        "times": dict(TIMES), **facts,
    }  # fmt: skip


def output(path: str, **facts: object) -> dict[str, object]:
    """A video of a result."""
    return {"type": "video", "path": path, "url": "https://x/y", "bytes": 4, "sha256": "00", "duration": "5", **facts}


def run(*jobs: Mapping[str, object], **facts: object) -> dict[str, object]:
    """A run of these jobs."""
    return {
        "run_id": "abc123", "exit_code": 0, "totals": {}, "jobs": list(jobs), "problems": [], "started_at": BEGIN,
        "ended_at": END, "shard": None, "kirin_version": "0.1.0", **facts,
    }  # fmt: skip


def report(*jobs: Mapping[str, object], folder: Path = Path(), **facts: object) -> Report:
    """The same as the formats get it."""
    return ReportParser(sanitize).report(run(*jobs, **facts), folder)


def text(name: str, *jobs: Mapping[str, object], folder: Path = Path(), **facts: object) -> str:
    """The same in a format."""
    return FORMATS[name].render(report(*jobs, folder=folder, **facts))


def hostile(evil: str) -> dict[str, object]:
    """A run that has the text wherever text can stand."""
    error = {**ERROR, "code": evil, "message": evil, "hint": evil, "charged": "maybe"}
    path = evil.replace("\0", "").replace("/", "_")
    bad = job(
        evil, model=evil, state="failed", task_id=evil, external_task_id=evil, error=error, file=evil, prompt=evil,
        params={evil: evil, "list": [evil], "prompt": evil}, reason=evil,
        outputs=[output(path, type=evil, duration=evil)], tags=[evil], scope=evil,
        inputs=[{"param": evil, "path": f"{path.encode('ascii', 'ignore').decode()}.png", "bytes": 4, "sha256": evil}],
    )  # fmt: skip
    problem = dict.fromkeys(("severity", "message", "hint", "rule", "job", "file"), evil) | {"line": 1, "column": 2}
    return run(bad, job("good"), run_id=evil, problems=[problem], kirin_version=evil)


PROBLEM = {
    "severity": "error", "message": "cfg_scale is 7", "rule": "T4", "path": "cfg_scale", "job": "a", "file": "j.yaml",
    "line": 5, "column": 9, "row": 0, "via": "",
}  # fmt: skip


def check(*problems: Mapping[str, object], **facts: object) -> dict[str, object]:
    """What `kirin validate` finds in a file with the jobs `a` and `b`: these problems, and no other."""
    jobs = [
        {
            "name": name, "model": "kirin_v1_t2v", "file": "j.yaml", "line": line, "take": 1, "tags": [], "via": "",
            "errors": [one for one in problems if one["job"] == name and one["severity"] == "error"],
            "warnings": [one for one in problems if one["job"] == name and one["severity"] == "warning"],
        }
        for name, line in (("a", 4), ("b", 8))
    ]  # fmt: skip
    refused = any(one["severity"] == "error" for one in problems)
    return {
        "kind": "validate", "valid": not refused, "exit_code": 2 if refused else 0, "jobs": jobs, "errors": [],
        "warnings": [], "problems": list(problems), "kirin_version": "0.1.0", **facts,
    }  # fmt: skip


def planned_job(name: str = "harbour", **facts: object) -> dict[str, object]:
    """A job that would be sent."""
    return {
        "name": name, "model": "kirin_v1_t2v", "mode": "std", "duration": "10", "prompt": "Neon rain",
        "action": "send", "reason": "it is new", "path": f"renders/{name}.mp4", "external_task_id": f"krn1-{name}",
        "take": 1, "file": "jobs.yaml", "line": 4, "column": 5, "cost_usd": "0.28", "price_detail": "2 earlier tasks",
        "seconds": 84.0, "request": {"model": "kirin_v1_t2v", "params": {"prompt": "Neon rain", "mode": "std"}},
        **facts,
    }  # fmt: skip


def plan(*jobs: Mapping[str, object], **facts: object) -> dict[str, object]:
    """What `kirin plan` says of these jobs."""
    return {
        "kind": "plan", "exit_code": 0, "jobs": list(jobs), "errors": [], "problems": [], "kirin_version": "0.1.0",
        "totals": {"send": len(jobs), "cost_usd": "0.28", "seconds": 84.0}, "shard": None, **facts,
    }  # fmt: skip


def read(data: Mapping[str, object]) -> Report:
    """A result of any kind as the formats get it."""
    return ReportParser(sanitize).report(data, Path())


def hostile_check(evil: str) -> dict[str, object]:
    """A check that has the text wherever text can stand."""
    texts = dict.fromkeys(("message", "rule", "path", "file", "via", "hint"), evil)
    problem = {**PROBLEM, **texts, "job": "a"}
    return check(problem, {**problem, "severity": "warning"}, {**problem, "job": evil, "line": 7}, kirin_version=evil)


def hostile_plan(evil: str) -> dict[str, object]:
    """A plan that has the text wherever text can stand."""
    names = ("name", "model", "mode", "duration", "prompt", "action", "reason", "path", "file", "price_detail")
    bad = planned_job(**dict.fromkeys(names, evil), request={"params": {evil: evil, "mode": evil}})
    return plan(bad, planned_job("good"), problems=[{**PROBLEM, "message": evil, "severity": "warning"}])


def wrote(path: Path, data: object) -> Path:
    """A file with the data as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data))
    return path


def noted(folder: Path, name: str = "harbour") -> Job:
    """A video of four bytes with its sidecar, as a run leaves them."""
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.mp4").write_bytes(b"abcd")
    request = json.dumps({"model": "kirin_v1_t2v", "params": {"prompt": "Neon rain"}})
    made = Job(
        name=name, label=name, model=MODELS["kirin_v1_t2v"], values={}, request=request, external_id=f"krn1-{name}",
        target=OutputTarget(folder, "{job}.{ext}"),
    )  # fmt: skip
    outputs = (OutputFile(type="video", url="https://x/y", path=folder / f"{name}.mp4", bytes=4, sha256="00"),)
    times = {"submitted": "2026-11-20T09:00:10.000+00:00"}
    write_sidecar(made, "https://x", {"files": 1, "task_id": "t1", "cost_usd": "0.28", "times": times}, outputs)
    return made
