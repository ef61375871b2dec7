"""Sandboxes on a clock that a test moves; every one must end without a bug of its own."""

import pytest
from sandbox.client import Client
from support.clocks import FakeClock

from kirin_cli.sandbox.server import Sandbox


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def serve(clock):
    """Starts sandboxes, one second of theirs to one of the service's; gives a client of each."""
    running = []

    def start(**options) -> Client:
        running.append(Sandbox(**{"seed": 1, "speed": 1.0, "clock": clock, **options}).start())
        return Client(running[-1])

    yield start
    for sandbox in running:
        sandbox.stop()
        assert sandbox.crashes == []


@pytest.fixture
def client(serve):
    return serve()
