"""The hook for pre-commit: its manifest, and its entry called as pre-commit calls it, with names of files."""

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
(HOOK,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
KNOWN_KEYS = {
    "id", "name", "entry", "language", "files", "exclude", "types", "types_or", "exclude_types", "always_run",
    "fail_fast", "verbose", "pass_filenames", "require_serial", "description", "language_version",
    "minimum_pre_commit_version", "args", "stages", "additional_dependencies",
}  # fmt: skip
"""What a manifest may have, https://pre-commit.com/#creating-new-hooks."""
GOOD = "jobs: [{name: boat, model: kirin_v1_t2v, params: {prompt: A boat}}]\n"


def call(folder, *names):
    """The entry with these files, in the root of a repository: pre-commit shows what it prints if it fails."""
    program, *words = shlex.split(HOOK["entry"])
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert program in scripts  # which is what `pip install` of this repository puts on the PATH
    return subprocess.run(
        [sys.executable, "-m", "kirin_cli", *words, *HOOK.get("args", ()), *names], cwd=folder, capture_output=True,
        text=True, encoding="utf-8", stdin=subprocess.DEVNULL, timeout=60, check=False,
    )  # fmt: skip


def test_the_manifest_is_one_that_pre_commit_takes():
    assert set(HOOK) <= KNOWN_KEYS
    assert {"id", "name", "entry", "language"} <= set(HOOK)
    assert (HOOK["id"], HOOK["language"], HOOK["types"]) == ("kirin-validate", "python", ["yaml"])
    assert HOOK["pass_filenames"] is True
    assert HOOK["require_serial"] is True  # an external_task_id must be unique in all files together


@pytest.mark.parametrize(
    ("path", "is_job_file"),
    [
        ("jobs.yaml", True), ("videos/jobs.yml", True), ("spring.jobs.yaml", True), ("a/spring-jobs.yaml", True),
        ("trailer.kirin.yaml", True), (".github/workflows/ci.yml", False), ("jobs.yaml.bak", False),
        ("myjobs.yaml", False), ("jobs.csv", False), ("jobs/look.yaml", False),
    ],
)  # fmt: skip
def test_it_is_started_by_files_that_are_called_like_job_files(path, is_job_file):
    assert bool(re.search(HOOK["files"], path)) is is_job_file


def test_good_files_pass_without_a_word_on_standard_output(tmp_path):
    for name in ("jobs.yaml", "my jobs.yaml"):
        (tmp_path / name).write_text(GOOD.replace("boat", name.split(".")[0]))
    done = call(tmp_path, "jobs.yaml", "my jobs.yaml")
    assert (done.returncode, done.stdout) == (0, "")


def test_a_bad_file_fails_with_its_line_and_the_good_one_beside_it_does_not_hide_it(tmp_path):
    (tmp_path / "jobs.yaml").write_text(GOOD)
    (tmp_path / "bad.jobs.yaml").write_text(GOOD.replace("A boat", "A boat, duration: 7"))
    done = call(tmp_path, "jobs.yaml", "bad.jobs.yaml")
    assert done.returncode == 2
    assert "bad.jobs.yaml:1:" in done.stderr
    assert "duration is 7" in done.stderr
    assert len(list(tmp_path.iterdir())) == 2  # nothing is written into the repository
