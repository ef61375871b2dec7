"""Progress for programs."""

import io
import json
from decimal import Decimal

from kirin_cli.cli.console import make_progress
from kirin_cli.run.events import Accepted, JobEnded, Notice, Progressed
from kirin_cli.ui.console import OutputStreams
from kirin_cli.ui.progress import event_json


def test_one_object_per_line_with_every_field_of_the_event():
    err = io.StringIO()
    with make_progress("json", OutputStreams(None, err, {}), lambda: 0.0, 2) as progress:
        progress(Accepted(job="harbour", at=1.5, task_id="d758"))
        progress(JobEnded(job="harbour", at=2.0, state="done", paths=("a.mp4",), cost=Decimal("0.28")))
        progress.tick()
    assert list(map(json.loads, err.getvalue().splitlines())) == [
        {"type": "accepted", "job": "harbour", "at": 1.5, "task_id": "d758", "adopted": False},
        {
            "type": "ended", "job": "harbour", "at": 2.0, "state": "done", "paths": ["a.mp4"], "cost": "0.28",
            "reason": "",
        },
    ]  # fmt: skip


def test_sums_never_turn_into_exponents():
    assert json.loads(event_json(JobEnded(job="", at=0, state="done", cost=Decimal("1E+2"))))["cost"] == "100"


def test_numbers_that_are_not_finite_are_null():
    assert json.loads(event_json(Progressed(job="", at=0, status="s", progress=float("nan"))))["progress"] is None


def test_H1_H3_the_line_is_plain_ascii_and_no_command_and_yet_says_exactly_what_it_was_given():
    text = "::error::\x1b]0;x\x07\u202e\r\n##vso[x]###[y]\ud800港"
    line = event_json(Notice(job=text, at=0, text=text))
    assert line.isascii()
    assert line.isprintable()
    assert "##" not in line
    assert json.loads(line)["text"] == text
