"""The command line inside this process, for what needs no process of its own, and what came of it."""

import json
from typing import Any

from faults.processes import environment
from faults.worlds import Bench
from support.command_line import inside

Said = tuple[int, str, str]
"""Exit code, standard output, standard error."""
CHECKED_WITHIN = 1.0
"""Seconds of work within which whatever is too much must be refused."""


def kirin(machine: Bench, *arguments: str) -> Said:
    """A command in the bench's folder and environment."""
    done = inside(machine.folder, environment(machine), *arguments)
    return done.returncode, done.stdout, done.stderr


def sent(machine: Bench) -> list[dict[str, Any]]:
    """The parameters of every task, without the external ids."""
    return [
        {name: value for name, value in task.params.items() if name != "external_task_id"}
        for task in machine.api.truth.tasks
    ]


def problems(said: Said) -> list[dict[str, Any]]:
    """What `validate --json` found, files first."""
    found = json.loads(said[1])
    return found["errors"] + [problem for job in found["jobs"] for problem in job["errors"]]


def only_problem(said: Said) -> dict[str, Any]:
    assert said[0] == 2, said
    (one,) = problems(said)
    return one
