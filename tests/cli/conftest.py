"""A home for each test, or a workspace where it talks to a service."""

import pytest
from support.command_line import Home
from support.fast_folder import fast_folder
from support.workspace import open_workspace


@pytest.fixture
def home(tmp_path):
    with fast_folder(tmp_path) as folder:
        yield Home(folder)


@pytest.fixture
def workspace(tmp_path):
    with open_workspace(tmp_path) as workspace:
        yield workspace
