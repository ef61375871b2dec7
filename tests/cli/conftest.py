"""A home for each test."""

import pytest
from support.command_line import Home


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)
