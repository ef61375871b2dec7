"""What must be true of a run whose download was hard, and of the runs after it."""

import json
from typing import Any

from faults.worlds import CLIP, Bench, Ran

from kirin_cli.ledger.states import LedgerState

FILE = "GET /result.mp4"
HALF = len(CLIP) // 2


def whole(machine: Bench, ran: Ran, gets: int | None = None) -> None:
    """One good file, one sidecar, one paid task; and the same again costs nothing and asks for nothing."""
    assert (ran.exit_code, ran.outcome.state) == (0, "done"), ran.said
    assert [path.name for path in sorted(machine.renders.iterdir())] == ["rain.json", "rain.mp4"]
    assert (machine.posts, machine.entries()[0].state) == (1, LedgerState.DONE)
    note = json.loads((machine.renders / "rain.json").read_text())
    assert (note["cost_usd"], note["outputs"]["rain.mp4"]["bytes"]) == ("0.28", len(CLIP))
    fetched = len(machine.cdn.truth.of("GET"))
    assert gets in {None, fetched}
    again = machine.run()
    assert (again.exit_code, again.outcome.state) == (0, "skipped")
    assert (machine.posts, len(machine.cdn.truth.of("GET"))) == (1, fetched)


def paid_without_file(machine: Bench, ran: Ran, state: str = "pending") -> str:
    """Exit 7 that says so, the task named, nothing under the final name; the words are returned."""
    task = machine.api.truth.tasks[0].id
    assert (ran.exit_code, ran.outcome.state, ran.outcome.error.charged) == (7, state, "yes"), ran.said
    assert f"task {task} was generated and paid for" in ran.outcome.error.message
    assert not list(machine.renders.iterdir())
    assert machine.posts == 1
    return ran.outcome.error.message


def then_fetched(machine: Bench, **changes: Any) -> None:
    """When the trouble is over, `resume` fetches it free of charge."""
    machine.cdn.forget_scripts()
    ran = machine.run(resume=True, **changes)
    assert (ran.exit_code, ran.outcome.state, machine.posts) == (0, "done", 1), ran.said
    assert ran.outcome.outputs[0].path.read_bytes() == CLIP
