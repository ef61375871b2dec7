"""Progress as lines in a log, and in quiet."""

import io
from decimal import Decimal

import pytest

from kirin_cli.cli.console import make_progress
from kirin_cli.run.events import (
    Accepted,
    Downloading,
    Generated,
    JobEnded,
    Notice,
    Progressed,
    Queued,
    Retrying,
    Submitting,
)
from kirin_cli.ui.console import OutputStreams
from kirin_cli.ui.progress import HEARTBEAT_SECONDS, MAX_DETAILED_JOBS

JOB = {"job": "harbour", "at": 0.0}


class Run:
    def __init__(self, mode, total=2, **environ):
        self.now = 0.0
        self.err = io.StringIO()
        self.out = io.StringIO()
        self.progress = make_progress(mode, OutputStreams(self.out, self.err, environ), lambda: self.now, total)

    def __call__(self, *events):
        before = len(self.err.getvalue())
        for event in events:
            self.progress(event)
        return self.err.getvalue()[before:].splitlines()


@pytest.fixture
def run():
    return Run("plain")


def status(progress, word="in_progress"):
    return Progressed(**JOB, status=word, progress=progress)


def test_a_line_for_every_change_of_state(run):
    assert run(
        Queued(**JOB, model="kirin_v1_t2v"),
        Submitting(**JOB, external_task_id="kirin-1"),
        Accepted(**JOB, task_id="d758"),
        status(0.36),
        Generated(**JOB, cost=Decimal("0.28")),
        Downloading(**JOB, received=0, total=1_234_567),
        Downloading(**JOB, received=600_000, total=1_234_567),
        JobEnded(**JOB, state="done", paths=("renders/harbour.mp4",), cost=Decimal("0.28")),
    ) == [
        "harbour: sending as kirin-1",
        "harbour: accepted as d758",
        "harbour: in_progress",
        "harbour: completed ($0.28)",
        "harbour: downloading 1.2 MB",
        "harbour: done renders/harbour.mp4 ($0.28)",
    ]
    assert run.out.getvalue() == ""


def test_a_new_status_is_said_at_once_and_once_whatever_its_progress(run):
    said = run(
        status(None, "submitted"), status(None, "submitted"), status(0.01), status(0.9), status(float("nan"), "odd")
    )
    assert said == ["harbour: submitted", "harbour: in_progress", "harbour: odd"]


def test_a_request_that_leaves_again_is_no_new_state(run):
    send, retry = Submitting(**JOB, external_task_id="e"), Retrying(**JOB, what="submit", reason="refused", delay=1)
    assert run(send, retry, send, retry, send) == [
        "harbour: sending as e",
        "harbour: sending failed, again in 1 s: refused",
    ]


def whole_life(run, name):
    job = {"job": name, "at": 0.0}
    return run(
        Queued(**job, model="kirin_v1_t2v"),
        Submitting(**job, external_task_id="e"),
        Retrying(**job, what="submit", reason=f"HTTP 429 (request id {name})", delay=1),
        Accepted(**job, task_id=f"t-{name}"),
        Progressed(**job, status="submitted"),
        *(Progressed(**job, status="in_progress", progress=step / 10) for step in range(10)),
        Generated(**job, cost=Decimal("0.28")),
        Downloading(**job, received=0, total=1000),
        JobEnded(**job, state="done", paths=(f"{name}.mp4",), cost=Decimal("0.28")),
    )


def test_a_log_of_many_jobs_says_of_each_when_it_is_accepted_and_how_it_ends():
    run = Run("plain", total=MAX_DETAILED_JOBS + 1)
    first, *others = (whole_life(run, f"j{number}") for number in range(MAX_DETAILED_JOBS + 1))
    assert first[0] == "j0: sending failed, again in 1 s: HTTP 429 (request id j0)"
    assert others[-1] == [
        f"j{len(others)}: accepted as t-j{len(others)}",
        f"j{len(others)}: done j{len(others)}.mp4 ($0.28)",
    ]
    assert {len(lines) for lines in others} == {2}
    run.now += HEARTBEAT_SECONDS
    assert len(whole_life(run, "late")) == 3
    assert len(whole_life(Run("plain", total=MAX_DETAILED_JOBS), "j")) == 8


@pytest.mark.parametrize(
    ("ending", "line"),
    [
        ({"state": "failed", "reason": "out of memory"}, "harbour: failed: out of memory"),
        ({"state": "failed", "reason": "failed: out of memory"}, "harbour: failed: out of memory"),
        ({"state": "failed", "reason": "late", "cost": Decimal("0.28")}, "harbour: failed: late ($0.28)"),
        ({"state": "rejected", "reason": "no"}, "harbour: refused: no"),
        ({"state": "unknown"}, "harbour: outcome unknown"),
        ({"state": "skipped", "paths": ("a.mp4",), "cost": Decimal(1)}, "harbour: skipped a.mp4"),
        ({"state": "done", "paths": ("a.mp4", "b.mp4")}, "harbour: done a.mp4 b.mp4"),
    ],
)
def test_the_ends(run, ending, line):
    assert run(JobEnded(**JOB, **ending)) == [line]


