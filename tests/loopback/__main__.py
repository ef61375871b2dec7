"""An API and its CDN in one process, for storms and measurements; in tests/: `python -m loopback --port-file F`.

The port file appears when both listen: {"api": origin, "cdn": origin}. GET /__truth__ of each origin is its truth,
POST /__script__ adds faults (loopback.scripts.rule_of). It ends by SIGTERM, SIGINT or at the end of its lifetime.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import random
import signal
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from loopback.exchange import Fault
from loopback.faults import altered, answer
from loopback.files import clip
from loopback.messages import Answer, Request
from loopback.service import Service
from loopback.truth import Task


def main(arguments: list[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with Service(patience=options.patience) as cdn, Service(patience=options.patience) as api:
        url = cdn.serve_file("/result.mp4", clip(options.size), etag='"result"')
        seconds = _between(*options.seconds) if options.seconds else None
        if options.odd:
            api.decide("GET /model/*", lambda _number, _request: altered(_say_success))
            cdn.decide("GET /result.mp4", _late())

        def results(task: Task) -> object:
            return (
                [{"type": kind, "url": f"{url}?{task.id}-{kind}"} for kind in ODD_TYPES]
                if options.odd
                else f"{url}?{task.id}"
            )

        api.serve_api(
            results,
            polls=options.polls,
            seconds=seconds,
            key=options.key,
            unique=not options.repeatable,
            room=options.room,
        )
        _publish(options.port_file, {"api": api.origin, "cdn": cdn.origin})
        ended.wait(options.lifetime)


ODD_TYPES = ("video_url", "video_watermark")


def _say_success(_request: Request, honest: Answer) -> Answer:
    return dataclasses.replace(honest, body=bytes(honest.body).replace(b'"completed"', b'"success"'))


def _late() -> Callable[[int, Request], Fault | None]:
    """Each file is not there when it is asked for the first time."""
    asked: Counter[str] = Counter()

    def choose(_number: int, request: Request) -> Fault | None:
        asked[request.target] += 1
        return answer(404) if asked[request.target] == 1 else None

    return choose


def _between(low: float, high: float) -> Callable[[int], float]:
    return lambda number: random.Random(number).uniform(low, high)


def _publish(path: Path, origins: dict[str, str]) -> None:
    beside = path.with_name(path.name + ".new")
    beside.write_text(json.dumps(origins))
    beside.replace(path)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port-file", type=Path, required=True)
    parser.add_argument("--polls", type=int, default=2, help="queries until a task is completed")
    parser.add_argument("--seconds", type=float, nargs=2, metavar=("LOW", "HIGH"), help="its running time instead")
    parser.add_argument("--size", type=int, default=1 << 20, help="bytes of the result")
    parser.add_argument("--key", help="the only API key accepted")
    parser.add_argument("--room", type=int, help="tasks that may run at once; 429 beyond that")
    parser.add_argument("--repeatable", action="store_true", help="a repeated external id creates another task")
    parser.add_argument("--odd", action="store_true", help="'success', two files of unusual types, and each file late")
    parser.add_argument("--patience", type=float, default=5.0, help="limit in seconds of each read, write and wait")
    parser.add_argument("--lifetime", type=float, default=600.0, help="seconds until it ends by itself")
    return parser


if __name__ == "__main__":
    main()
