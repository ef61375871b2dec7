"""What a job that did not end well says to do next: a command that exists, exact, and for nothing where it can be."""

import re
import shlex
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest

from kirin_cli.cli.commands import BY_NAME
from kirin_cli.cli.parser import load_command
from kirin_cli.errors import BalanceInsufficient, Interrupted, LocalError, ResultUnavailable, StillRunning
from kirin_cli.ledger.entry import LedgerEntry
from kirin_cli.ledger.states import LedgerState
from kirin_cli.models import MODELS
from kirin_cli.run import outcomes
from kirin_cli.run.follow_up import TypedCommand
from kirin_cli.run.job import Job, Outcome, OutputTarget
from kirin_cli.run.job_run import JobRun
from kirin_cli.run.outcomes import failure_text
from kirin_cli.run.reconcile import BALANCE_HINT, KEY_HINT
from kirin_cli.wire.responses import ServiceFailure

PROMPT = "rain; 'it' falls"
RUN = TypedCommand(("run", "my jobs.yaml", "--again", "--max-cost", "5"))
MODEL = TypedCommand(("v1-t2v", PROMPT, "-o", "a b.mp4"))
WAIT = TypedCommand(("wait", "t1"), submits=False)
SANDBOX = TypedCommand(("v1-t2v", "x", "--sandbox"), is_sandbox=True)
FAILURE = ServiceFailure(code="002001095", message="no")
TAKEN = failure_text(ServiceFailure(code="t 7", message="taken"))
KINDS = [("job file", RUN), ("job file", WAIT), ("one-off", MODEL), ("one-off", WAIT), ("one-off", SANDBOX)]


def job_run(kind, typed, state, **entry):
    file = "my jobs.yaml" if kind == "job file" else ""
    job = Job(
        name="a [b]", label="a [b]", model=MODELS["kirin_v1_t2v"], values={"prompt": "x"}, request="{}",
        external_id="krn1-X", target=OutputTarget(Path(), "x"), file=file, scope="spring" if file else "s",
    )  # fmt: skip
    sent = state is not LedgerState.INTENT
    facts = {"task_id": "-t 1" if sent and state not in outcomes.TERMINAL else None, **entry}
    row = LedgerEntry(
        origin="o", account="a", external_id="krn1-X", model=job.model.id, request="{}", state=state, created=1.0,
        updated=1.0, **facts,
    )  # fmt: skip
    clock, ledger = SimpleNamespace(time=lambda: 1.0), SimpleNamespace(answer=lambda _: None)
    return JobRun(job, row, SimpleNamespace(typed=typed, emit=lambda _: None, clock=clock, ledger=ledger))


def ends(kind, typed):
    """Every way in which a job can end badly, by a name: its outcome."""
    for state in LedgerState:
        run = job_run(kind, typed, state)
        for error in (StillRunning("over"), Interrupted("stop", hint=BALANCE_HINT), LocalError("disk", hint=KEY_HINT)):
            yield f"{state} stopped", outcomes.finish_stopped(run, error).outcome
        yield f"{state} pending", outcomes.finish_pending(run, BalanceInsufficient("no money")).outcome
    yield "rejected", outcomes.finish_rejected(job_run(kind, typed, LedgerState.REJECTED), FAILURE).outcome
    for cost in (None, 1):
        failed = job_run(kind, typed, LedgerState.FAILED, cost=cost)
        yield f"failed {cost}", outcomes.finish_failed(failed, FAILURE).outcome
    yield "lost", outcomes.finish_lost(job_run(kind, typed, LedgerState.LOST)).outcome
    for state in (LedgerState.CONFLICT, LedgerState.ABANDONED, LedgerState.UNKNOWN):
        yield f"unknown {state}", outcomes.finish_unknown(job_run(kind, typed, state), "who knows").outcome
    yield "expired", outcomes.finish_expired(job_run(kind, typed, LedgerState.EXPIRED), "gone").outcome
    fetching = job_run(kind, typed, LedgerState.FETCHING)
    yield "unavailable", outcomes.finish_unavailable(fetching, ResultUnavailable("odd")).outcome
    needed = Outcome(job=fetching.job, state="failed")
    yield "blocked", outcomes.finish_blocked(job_run(kind, typed, LedgerState.INTENT), needed).outcome


