"""The package's metadata: its addresses are those that the program and the documents name."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

import kirin_cli
from kirin_cli.cli.app import run_command_line

ROOT = Path(__file__).parent.parent


def test_the_addresses_of_the_project_are_under_its_one_repository():
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]
    assert urls == {
        "Homepage": kirin_cli.REPOSITORY,
        "Issues": f"{kirin_cli.REPOSITORY}/issues",
        "Changelog": f"{kirin_cli.REPOSITORY}/blob/main/.github/CHANGELOG.md",
    }


def test_no_document_names_another_repository():
    pages = [*(ROOT / ".github").glob("*.md"), ROOT / "README.md"]
    named = {url for page in pages for url in re.findall(r"https://github\.com/[\w-]+/[\w-]+", page.read_text("utf-8"))}
    assert named <= {kirin_cli.REPOSITORY}


def test_a_crash_says_where_to_report_it(monkeypatch, capfd):
    def crash(**_):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("kirin_cli.cli.app.LazyGroup", crash)
    assert run_command_line(["list"]) == 70
    assert f"{kirin_cli.REPOSITORY}/issues" in " ".join(capfd.readouterr().err.split())


def test_the_newest_version_of_the_changelog_is_the_packages():
    headings = re.findall(r"^## (.+)$", (ROOT / ".github" / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[0] == "Unreleased" or headings[0].startswith(kirin_cli.__version__)
    assert next(words for words in headings if words != "Unreleased").startswith(kirin_cli.__version__)


def test_the_top_level_holds_what_everybody_looks_for_and_nothing_else():
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = {line.partition("/")[0] for line in listed.splitlines()}
    assert {name for name in names if not name.startswith((".", '"'))} == {
        "LICENSE", "README.md", "completions", "kirin_cli", "pyproject.toml", "sample_jobs", "tests",
    }  # fmt: skip
