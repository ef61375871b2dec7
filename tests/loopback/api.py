"""The role of the generation API: create and query as wire/README.md has them, with tasks that move on by themselves.

Shares nothing with the program under test, and knows nothing of sockets and faults.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from loopback.messages import Answer, Request, json_answer
from loopback.truth import Task, Truth

CREATE = "/model/v1/generation"
QUERY = CREATE + "/task/"
Step = str | Mapping[str, Any]  # a status word, or what is laid over the usual answer
Results = str | Sequence[str] | Callable[[Task], Any]


@dataclass(slots=True)
class Api:
    """See Service.serve_api for the fields."""

    truth: Truth
    results: Results = ()
    statuses: Sequence[Step] = ("in_progress", "completed")
    seconds: float | Callable[[int], float] | None = None
    key: str | None = None
    unique: bool = True
    hidden_for: int = 0
    cost: str = "0.28"
    room: int | None = None
    late: dict[str, tuple[int, Request]] = field(default_factory=dict)

    def answer(self, request: Request) -> Answer | None:
        """What an honest service says, with its effects; None when the path is not of this API."""
        if request.path != CREATE and not request.path.startswith(QUERY):
            return None
        if self.key is not None and request.header("Authorization") != f"Bearer {self.key}":
            return json_answer(401, {"message": "invalid API key"})
        with self.truth.changed:
            if (request.method, request.path) == ("POST", CREATE):
                return self.create(request)
            if request.method == "GET" and request.path != CREATE:
                return self._query(unquote(request.path.removeprefix(QUERY)))
        return json_answer(405, {"message": "method not allowed"})

    def create(self, request: Request) -> Answer:
        """Create the task that a request asks for, or say why not."""
        try:
            dialect, model, params = read_body(request.body)
        except ValueError as error:
            return json_answer(400, {"error": {"code": "1001", "message": str(error)}})
        external = external_id(params)
        with self.truth.changed:
            if self.room is not None and self.truth.running() >= self.room:
                return json_answer(429, {"error": {"code": "1302", "message": "too many tasks at once"}})
            if external and self.unique and self.truth.created(external):
                return json_answer(400, {"error": {"code": "1002", "message": "external_task_id already exists"}})
            number = self.truth.created() + 1
            seconds = self.seconds(number) if callable(self.seconds) else self.seconds
            task = Task(number, f"d758n65e{number:012d}", external, model, params, dialect, request.number, seconds)
            task.hidden = self.hidden_for
            self.truth.add(task)
        return json_answer(200, self._running(task, "in_progress"))

    def postpone(self, request: Request, queries: int) -> None:
        """The task of a POST comes into being only after so many queries for its external id were told 404."""
        with self.truth.changed:
            self.late[external_id(read_body(request.body)[2])] = (queries, request)

    def _query(self, name: str) -> Answer:
        self._bring_late(name)
        task = self.truth.task(name)
        if task is None or task.hidden:
            if task is not None:
                task.hidden -= 1
            return json_answer(404, {"message": "task not found"})
        task.polls += 1
        return json_answer(200, self._state(task))

    def _bring_late(self, name: str) -> None:
        if name not in self.late:
            return
        left, request = self.late.pop(name)
        if left:
            self.late[name] = (left - 1, request)
        else:
            self.create(request)

    def _state(self, task: Task) -> dict[str, Any]:
        step = self._step(task)
        word = step if isinstance(step, str) else step.get("status", "in_progress")
        if word == "completed":
            payload = self._completed(task)
        elif word == "failed":
            payload = {"id": task.id, "status": word, "error": {"code": "002001095", "error_message": "Internal error"}}
        else:
            payload = self._running(task, word)
        return payload if isinstance(step, str) else payload | dict(step)

    def _step(self, task: Task) -> Step:
        if task.seconds is None:
            return self.statuses[min(task.polls, len(self.statuses)) - 1]
        return self.statuses[-1 if time.monotonic() - task.born >= task.seconds else 0]

    def _running(self, task: Task, word: Any) -> dict[str, Any]:
        progress = min(0.95, task.polls / 10)
        return {
            "id": task.id,
            "created_at": task.created_at,
            "status": word,
            "model": task.model,
            "progress": progress,
        }

    def _completed(self, task: Task) -> dict[str, Any]:
        task.noticed = task.noticed or time.monotonic()
        found = self.results(task) if callable(self.results) else self.results
        urls = [found] if isinstance(found, str) else found
        usual = {"type": "video", "duration": "5.1", "jobId": task.id}
        content = [dict(url) if isinstance(url, Mapping) else usual | {"url": url} for url in urls]
        usage = {"cost": self.cost, "discount": 1, "quantity": 1, "unit_price": self.cost}
        payload = self._running(task, "completed") | {"output": [{"content": content}], "usage": usage, "metadata": {}}
        del payload["progress"]
        return payload


def read_body(body: bytes) -> tuple[str, str, dict[str, Any]]:
    """Dialect, model and parameters of a body. Raises ValueError for one that is in neither dialect."""
    try:
        document = json.loads(body)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(document, dict) or not isinstance(document.get("model"), str):
        raise ValueError("model is missing")  # noqa: TRY004 - callers refuse the body, whatever is wrong with it
    model = document.pop("model")
    if "input" not in document:
        return "documented", model, document
    match document:
        case {"input": [{"params": dict(params)}]}:
            return "gateway", model, params
    raise ValueError("input is not a list of one object with params")


def external_id(tree: object) -> str:
    """The external_task_id, wherever it stands in the parameters; "" when nowhere."""
    if isinstance(tree, dict):
        own = tree.get("external_task_id")
        return own if isinstance(own, str) and own else external_id(list(tree.values()))
    if isinstance(tree, list):
        return next(filter(None, map(external_id, tree)), "")
    return ""