every_kind = pytest.mark.parametrize(("kind", "typed"), KINDS, ids=[f"{kind}: {typed.text}" for kind, typed in KINDS])


@cache
def parse(command):
    """Have Typer take the command line, as if it were typed; the name of the command."""
    program, verb, *arguments = shlex.split(command)
    assert (program, verb in BY_NAME) == ("kirin", True), command
    load_command(BY_NAME[verb]).make_context(verb, arguments)
    return verb


@every_kind
def test_what_comes_next_is_a_command_that_can_be_typed(kind, typed):
    params = load_command(BY_NAME["run" if kind == "job file" else "v1-t2v"]).params
    known = {option for param in params for option in param.opts}
    for name, end in ends(kind, typed):
        error = end.error
        verb = parse(error.next) if error.next else ""
        if kind == "one-off":
            assert "--retry-failed" not in error.next + error.hint, name
            assert verb != "run", name
            assert "kirin run" not in error.hint, name
        for word in re.findall(r"(?<!\w)kirin ([a-z0-9-]+)", error.hint):
            assert word in BY_NAME, (name, error.hint)
        assert set(re.findall(r"--[a-z-]+", error.hint)) <= known, (name, error.hint)


@every_kind
def test_what_was_paid_or_may_have_been_is_never_begun_anew_by_what_comes_next(kind, typed):
    for name, end in ends(kind, typed):
        verb = end.error.next.split(" ")[1] if end.error.next else ""
        if typed.is_sandbox:
            assert end.error.retry_safe, name
        elif end.error.charged != "no" and end.state != "failed":
            assert verb in {"wait", "download", "resolve"}, name
            is_safe = not typed.submits or (kind == "job file" and end.state != "unknown")
            assert end.error.retry_safe is is_safe, name
        elif end.state == "pending":
            assert end.error.retry_safe, name
        elif end.state == "failed" and kind == "one-off" and typed.submits and end.error.charged == "yes":
            assert not end.error.retry_safe, name


def following(kind, typed, name):
    return {text: end.error.next for text, end in ends(kind, typed)}[name]


def test_the_commands_are_exact_and_quoted_for_a_shell():
    assert following("one-off", MODEL, "intent pending") == shlex.join(("kirin", *MODEL.arguments))
    assert following("one-off", MODEL, "running pending") == "kirin wait -- '-t 1'"
    assert following("one-off", MODEL, "expired") == "kirin download -- '-t 1'"
    assert following("one-off", MODEL, "unknown unknown") == "kirin wait -- '-t 1'"
    assert following("one-off", MODEL, "unknown conflict") == "kirin resolve krn1-X"
    taken = outcomes.finish_conflict(job_run("one-off", MODEL, LedgerState.CONFLICT, error=TAKEN)).outcome.error
    assert taken.next == "kirin resolve krn1-X --adopt 't 7'"
    assert parse(taken.next) == "resolve"
    assert following("one-off", MODEL, "rejected") == ""
    assert following("one-off", MODEL, "failed None") == shlex.join(("kirin", *MODEL.arguments))
    assert following("one-off", WAIT, "failed None") == ""
    assert following("job file", RUN, "intent pending") == "kirin run 'my jobs.yaml' --again --max-cost 5"
    assert following("job file", RUN, "failed None") == "kirin run --retry-failed 'my jobs.yaml' --max-cost 5"
    again = "kirin run 'my jobs.yaml' --only 'a [b]' --scope spring"
    assert following("job file", WAIT, "intent pending") == again
    assert following("job file", WAIT, "failed None") == f"{again} --retry-failed"
    assert following("one-off", WAIT, "intent pending") == ""


def test_a_limit_that_forbids_the_job_is_no_reason_to_type_the_same_again():
    run = job_run("one-off", MODEL, LedgerState.INTENT)
    run.unaffordable = BalanceInsufficient("too dear", hint="a higher --max-cost goes on")
    end = outcomes.finish_stopped(run, run.unaffordable).outcome
    assert (end.error.next, end.error.retry_safe, end.error.charged) == ("", True, "no")


def test_without_a_typed_command_there_is_none_to_type_again():
    run = job_run("one-off", TypedCommand(), LedgerState.INTENT)
    assert outcomes.finish_pending(run, StillRunning("over")).outcome.error.next == ""
    assert replace(TypedCommand(), submits=False).text == ""
