"""A loopback service, and what talks to it; every bound is short, so that no test waits long."""

from collections.abc import Callable, Iterator

import pytest
from loopback.service import CERTIFICATES, Service

from kirin_cli.api.connections import NetworkSettings
from kirin_cli.api.transport import Transport


@pytest.fixture
def service() -> Iterator[Service]:
    with Service(patience=3) as running:
        running.serve_api()
        yield running


@pytest.fixture
def transport() -> Iterator[Transport]:
    made = Transport(NetworkSettings({}), idle=0.8, connect=2)
    yield made
    made.close()


@pytest.fixture
def trusting() -> Callable[..., NetworkSettings]:
    """Networks that trust the certificate of the tests, and resolve what a test says."""
    return lambda **more: NetworkSettings({"SSL_CERT_FILE": str(CERTIFICATES / "localhost.pem")}, **more)
