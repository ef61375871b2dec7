"""What must be true of a run whose download was hard, and of the runs after it."""

import json
from typing import Any

from faults.bench import CLIP, Bench, RunResult

from kirin_cli.ledger.states import LedgerState

FILE = "GET /result.mp4"
HALF = len(CLIP) // 2


def whole(machine: Bench, result: RunResult, gets: int | None = None) -> None:
    """One good file, one sidecar, one paid task; and the same again costs nothing and asks for nothing."""
    assert (result.exit_code, result.outcome.state) == (0, "done"), result.output
    assert [path.name for path in sorted(machine.renders.iterdir())] == ["rain.json", "rain.mp4"]
    assert (machine.posts, machine.entries()[0].state) == (1, LedgerState.DONE)
    note = json.loads((machine.renders / "rain.json").read_text())
    assert (note["cost_usd"], note["outputs"]["rain.mp4"]["bytes"]) == ("0.28", len(CLIP))
    fetched = len(machine.cdn.truth.of("GET"))
    assert gets in {None, fetched}
    again = machine.run()
    assert (again.exit_code, again.outcome.state) == (0, "skipped")
    assert (machine.posts, len(machine.cdn.truth.of("GET"))) == (1, fetched)


def paid_without_file(machine: Bench, result: RunResult, state: str = "pending") -> str:
    """Exit 7 that says so, the task named, nothing under the final name; the words are returned."""
    task = machine.api.truth.tasks[0].id
    assert (result.exit_code, result.outcome.state, result.outcome.error.charged) == (7, state, "yes"), result.output
    assert f"task {task} was generated and paid for" in result.outcome.error.message
    assert not list(machine.renders.iterdir())
    assert machine.posts == 1
    return result.outcome.error.message


def then_fetched(machine: Bench, **changes: Any) -> None:
    """When the trouble is over, `resume` fetches it free of charge."""
    machine.cdn.forget_scripts()
    result = machine.run(resume=True, **changes)
    assert (result.exit_code, result.outcome.state, machine.posts) == (0, "done", 1), result.output
    assert result.outcome.outputs[0].path.read_bytes() == CLIP
