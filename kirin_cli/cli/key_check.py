"""The check of a key with its service: one query for a task that nobody has, free of charge. Stores nothing."""

from typing import Final

from kirin_cli.api.client import Client, QueryStatus
from kirin_cli.api.connections import NetworkSettings
from kirin_cli.api.trace import Tracer
from kirin_cli.api.transport import Transport
from kirin_cli.cli.settings import Settings
from kirin_cli.errors import NotPermitted

UNKNOWN_TASK_ID: Final = "kirin-doctor-asks-for-a-task-that-is-not-there"
MAX_ANSWER_SECONDS: Final = 15.0


def check_key_with_service(settings: Settings, key: str, tracer: Tracer | None = None) -> str:
    """Why it is not known whether the service takes the key; "" where it does.

    Raises NotPermitted where it refuses the key, UsageError for a base URL, a proxy or certificates of no use.
    """
    network = NetworkSettings(settings.environ, tracer=tracer)
    network.check(settings.base_url)
    transport = Transport(network)
    try:
        result = Client(settings.base_url, key, transport).query(UNKNOWN_TASK_ID, deadline=MAX_ANSWER_SECONDS)
    finally:
        transport.close()
    if result.kind in {QueryStatus.ABSENT, QueryStatus.FOUND, QueryStatus.NO_BALANCE}:
        return ""
    if result.status in {401, 403} and not result.is_page:
        words = f": {result.failure.message}" if result.failure and result.failure.message else ""
        message = f"{settings.base_url} refuses the key ({result.status}{words})"
        hint = "nothing was stored; --offline stores it all the same, --base-url or --profile name another service"
        raise NotPermitted(message, hint=hint)
    if result.fault:
        return f"{settings.base_url}: {result.fault.message}"
    page = " with a web page, as a firewall does" if result.is_page else ""
    return f"{settings.base_url} answers {result.status}{page}"
