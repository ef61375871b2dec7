"""Every command that README shows is run, in a shell, against a sandbox; its job file is the one that init writes."""

import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from support.fork_server import write_program

from kirin_cli import REPOSITORY
from kirin_cli.sandbox.server import Sandbox

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SET_UP = "python3 -m venv .venv"


def blocks(language):
    return [text for name, text in BLOCK.findall(README) if name == language]


def commands():
    lines = [line for text in blocks("") for line in text.splitlines()]
    return [line for line in lines if line.strip() and not line.startswith((SET_UP, "export KIRIN_API_KEY"))]


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """An empty folder, and an environment that points at a sandbox."""
    folder = tmp_path_factory.mktemp("readme")
    programs = tmp_path_factory.mktemp("bin")
    write_program(programs / "kirin")
    with Sandbox(speed=5000) as served:
        environment = {
            **os.environ,
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "KIRIN_BASE_URL": served.base_url,
            "KIRIN_API_KEY": served.key,
            "KIRIN_STATE_DIR": str(folder / "state"),
            "KIRIN_POLL_SECONDS": "0.02",
            "XDG_CONFIG_HOME": str(folder / "config"),
        }
        yield folder, environment


def run(line, folder, environment):
    bash = ["bash", "-c", line]
    return subprocess.run(bash, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_there_are_commands_to_run():
    assert len(commands()) >= 3


def test_every_command_of_the_readme_ends_well(machine):
    for line in commands():
        done = run(line, *machine)
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    folder, _ = machine
    assert (folder / "harbour.mp4").stat().st_size > 1000
    videos = sorted(path.name for path in (folder / "renders" / "quickstart").glob("*.mp4"))
    assert videos == ["cup.mp4", "fox.mp4", "harbour.mp4"]
    assert (folder / "jobs.yaml").read_text(encoding="utf-8") == blocks("yaml")[0], "it is the file that is printed"


def test_the_main_job_runs_and_runs_again(tmp_path):
    shutil.copytree(ROOT / "sample_jobs", tmp_path / "sample_jobs", ignore=shutil.ignore_patterns("renders"))
    line = next(line for text in blocks("") for line in text.splitlines() if "--sandbox" in line)
    command = line.rpartition("&& ")[2].replace(".venv/bin/kirin", f"{sys.executable} -m kirin_cli")
    for _ in range(2):
        done = run(command, tmp_path, {**os.environ, "KIRIN_STATE_DIR": str(tmp_path / "state")})
        assert done.returncode == 0, done.stderr
        assert len(done.stdout.splitlines()) == 3


def test_ci_calls_both_set_up_commands_as_they_stand():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    lines = [line for text in blocks("") for line in text.splitlines() if line.startswith(SET_UP)]
    assert len(lines) == 2
    assert all(line in script for line in lines)


OUT_OF_REACH = re.compile(r"dns error|error sending request|NewConnectionError|No matching distribution")


@pytest.mark.slow
@pytest.mark.parametrize("line", [line for text in blocks("sh") for line in text.splitlines()])
def test_each_line_that_installs_lets_kirin_be_found_with_its_manual_pages(line, tmp_path):
    venv = tmp_path / "venv"
    tools = [sys.executable, "-m", "venv", venv], [venv / "bin" / "pip", "install", "-q", "uv", "pipx"]
    for command in tools:
        if subprocess.run(command, timeout=600, stdout=subprocess.DEVNULL, check=False).returncode:
            pytest.skip("uv and pipx cannot be had here")
    own = {
        "UV_TOOL_DIR": "uv",
        "UV_TOOL_BIN_DIR": "bin",
        "PIPX_HOME": "pipx",
        "PIPX_BIN_DIR": "bin",
        "PIPX_MAN_DIR": "m",
    }
    environment = {**os.environ, **{name: str(tmp_path / folder) for name, folder in own.items()}}
    environment["PATH"] = f"{venv / 'bin'}{os.pathsep}{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    bash = ["bash", "-c", line]
    done = subprocess.run(bash, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode and OUT_OF_REACH.search(done.stderr):
        pytest.skip("the package index is out of reach of this installer")
    assert done.returncode == 0, done.stderr
    (tmp_path / "empty").mkdir()
    environment |= {"KIRIN_STATE_DIR": str(tmp_path / "state"), "HOME": str(tmp_path)}
    for command in ("which kirin", "kirin init quickstart", "kirin run jobs.yaml --sandbox", "kirin completion"):
        done = run(command, tmp_path / "empty", environment)
        assert done.returncode == 0, done.stderr
        assert str(tmp_path) in done.stdout or command != "which kirin"
    assert list(tmp_path.rglob("share/man/man1/kirin.1"))
    assert list(tmp_path.rglob("share/zsh/site-functions/_kirin"))


def test_there_is_a_line_for_each_of_the_usual_installers():
    lines = [line.split() for text in blocks("sh") for line in text.splitlines()]
    assert [line[:4] for line in lines] == [
        ["uv", "tool", "install", "."], ["pipx", "install", ".", "#"], ["python3", "-m", "pip", "install"],
    ]  # fmt: skip


def test_the_quickstart_of_the_package_is_that_of_the_samples():
    package, samples = ROOT / "kirin_cli" / "quickstart", ROOT / "sample_jobs"
    job_files = [(package / "jobs.yaml"), (samples / "quickstart.yaml")]
    own, sample = (path.read_text(encoding="utf-8").partition("version: 1") for path in job_files)
    assert own[1:] == sample[1:]
    for picture in (package / "media").iterdir():
        assert picture.read_bytes() == (samples / "media" / picture.name).read_bytes()


def test_the_picture_of_a_terminal_is_there_small_and_of_the_quickstart():
    path = ROOT / ".github" / "quickstart.svg"
    assert f"]({REPOSITORY}/raw/main/{path.relative_to(ROOT).as_posix()})" in README
    assert path.stat().st_size < 60_000
    drawn = "".join(ET.parse(path).getroot().itertext())
    assert all(name in drawn for name in ("harbour", "cup", "fox", "quickstart.yaml"))


def test_the_job_file_that_the_samples_explain_is_valid(tmp_path):
    shutil.copytree(ROOT / "sample_jobs", tmp_path / "sample_jobs", ignore=shutil.ignore_patterns("renders"))
    page = (tmp_path / "sample_jobs" / "README.md").read_text(encoding="utf-8")
    explained = next(text for name, text in BLOCK.findall(page) if name == "yaml")
    (tmp_path / "sample_jobs" / "explained.yaml").write_text(explained, encoding="utf-8")
    done = run(f"{sys.executable} -m kirin_cli validate sample_jobs/explained.yaml", tmp_path, os.environ)
    assert done.returncode == 0, done.stderr


def test_every_file_that_the_readmes_link_to_is_there():
    below = re.compile(rf"{REPOSITORY}/(?:raw|blob|tree)/main/")
    targets = re.findall(r"\]\(([^)#]+)\)", README)
    assert targets
    for target in targets:
        assert below.match(target), "a package index shows the page too, where nothing lies beside it"
        assert (ROOT / below.sub("", target)).exists(), target
    page = ROOT / "sample_jobs" / "README.md"
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
