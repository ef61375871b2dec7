"""Queries about attempts before a run begins: what the service has under external ids that are to be new."""

import time
from collections.abc import Callable
from typing import Final

from kirin_cli.api.client import Client, QueryStatus, TaskIdentity
from kirin_cli.errors import NotPermitted, ServiceUnreachable
from kirin_cli.wire.responses import Task

MAX_QUERIES: Final = 4
"""Of one id, where the answers tell nothing."""


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
