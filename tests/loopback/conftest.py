"""The loopback service as the API, and as the CDN with one file."""

from collections.abc import Iterator

import pytest

from loopback.calls import DATA
from loopback.service import Service


@pytest.fixture
def api() -> Iterator[Service]:
    with Service() as service:
        service.serve_api()
        yield service


@pytest.fixture
def cdn() -> Iterator[Service]:
    with Service() as service:
        service.serve_file("/x.mp4", DATA, etag='"a"')
        yield service
