"""`kirin sandbox`: a service of one's own, from the shell."""

import json
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def serving(workspace, *flags: str) -> "Iterator[subprocess.Popen[str]]":
    command = [sys.executable, "-m", "kirin_cli", "sandbox", "--speed", "300", *flags]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=workspace.home.work, env=workspace.home.environ(), **pipes) as process:
        try:
            yield process
        finally:
            process.kill()


def exported(line: str) -> tuple[str, str]:
    word, assignment = shlex.split(line)
    assert word == "export"
    name, _, value = assignment.partition("=")
    return name, value


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_what_a_shell_needs_and_serves_until_it_is_stopped(workspace, number):
    with serving(workspace, "--key", "it's-a-key", "--shell", "bash") as process:
        environ = dict(exported(process.stdout.readline()) for _ in range(3))
        assert environ["KIRIN_API_KEY"] == "it's-a-key"
        assert environ["KIRIN_UPLOAD_URL"].startswith(environ["KIRIN_BASE_URL"])
        workspace.jobs("rain")
        workspace.kirin("run", "jobs.yaml", **environ)
        process.send_signal(number)
        assert process.wait(10) == 0
        assert process.stderr.read() == "the sandbox serves until Ctrl-C\n"
    assert workspace.videos == ["rain.mp4"]
    assert workspace.paid == 0


def test_it_prints_json_for_programs(workspace):
    with serving(workspace, "--json", "--fail-rate", "1", "--fault", "post:503@1") as process:
        said = json.loads(process.stdout.readline())
    assert said["base_url"].startswith("http://127.0.0.1:")
    assert said["key"].startswith("sandbox-")
    assert said["environment"] == {
        "KIRIN_BASE_URL": said["base_url"], "KIRIN_UPLOAD_URL": said["upload_url"], "KIRIN_API_KEY": said["key"],
    }  # fmt: skip


def test_it_shows_each_request_and_no_key(workspace):
    with serving(workspace, "--verbose", "--one-port", "--json", "--fault", "query:reset@1") as process:
        environ = json.loads(process.stdout.readline())["environment"]
        workspace.kirin("v1-t2v", "rain", **environ)
        process.send_signal(signal.SIGINT)
        process.wait(60)
        lines = [line.split(" ", 1)[1] for line in process.stderr.read().splitlines()[1:]]
    assert "POST /model/v1/generation 200" in lines
    assert [line for line in lines if line.startswith("GET /model/v1/generation/task/") and line.endswith(" reset")]
    assert [line for line in lines if line.startswith("GET /files/") and line.endswith("/video.mp4 200")]
    assert environ["KIRIN_API_KEY"] not in str(lines)


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("--shell", "csh"),
        ("--host", "0.0.0.0"),
        ("--host", "::"),
        ("--host", "some.name"),
        ("--fault", "post:tea"),
        ("--speed", "0"),
        ("--fail-rate", "2"),
        ("--latency", "-1"),
    ],
)
def test_values_that_make_no_sense_are_refused(workspace, flag, value):
    assert workspace.kirin("sandbox", f"{flag}={value}", expect=2).stdout == ""


def test_what_cannot_be_listened_at_is_a_local_fault(workspace):
    flags = ("--host", "nowhere.invalid", "--key", "some-key-1234")
    assert "cannot listen on port 0 at nowhere.invalid" in workspace.kirin("sandbox", *flags, expect=9).stderr


def test_a_port_that_is_taken_is_a_local_fault(workspace):
    taken = workspace.sandbox.base_url.rpartition(":")[2]
    assert f"cannot listen on port {taken}" in workspace.kirin("sandbox", "--port", taken, expect=9).stderr
