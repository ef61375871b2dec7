"""Accounts without a home, homes that are closed, settings files and keys as every system writes them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from support.command_line import CommandResult, Home, run_several

JOBS = "jobs: [{name: a, model: kirin_v1_t2v, params: {prompt: x}}]\n"
NEEDS_A_LEDGER = [
    line.split() for line in ("plan jobs.yaml", "run jobs.yaml", "v1-t2v hi", "list", "usage", "resume", "wait x")
]
NEEDS_NO_HOME = [
    line.split()
    for line in (
        "validate jobs.yaml", "run jobs.yaml --sandbox", "v1-t2v hi --dry-run", "v1-t2v hi --sandbox", "config",
        "config --json", "models", "schema", "init", "--help", "run --help", "completion bash",
    )
]  # fmt: skip


@pytest.fixture
def homeless(home: Home):
    """A user with neither HOME nor an account, as containers have them, where the system can make one."""
    (home.work / "jobs.yaml").write_text(JOBS)
    unshare = ["unshare", "--user", "--map-user=54321"] if shutil.which("unshare") else []
    is_able = unshare and subprocess.run([*unshare, "true"], check=False, capture_output=True).returncode == 0
    environ = {"PATH": os.environ["PATH"]} if is_able else {"PATH": os.environ["PATH"], "HOME": ""}

    def kirin(*lines: Sequence[str], **more: str) -> list[CommandResult]:
        return run_several(lines, cwd=home.work, env=environ | more, before=unshare if is_able else [])

    return kirin


def test_a_command_that_needs_no_home_runs_without_one(homeless):
    for arguments, result in zip(NEEDS_NO_HOME, homeless(*NEEDS_NO_HOME), strict=True):
        assert result.exit_code == 0, (arguments, result.stderr)


def test_a_command_that_needs_a_ledger_names_the_variable(homeless):
    results = homeless(*NEEDS_A_LEDGER, KIRIN_API_KEY="sk-test-123456")
    for arguments, result in zip(NEEDS_A_LEDGER, results, strict=True):
        assert result.exit_code == 2, (arguments, result.stderr)
        assert "there is no home folder: HOME is not set, and this user has no account" in result.stderr
        assert "name a folder for the ledger in KIRIN_STATE_DIR" in result.stderr


def test_the_key_and_the_doctor_without_a_home(homeless, tmp_path):
    status, logout, tilde = homeless(
        ("auth", "status"), ("auth", "logout"), ("v1-t2v", "hi", "--dry-run", "--output=~/x")
    )
    assert (status.exit_code, "KIRIN_CONFIG_DIR" in logout.stderr) == (4, True)
    status, doctor = homeless(("auth", "status"), ("doctor", "--offline"), KIRIN_API_KEY="sk-test-123456")
    assert status.exit_code == 0
    assert (doctor.exit_code, "there is no home folder" in " ".join(doctor.stdout.split())) == (9, True), doctor.stderr
    (state,) = homeless(("list",), KIRIN_STATE_DIR=str(tmp_path / "state"))
    assert state.exit_code == 0, state.stderr
    assert (tilde.exit_code, "there is no home folder" in tilde.stderr) == (2, True)


def test_a_home_that_cannot_be_written_stops_only_what_needs_it(home):
    (home.work / "jobs.yaml").write_text(JOBS)
    (home.root / "file").write_text("")
    no_home = {"HOME": str(home.root / "file"), "KIRIN_CONFIG_DIR": "", "KIRIN_STATE_DIR": ""}
    for arguments in (["validate", "jobs.yaml"], ["v1-t2v", "hi", "--dry-run"], ["v1-t2v", "hi", "--sandbox"]):
        assert home.kirin(*arguments, env=no_home).exit_code == 0
    result = home.kirin("v1-t2v", "hi", env={**no_home, "KIRIN_API_KEY": "sk-test-123456"})
    assert (result.exit_code, "KIRIN_STATE_DIR" in result.stderr) == (9, True), result.stderr


KEYRINGS = {
    "names a backend that is not there": "raise ModuleNotFoundError(\"No module named 'keyrings'\")",
    "names a class that is not there": "raise AttributeError('PlaintextKeyring')",
    "cannot be read": "raise configparser.MissingSectionHeaderError('keyringrc.cfg', 1, 'x')",
    "fails to start": "raise RuntimeError('no recommended backend')",
}


@pytest.mark.parametrize("trouble", KEYRINGS)
def test_a_keyring_whose_settings_are_of_no_use_is_as_none(home, trouble):
    library = home.root / "library" / "keyring"
    library.mkdir(parents=True)
    (library / "__init__.py").write_text(f"import configparser\ndef get_keyring():\n    {KEYRINGS[trouble]}\n")
    path = {"PYTHONPATH": f"{library.parent}{os.pathsep}{Path(__file__).parents[2]}"}
    for arguments in (["login", "--offline"], ["status"]):
        done = subprocess.run(
            [sys.executable, "-m", "kirin_cli", "auth", *arguments], cwd=home.work, env=home.environ(**path),
            input=b"sk-1\n", check=False, capture_output=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert str(home.config / "api-key") in (done.stderr + done.stdout).decode()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_settings_files_are_read_as_windows_writes_them(home, encoding, line_end):
    text = line_end.join(["# Käse", 'output_dir = "clips"', "jobs = 3", ""])
    (home.work / "kirin.toml").write_bytes(text.encode(encoding))
    (home.config / "config.toml").write_bytes('timeout = "5m"\n'.encode(encoding))
    rows = {row["name"]: row for row in home.kirin("config", "--json").data["settings"]}
    assert (rows["jobs"]["value"], rows["timeout"]["value"]) == ("3", "5m")
    assert rows["jobs"]["source"].endswith("kirin.toml:3")


def test_a_settings_file_of_another_encoding_is_told_what_to_do(home):
    (home.work / "kirin.toml").write_bytes(b"# K\xe4se\n")
    result = home.kirin("config")
    assert (
        result.exit_code,
        "kirin.toml is not UTF-8 (byte 3)" in result.stderr,
        "save it as UTF-8" in result.stderr,
    ) == (2, True, True)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_key_file_is_read_as_windows_writes_it(home, encoding):
    (home.work / "key.txt").write_bytes("sk-test-123456\r\n".encode(encoding))
    result = home.kirin("auth", "status", "--api-key-file", "key.txt", "--json")
    assert result.data["present"], result.stderr
    piped = home.kirin("auth", "status", "--json", env={"KIRIN_API_KEY": "sk-test-123456"})
    assert piped.data["fingerprint"] == result.data["fingerprint"]
