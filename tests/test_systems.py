"""Windows and macOS, as far as they can be held from here: imports, encodings, paths, the workflow that runs there."""

import ast
import os
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path

import pytest
import yaml
from support.command_line import Home, run_several
from support.syntax_trees import dotted_name, find_nodes, syntax_tree

import kirin_cli
from kirin_cli.sandbox.server import Sandbox

ROOT = Path(__file__).parent.parent
OF_ONE_SYSTEM = {
    "fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "spwd", "syslog", "termios", "tty", "curses",
    "msvcrt", "nt", "winreg", "winsound", "_winapi",
}  # fmt: skip
OF_POSIX = {
    "chown", "fchmod", "fchown", "fork", "getegid", "geteuid", "getgid", "getpgid", "getuid", "killpg",
    "lchown", "mkfifo", "O_CLOEXEC", "O_DIRECTORY", "O_NOCTTY", "O_NOFOLLOW", "O_NONBLOCK", "pread", "pwrite",
    "setsid", "statvfs", "sysconf", "uname", "SIGHUP", "SIGKILL", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGPIPE",
    "SIGALRM", "setitimer", "alarm", "AF_UNIX", "SO_REUSEPORT",
}  # fmt: skip
JOBS = """\
version: 1
output: {dir: renders, name: "{job}.{ext}"}
jobs:
  - name: 港の夜 🌃
    model: kirin_v1_t2v
    params: {prompt: "雨 – ‘neon’ → 🌧", duration: 5}
"""


@cache
def trees():
    return {path: syntax_tree(path) for path in sorted((ROOT / "kirin_cli").rglob("*.py"))}


def nodes(kind):
    return ((path, node) for path, tree in trees().items() for node in find_nodes(tree, kind))


def at_import(tree):
    """The nodes that run when a module is imported, unguarded: no function, `if` or `try` is around them."""
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.If | ast.Try):
            yield from ast.walk(node)


def modules(node):
    if isinstance(node, ast.Import):
        return {alias.name.partition(".")[0] for alias in node.names}
    return {(node.module or "").partition(".")[0]} if isinstance(node, ast.ImportFrom) else set()


def test_nothing_that_only_one_system_has_is_imported_unguarded():
    strays = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in trees().items()
        for node in at_import(tree)
        if modules(node) & OF_ONE_SYSTEM
    ]
    assert strays == []


def test_the_guard_would_find_such_an_import():
    tree = ast.parse("import os\nimport fcntl.x\nif os.name == 'nt':\n import msvcrt\ndef f():\n import pwd\n")
    assert [node.lineno for node in at_import(tree) if modules(node) & OF_ONE_SYSTEM] == [2]


def test_names_that_only_posix_has_are_asked_for_with_getattr():
    strays = [
        f"{path.relative_to(ROOT)}:{node.lineno} {ast.unparse(node)}"
        for path, node in nodes(ast.Attribute)
        if node.attr in OF_POSIX and ast.unparse(node.value) in {"os", "signal", "socket"}
    ]
    assert strays == []


def test_text_files_are_opened_with_an_encoding():
    before = {"read_text": 0, "write_text": 1}  # arguments that stand before the encoding
    strays = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, node in nodes(ast.Call)
        if isinstance(node.func, ast.Attribute)
        and node.func.attr in before
        and "encoding" not in {word.arg for word in node.keywords}
        and len(node.args) <= before[node.func.attr]
    ]
    assert strays == []


def test_local_paths_are_joined_by_pathlib():
    by_hand = {"os.path.join", "os.path.dirname", "os.path.basename", "os.path.splitext"}
    for_speed = {"run/path_registry.py"}  # 1 µs where a Path takes 2.5, three times for each of thousands of jobs
    strays = {path for path, node in nodes(ast.Call) if dotted_name(node.func) in by_hand}
    assert {path.relative_to(ROOT / "kirin_cli").as_posix() for path in strays} == for_speed


@pytest.fixture(scope="module")
def service():
    with Sandbox(speed=5000) as served:
        yield {"KIRIN_BASE_URL": served.base_url, "KIRIN_API_KEY": served.key, "KIRIN_POLL_SECONDS": "0.02"}


