"""The command line inside this process, for what needs no process of its own, and what came of it."""

from typing import Any

from faults.bench import Bench
from faults.processes import environment
from support.command_line import CommandResult, run_in_process

CHECKED_WITHIN = 1.0
"""Seconds of work within which whatever is too much must be refused."""


def kirin(machine: Bench, *arguments: str, **environ: str) -> CommandResult:
    """A command in the bench's folder and environment, with these changes of it."""
    return run_in_process(machine.folder, environment(machine, **environ), *arguments)


def sent(machine: Bench) -> list[dict[str, Any]]:
    """The parameters of every task, without the external ids."""
    return [
        {name: value for name, value in task.params.items() if name != "external_task_id"}
        for task in machine.api.truth.tasks
    ]


def problems(result: CommandResult) -> list[dict[str, Any]]:
    """What `validate --json` found, files first."""
    found = result.data
    return found["errors"] + [problem for job in found["jobs"] for problem in job["errors"]]


def only_problem(result: CommandResult) -> dict[str, Any]:
    assert result.exit_code == 2, result
    (one,) = problems(result)
    return one