def test_a_lost_answer_is_not_called_a_sending_that_is_repeated(run):
    lost = Retrying(**JOB, what="reconcile", reason="HTTP 502", delay=2)
    assert run(lost) == ["harbour: it is not known whether it was accepted; asking in 2 s: HTTP 502"]


def test_retries_and_notes(run):
    run(Accepted(**JOB, task_id="d758", adopted=True))
    retry = Retrying(**JOB, what="poll", reason="connection refused", delay=5)
    assert run(retry, retry, Notice(**JOB, text="odd status"), Notice(job="", at=0, text="ledger moved")) == [
        "harbour: a query failed, again in 5 s: connection refused",
        "harbour: odd status",
        "ledger moved",
    ]
    assert "accepted as d758 (the service had it already)" in run.err.getvalue()


def test_a_heartbeat_every_thirty_seconds(run):
    run(Accepted(**JOB, task_id="d758"), status(0.36))
    heard = []
    for second in range(95):
        run.now = second
        before = len(run.err.getvalue())
        run.progress.tick()
        heard += [(second, line) for line in run.err.getvalue()[before:].splitlines()]
    assert [second for second, _ in heard] == [30, 60, 90]
    assert heard[0][1] == "0 of 2 done, 1 running, 1 waiting in 0:30: harbour in_progress"


def test_the_heartbeat_says_when_all_will_have_ended(run):
    run(JobEnded(**JOB, state="done"), Accepted(job="cup", at=0, task_id="t"), status(0.1, "queued"))
    run(Progressed(job="cup", at=0, status="in_progress", progress=0.1))
    run.now = 30
    run(Progressed(job="cup", at=0, status="in_progress", progress=0.3))
    run.progress.tick()
    assert run.err.getvalue().splitlines()[-1] == "1 of 2 done, 1 running in 0:30, about 1:45 left: cup in_progress"


def test_the_heartbeat_of_many_jobs_stays_short():
    run = Run("plain", total=1000)
    run(*(Accepted(job=f"j{number}", at=0, task_id="t") for number in range(1000)))
    run.now = 30
    run.progress.tick()
    assert run.err.getvalue().splitlines()[-1].endswith("j0 accepted, j1 accepted, j2 accepted, 997 more")


def test_the_total_closes_the_log_of_several_jobs_once():
    for total, last in ((2, "1 of 2 done, 1 waiting in 0:00, $0.28"), (1, "harbour: done ($0.28)")):
        run = Run("plain", total)
        with run.progress:
            run(JobEnded(**JOB, state="done", cost=Decimal("0.28")))
        run.progress.close()
        assert run.err.getvalue().splitlines()[-1] == last
        assert len(run.err.getvalue().splitlines()) == total


def test_ends_are_coloured_where_colours_are_wanted():
    assert Run("plain", FORCE_COLOR="1")(JobEnded(**JOB, state="failed")) == ["\x1b[1;31mharbour: failed\x1b[0m"]


def test_quiet_says_nothing_but_errors():
    run = Run("quiet")
    with run.progress:
        run(Accepted(**JOB, task_id="d"), status(0.5), Notice(**JOB, text="n"), JobEnded(**JOB, state="done"))
        run(JobEnded(job="b", at=0, state="pending", reason="interrupted"))
        run.progress.tick()
        assert run.err.getvalue() == ""
        assert run(JobEnded(**JOB, state="expired", reason="404")) == [
            "harbour: paid, but the file could not be had: 404",
        ]


HOSTILE = "::error::\x1b]0;x\x07\u202e\r\n##vso[x][red]"


@pytest.mark.parametrize("mode", ["plain", "quiet"])
def test_H1_H2_H3_hostile_text_in_every_event(mode):
    run = Run(mode)
    job = {"job": HOSTILE, "at": 0.0}
    with run.progress:
        run(
            Queued(**job, model=HOSTILE),
            Submitting(**job, external_task_id=HOSTILE),
            Accepted(**job, task_id=HOSTILE),
            Progressed(**job, status=HOSTILE, progress=0.5),
            Retrying(**job, what="poll", reason=HOSTILE, delay=1),
        )
        run.now = 30
        run.progress.tick()
        run(
            JobEnded(**job, state="failed", paths=(HOSTILE,), reason=HOSTILE * 1000), Notice(job="", at=0, text=HOSTILE)
        )
    said = run.err.getvalue()
    assert not {"\x1b", "\x07", "\r", "\u202e"} & set(said)
    assert "##vso[" not in said
    assert not any(line.lstrip().startswith("::") for line in said.splitlines())
    assert max(map(len, said.splitlines())) <= 2000
    assert "[red]" in said
