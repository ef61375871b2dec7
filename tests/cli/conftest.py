"""A home for each test."""

import pytest
from support.command_line import Home
from support.fast_folder import fast_folder


@pytest.fixture
def home(tmp_path):
    with fast_folder(tmp_path) as folder:
        yield Home(folder)
