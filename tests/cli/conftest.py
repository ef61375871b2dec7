"""A home for each test."""

import pytest
from cli_process import Home


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)
