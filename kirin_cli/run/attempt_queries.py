"""Queries about attempts before a run begins: what the service has under external ids that are to be new."""

import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, TypeVar

from kirin_cli.api.client import Client, QueryStatus, TaskIdentity
from kirin_cli.errors import NotPermitted, ServiceUnreachable
from kirin_cli.run.work_queue import SystemClock, WorkQueue
from kirin_cli.wire.responses import Task

QueryAttempt = Callable[[str], Task | None]
"""The task that the service has under an external id, None for none. Raises where it does not say."""
MAX_QUERIES: Final = 4
"""Of one id, where the answers tell nothing."""
MAX_WORKERS: Final = 8
WAIT_SLICE: Final = 0.25
T = TypeVar("T")


def query_whether_known(
    client: Client, external_id: str, backoff: Callable[[int], float], sleep: Callable[[float], None] = time.sleep
) -> Task | None:
    """What the service has under an external id; asked up to MAX_QUERIES times, `backoff` seconds apart.

    Raises NotPermitted, ServiceUnreachable where it does not say: then nothing may be sent.
    """
    for number in range(1, MAX_QUERIES + 1):
        result = client.query(external_id, about=TaskIdentity("", external_id))
        if result.kind is QueryStatus.FOUND and result.task:
            return result.task
        if result.kind is QueryStatus.ABSENT:
            return None
        if result.kind in {QueryStatus.DENIED, QueryStatus.NO_BALANCE}:
            raise NotPermitted("the service refuses the key", hint="check KIRIN_API_KEY; nothing was sent")
        if number < MAX_QUERIES:
            sleep(result.retry_after or backoff(number))
    reason = result.fault.message if result.fault else f"HTTP {result.status}"
    message = f"the service does not say which attempts it has already ({reason}); nothing was sent"
    raise ServiceUnreachable(message, hint="the same command again goes on")


def ask_all(
    questions: Mapping[int, Callable[[], T]], *, name: str = "ask", shutdown_seconds: float = 0.0
) -> dict[int, T]:
    """The answers to all questions, a few asked at a time; raises what the first of them raises.

    An interruption waits `shutdown_seconds` for those under way, and no longer: they send nothing. The threads have
    `name` in theirs.
    """
    answers: dict[int, T] = {}
    changed = threading.Condition()

    def ask(position: int, question: Callable[[], T]) -> None:
        answer = question()
        with changed:
            answers[position] = answer
            changed.notify_all()

    queue = WorkQueue(SystemClock(), min(MAX_WORKERS, len(questions)), name)
    for position, question in questions.items():
        queue.add(partial(ask, position, question))
    queue.start()
    try:
        with changed:
            while len(answers) < len(questions) and queue.failure is None:
                changed.wait(WAIT_SLICE)
    finally:
        queue.close()
        if shutdown_seconds:
            queue.join(shutdown_seconds)
    if queue.failure is not None:
        raise queue.failure
    return answers
