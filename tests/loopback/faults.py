"""What a loopback service does wrong, one maker of faults each: `api.script("POST", close_after_reading(create=True))`.

Broken connections are here, wrong answers come from loopback.answers, and all are imported from here; those about
Range stand in loopback.ranges. A fault is a callable that gets an Exchange and plays it to its end. `create=True`
means: the honest effect happens (a task is created, a poll counts) although the other side never hears of it.
"""

from __future__ import annotations

import threading

from loopback.answers import (
    altered,
    answer,
    gzip_bomb,
    gzipped,
    html,
    json_with,
    json_without,
    length_off,
    lengths,
    no_length,
    not_found,
    redirect,
)
from loopback.exchange import Exchange, Fault
from loopback.messages import Answer, given_answer

__all__ = [
    "altered",
    "answer",
    "answered_twice",
    "close_after_reading",
    "close_before_reading",
    "create_late",
    "cut",
    "duplicate_answer",
    "early",
    "gzip_bomb",
    "gzipped",
    "html",
    "interim",
    "json_with",
    "json_without",
    "length_off",
    "lengths",
    "no_length",
    "not_found",
    "raw",
    "redirect",
    "reset_after_reading",
    "reset_before_reading",
    "stall",
    "stall_after",
    "stop_reading",
    "trickle",
]


def raw(data: bytes, *, create: bool = False) -> Fault:
    """Read the request, send exactly these bytes and close."""

    def play(x: Exchange) -> None:
        x.taken(create=create)
        x.raw(data)
        x.close()

    return play


def duplicate_answer() -> Fault:
    """The honest answer twice in a row."""

    def play(x: Exchange) -> None:
        once = x.honest()
        x.send(once)
        x.send(once)
        x.keep = False

    return play


def interim(*statuses: int, early: bool = False) -> Fault:
    """So many answers 1xx, then the honest one; before the body of the request is read if `early`."""
    heads = b"".join(f"HTTP/1.1 {status} Soon\r\nLink: </x>; rel=preload\r\n\r\n".encode() for status in statuses)

    def play(x: Exchange) -> None:
        if early:
            x.raw(heads)
            x.connection.wait(seconds=0.02)
        honest = x.honest()
        x.raw(b"" if early else heads)
        x.send(honest)

    return play


def answered_twice(other: bytes = b"", pause: float = 0.0) -> Fault:
    """The honest answer, then another body (or the same) as a second answer, and the connection goes on."""

    def play(x: Exchange) -> None:
        honest = x.honest()
        second = given_answer(200, other) if other else honest
        x.connection.sock.sendall(honest.head(closing=False) + bytes(honest.body) + (b"" if pause else whole(second)))
        if pause:
            x.connection.wait(seconds=pause)
            x.raw(whole(second))

    def whole(given: Answer) -> bytes:
        return given.head(closing=False) + bytes(given.body)

    return play


def cut(after: int, *, reset: bool = False) -> Fault:
    """The honest answer with its full length, cut after so many bytes of the body; negative ones count from its end."""

    def play(x: Exchange) -> None:
        whole = x.honest()
        x.request.status = whole.status
        x.raw(whole.head(closing=False))
        x.raw(whole.body[:after])
        (x.reset if reset else x.close)()

    return play


def close_before_reading() -> Fault:
    """Close with the body of the request unread: the other side sees an end, or a reset when bytes were waiting."""
    return Exchange.close


def reset_before_reading() -> Fault:
    return Exchange.reset


def close_after_reading(*, create: bool) -> Fault:
    """Read all of the request, close without a byte of an answer."""

    def play(x: Exchange) -> None:
        x.taken(create=create)
        x.close()

    return play


def reset_after_reading(*, create: bool) -> Fault:
    def play(x: Exchange) -> None:
        x.taken(create=create)
        x.reset()

    return play


def stall(until: threading.Event | None = None, *, create: bool = False, read: bool = True) -> Fault:
    """Say nothing until the event (at most the patience of the service), then answer if `create`, or close."""

    def play(x: Exchange) -> None:
        late = x.taken(create=create) if read else None
        if x.connection.wait(until) and create and late is not None:
            x.send(late)
        else:
            x.close()

    return play


def close_at(until: threading.Event, *, create: bool = False) -> Fault:
    """Read the request, with the honest effect if `create`; say nothing, and close at the event."""

    def play(x: Exchange) -> None:
        x.taken(create=create)
        x.connection.wait(until)
        x.close()

    return play


def stall_after(count: int, until: threading.Event | None = None) -> Fault:
    """Send the head and so many bytes of the honest body, then nothing until the event; then the rest, or close."""

    def play(x: Exchange) -> None:
        whole = x.honest()
        x.request.status = whole.status
        x.raw(whole.head(closing=False))
        x.raw(whole.body[:count])
        if x.connection.wait(until):
            x.raw(whole.body[count:])
        x.close()

    return play


def create_late(until: threading.Event | None = None, *, queries: int | None = None, hold: bool = True) -> Fault:
    """Read the POST and answer nothing; the task is created at the event, or after so many queries said 404.

    With `queries` the connection stays silent (`hold`) or is closed at once; with an event it is silent until then.
    """

    def play(x: Exchange) -> None:
        x.read()
        if queries is not None:
            assert x.api is not None, "only an API creates tasks"
            x.api.postpone(x.request, queries)
            if hold:
                x.connection.wait()
        elif x.connection.wait(until):
            x.honest()
        x.close()

    return play


def trickle(interval: float, size: int = 1, *, body_only: bool = False) -> Fault:
    """The honest answer in pieces of `size` bytes, one every `interval` seconds; from the body on if `body_only`."""

    def play(x: Exchange) -> None:
        whole = x.honest()
        x.request.status = whole.status
        head = whole.head(closing=True)
        if body_only:
            x.raw(head)
        data = bytes(whole.body) if body_only else head + bytes(whole.body)
        for start in range(0, len(data), size):
            x.raw(data[start : start + size])
            x.connection.wait(seconds=interval)
        x.close()

    return play


def stop_reading(after: int = 0, until: threading.Event | None = None) -> Fault:
    """Read so many bytes of the body and no more until the event or the patience ends; then reset.

    The kernel takes some more: use bodies of 16 MB and over, or Service(receive_buffer=4096).
    """

    def play(x: Exchange) -> None:
        x.read(limit=after)
        x.connection.wait(until)
        x.reset()

    return play


def early(status: int = 413, body: object = b"", *, drain: bool = True) -> Fault:
    """Answer before the body is read; then swallow it without looking (`drain`), or close on it (which resets)."""
    given = given_answer(status, body, ())

    def play(x: Exchange) -> None:
        x.send(given)
        if drain:
            x.connection.linger()
        x.close()

    return play
