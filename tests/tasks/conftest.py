"""A workspace for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.workspace import Workspace, open_workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path) as workspace:
        yield workspace
