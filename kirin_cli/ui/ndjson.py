"""Progress for programs: every event as one line of JSON on standard error. Plain ASCII, whatever the text was."""

import json
from dataclasses import fields
from decimal import Decimal
from math import isfinite

from kirin_cli.run.events import Event
from kirin_cli.ui.console import Streams
from kirin_cli.ui.view import Progress


class JsonProgress(Progress):
    """One object per event: `type` (the event's name in lower case), `job`, `at`, and the event's own fields."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    def __call__(self, event: Event) -> None:
        """Write the event."""
        self._streams.talk(event_json(event))


def event_json(event: Event) -> str:
    """The event as JSON: sums of money are strings, a number that is not finite is null.

    A second `#` in a row is escaped: `##vso[` is a command to Azure wherever in a line it stands (H3).
    """
    facts = {field.name: _plain(getattr(event, field.name)) for field in fields(event)}
    line = json.dumps({"type": type(event).__name__.lower(), **facts}, allow_nan=False)
    return line.replace("##", r"#\u0023")


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return None if isinstance(value, float) and not isfinite(value) else value
