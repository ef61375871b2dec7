"""A workspace for each test."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from support.command_line import Home
from support.fast_folder import fast_folder
from support.workspace import Workspace


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Workspace]:
    with ExitStack() as stack:
        folder = stack.enter_context(fast_folder(tmp_path))
        desk = Workspace(Home(folder), stack, environ={"KIRIN_POLL_SECONDS": "0.05", "KIRIN_SETTLE_SECONDS": "0"})
        desk.serve()
        yield desk
        assert not desk.sandbox.crashes
