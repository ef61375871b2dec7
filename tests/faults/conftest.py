"""One person's machine and a service, for each test its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from faults.worlds import Bench, bench


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path) as made:
        yield made
