"""Files as they are typed: on Windows the program itself reads wildcards."""

from pathlib import Path

import pytest

from kirin_cli.cli.options import expand_wildcards
from kirin_cli.errors import UsageError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("b.yaml", "a.yaml", "a.txt", "x[1].yaml", "deep/c.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("typed", "files"),
    [
        (["*.yaml"], ["a.yaml", "b.yaml", "x[1].yaml"]),
        (["?.yaml", "a.txt"], ["a.yaml", "b.yaml", "a.txt"]),
        (["deep/*"], ["deep/c.yaml"]),
        (["x[1].*"], ["x[1].yaml"]),
        (["x[1].yaml"], ["x[1].yaml"]),
        (["none.json", "-"], ["none.json", "-"]),
    ],
)
def test_wildcards_are_files_on_windows(folder, typed, files):
    assert expand_wildcards(list(map(Path, typed)), "win32") == list(map(Path, files))


def test_a_wildcard_that_stands_for_nothing_is_said(folder):
    with pytest.raises(UsageError, match=r"such as \*\.json"):
        expand_wildcards([Path("*.json")], "win32")


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_elsewhere_the_shell_has_read_them(folder, platform):
    assert expand_wildcards([Path("*.yaml")], platform) == [Path("*.yaml")]
    assert expand_wildcards(None, "win32") is None
