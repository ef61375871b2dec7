"""Every example in every help works as it is printed: run in a prepared folder, on one sandbox, in this process."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from support.command_line import CommandResult, Home, make_folder
from support.pictures import png
from support.workspace import Workspace, open_workspace

from kirin_cli.api.credentials import fingerprint
from kirin_cli.cli.app import all_commands
from kirin_cli.cli.help import STARTS
from kirin_cli.ledger.entry import Intent
from kirin_cli.ledger.ledger import Ledger
from kirin_cli.ledger.states import LedgerEvent
from kirin_cli.sandbox.server import Sandbox

EXAMPLES = [*(line for one in all_commands() for line in one.examples), *(re.split("  +", line)[0] for line in STARTS)]
KNOWN_TASK, UNDECIDED_TASK = "123456789", "987654321"
OTHER_EXIT_CODES = {"kirin plan jobs.yaml --detailed-exitcode --report markdown=plan.md": 10}
SERVERS = [line for line in EXAMPLES if line.startswith("kirin sandbox")]
PICTURES = ("cup", "empty", "cat", "boat", "dancer")
JOB_FILE = "version: 1\njobs:\n- {name: cup, model: kirin_v1_t2v, params: {prompt: a cup}}\n"
OPENERS = ("xdg-open", "open", "start")
"""What opens a file with the system's player; stand-ins of them do nothing."""


class Template(NamedTuple):
    """A person's folder after some use, to copy, and the service that was used."""

    workspace: Workspace
    root: Path


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    with open_workspace(tmp_path_factory.mktemp("examples")) as workspace:
        prepare(workspace)
        yield Template(workspace, workspace.home.root)


def prepare(workspace):
    """Pictures, job files, results of a run and of its shards, and a finished task."""
    work = workspace.home.work
    for name in PICTURES:
        (work / f"{name}.png").write_bytes(png(640, 480))
    (work / "jobs.yaml").write_text(JOB_FILE)
    (work / "clip.json").write_text("{}")
    shutil.copy(work / "jobs.yaml", make_folder(work / "jobs") / "more.yaml")
    (work / "key.txt").write_text(str(workspace.sandbox.key))
    for name in OPENERS:
        program = make_folder(workspace.home.root / "bin") / name
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    make_folder(workspace.home.root / ".local/share/bash-completion/completions")
    shards = make_folder(work / "shards")
    picture = ("v1-5-i2v", "neon harbour", "--image", "cup.png", "--external-task-id", KNOWN_TASK)
    workspace.kirin(*picture, "-o", "renders/clip.mp4", "--report", f"json={shards / '1.json'}")
    shutil.copytree(work / "renders", make_folder(work / "videos"), dirs_exist_ok=True)
    for note in (work / "renders").glob("clip.*"):
        shutil.copy(note, work)


def make_undecided(sandbox: Sandbox, home: Home) -> None:
    """A submission whose outcome nobody knows."""
    request = json.dumps({"model": "kirin_v1_t2v", "params": {"prompt": "rain"}})
    plan = json.dumps({"target": {"folder": str(home.work), "template": "{job}.{ext}"}})
    account = fingerprint(str(sandbox.key))
    with Ledger.open(home.state, lambda: 1.75e9) as ledger:
        intent = Intent(
            origin=sandbox.base_url, account=account, external_id=UNDECIDED_TASK, model="kirin_v1_t2v",
            request=request, plan=plan, job="rain",
        )  # fmt: skip
        entry = ledger.intend(intent)
        for event in (LedgerEvent.SEND, LedgerEvent.AMBIGUOUS):
            entry = ledger.move(entry, event)


def run_line(template: Template, root: Path, line: str) -> CommandResult:
    """What a shell does with an example in a copy of the folder: quotes, globs, redirections."""
    shutil.copytree(template.root, root, dirs_exist_ok=True)
    home = Home(root)
    if line.startswith("kirin init"):
        (home.work / "jobs.yaml").unlink()
    if UNDECIDED_TASK in line:
        make_undecided(template.workspace.sandbox, home)
    line, _, target = line.partition(" > ")
    line, _, source = line.partition(" < ")
    # A service of their own would take its real time for it.
    program, *words = shlex.split(line.replace(" --sandbox", ""))
    assert program == "kirin"
    words = [name for word in words for name in (sorted(glob_in(home.work, word)) or [word])]
    stdin = (home.work / source).read_text() if source else str(template.workspace.sandbox.key)
    env = {**template.workspace.environ, "PATH": f"{root / 'bin'}:/usr/bin:/bin", "DISPLAY": ":0"}
    result = home.kirin(*words, env=env, stdin=stdin)
    if target:
        (home.work / target.replace("~", str(root))).write_text(result.stdout)
    return result


def glob_in(folder: Path, word: str) -> list[str]:
    """The files that a word with a star means to a shell."""
    is_glob = "*" in word and "{" not in word
    return [str(path.relative_to(folder)) for path in folder.glob(word)] if is_glob else []


@pytest.mark.parametrize("line", [line for line in EXAMPLES if line not in SERVERS])
def test_an_example_works_as_it_is_printed(template, tmp_path, line):
    result = run_line(template, tmp_path / "root", line)
    assert result.exit_code == OTHER_EXIT_CODES.get(line, 0), (result.stdout, result.stderr)
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("line", SERVERS)
def test_an_example_of_a_service_serves(template, line):
    words = shlex.split(re.sub(r"--port \d+", "--port 0", line))[1:]  # that port may be taken on a tester's machine
    with subprocess.Popen(
        [sys.executable, "-m", "kirin_cli", *words], env=template.workspace.home.environ(),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        try:
            assert "KIRIN_BASE_URL" in process.stdout.readline()
        finally:
            process.kill()


def test_a_file_that_an_example_writes_is_there(template, tmp_path):
    run_line(
        template, tmp_path, 'kirin v1-6-multi-i2v "They sail" --image cat.png --image boat.png --to-yaml > sail.yaml'
    )
    checked = Home(tmp_path).kirin("validate", "sail.yaml")
    assert (checked.exit_code, checked.stdout) == (0, ""), checked.stderr
