"""A home with a service of odd specs beside it."""

from collections.abc import Iterator

import pytest
from support.odd_specs import OddService


@pytest.fixture
def odd_service() -> Iterator[OddService]:
    service = OddService()
    yield service
    service.close()
