"""One person's machine and a service, for each test its own."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from faults.bench import Bench, bench
from support.fast_folder import fast_folder


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with fast_folder(tmp_path) as folder:
        yield folder


@pytest.fixture
def machine(folder: Path) -> Iterator[Bench]:
    with bench(folder) as made:
        yield made


@pytest.fixture
def fresh(folder: Path) -> Iterator[Callable[[], Bench]]:
    """Makes machines, one after the other; the one before is gone then."""
    with ExitStack() as stack:

        def make() -> Bench:
            stack.close()
            made = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=folder)))
            return stack.enter_context(bench(made))

        yield make