def kirin(folder, *arguments, **more):
    """A run whose streams speak the code page of a western Windows console."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KIRIN_")}
    environment = {
        **kept, "KIRIN_STATE_DIR": str(folder / "state"), "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0",
        "LC_ALL": "C.UTF-8", **more,
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, "-m", "kirin_cli", *arguments], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, encoding="cp1252", timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    "flags",
    [
        (), ("--json", "--progress", "tty"), ("--format", "{name} {prompt} ☂", "--progress", "json"),
        ("--report", "markdown=-"),
    ],
)  # fmt: skip
def test_a_console_that_lacks_the_characters_gets_them_replaced(tmp_path, service, flags):
    (tmp_path / "jobs.yaml").write_text(JOBS, encoding="utf-8")
    ended = kirin(tmp_path, "run", "jobs.yaml", "--scope", str(tmp_path), *flags, **service)
    assert ended.returncode == 0, ended.stderr
    assert "\\u6e2f" in ended.stdout + ended.stderr
    (video,) = (tmp_path / "renders").glob("*.mp4")
    assert video.stem.startswith("港の夜")


@pytest.mark.parametrize("command", [("--help",), ("models", "video-o1"), ("help", "sandbox")])
def test_help_is_written_on_such_a_console_too(tmp_path, command):
    ended = kirin(tmp_path, *command)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_what_is_wrong_with_such_a_file_is_said_on_such_a_console(tmp_path):
    (tmp_path / "港.yaml").write_text(JOBS.replace("duration: 5", "duration: 港"), encoding="utf-8")
    ended = kirin(tmp_path, "validate", "港.yaml")
    assert ended.returncode == 2
    assert "\\u6e2f.yaml:6:" in ended.stderr


def test_ci_runs_on_every_system_with_the_oldest_and_the_newest_python():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    assert {"push", "pull_request"} <= set(workflow[True])  # YAML 1.1 reads `on` so
    job = workflow["jobs"]["test"]
    matrix = job["strategy"]["matrix"]
    assert [one.partition("-")[0] for one in matrix["os"]] == ["ubuntu", "macos", "windows"]
    assert matrix["python"] == ["3.11", "3.14"]
    assert [one["versions"] for one in matrix["include"]] == ["lowest"]
    assert job["runs-on"] == "${{ matrix.os }}"
    set_up = next(step for step in job["steps"] if "setup-python" in step.get("uses", ""))
    assert set_up["with"]["python-version"] == "${{ matrix.python }}"
    commands = [step["run"] for step in job["steps"] if "run" in step]
    assert commands[0].startswith("python -m pip install -e '.[test]'")
    assert "python -m pytest" in commands
    assert commands[-1] == "kirin run sample_jobs/quickstart.yaml --sandbox"
    assert f">={matrix['python'][0]}" in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def zipped(tmp_path_factory) -> Path:
    """The package as zipapp, shiv and pex may leave it: in an archive from which Python imports."""
    archive = tmp_path_factory.mktemp("zipped") / "kirin.zip"
    package = Path(kirin_cli.__file__).parent
    with zipfile.ZipFile(archive, "w") as file:
        for path in package.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                file.write(path, path.relative_to(package.parent))
    return archive


@pytest.mark.parametrize("arguments", [["--version"], ["run", "--help"]], ids=lambda arguments: arguments[0])
def test_a_package_that_stays_zipped_starts(zipped, tmp_path, arguments):
    home = Home(tmp_path)
    code = (
        "import runpy, kirin_cli; assert '.zip' in kirin_cli.__file__; runpy.run_module('kirin_cli', None, '__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=home.work, env=home.environ(PYTHONPATH=str(zipped)),
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_a_package_that_stays_zipped_works(zipped, tmp_path):
    home = Home(tmp_path)
    (home.work / "jobs.yaml").write_text("jobs: [{name: a, model: kirin_v1_t2v, params: {prompt: x}}]\n")
    lines = [
        ["v1-t2v", "hi", "--sandbox", "--report", "html=gallery.html"],
        ["validate", "jobs.yaml", "--report", "sarif=found.sarif"],
        ["schema"],
        ["init", "v1-5-i2v"],
        ["init", "quickstart", "-o", "quick.yaml"],
        ["completion", "zsh"],
    ]
    results = run_several(lines, cwd=home.work, env=home.environ(PYTHONPATH=str(zipped)))
    for arguments, result in zip(lines, results, strict=True):
        assert result.exit_code == 0, (arguments, result.stderr)
        assert result.stdout or arguments[0] == "validate"
