"""Processes of `kirin` forked from one that has imported it already: a third of the time that a fresh one takes.

They are processes like any other, with streams, signals and an end of their own. Where the environment has
other settings of the interpreter or another locale than the tests themselves, a fresh one is started.
"""

import atexit
import gc
import importlib
import os
import pkgutil
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from typing import Any, NoReturn, TextIO

from support.fork_client import ask_to_fork, receive, receive_request

KIRIN = (sys.executable, "-m", "kirin_cli")
HERE_IS_YOUR_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)
AT_A_TERMINAL = (sys.executable, "-ISc", HERE_IS_YOUR_TERMINAL)


class ForkedProcess:
    """A command under way: what tests use of a Popen. `connection`: to the server, which tells its end."""

    def __init__(self, pid: int, connection: socket.socket) -> None:
        self.pid, self.returncode = pid, None
        self._connection = connection
        self._poll = select.poll()
        self._poll.register(connection, select.POLLIN)

    def poll(self) -> int | None:
        """The exit code, negative for a signal that killed it; None while it runs."""
        return self._read(0)

    def wait(self, timeout: float) -> int:
        """The exit code, at the latest after so many seconds."""
        code = self._read(int(timeout * 1000))
        if code is None:
            raise subprocess.TimeoutExpired("kirin", timeout)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def _read(self, milliseconds: int) -> int | None:
        if self.returncode is None and self._poll.poll(milliseconds):
            self.returncode = int.from_bytes(receive(self._connection, 4), "big", signed=True)
            self._connection.close()
        return self.returncode


Process = ForkedProcess | subprocess.Popen[bytes]
_LOCK = threading.Lock()  # of the server's start
OF_THE_INTERPRETER = ("PYTHON", "LC_", "LANG", "LD_")
"""What names of variables begin with that the interpreter or the loader reads when it starts."""
UTF_8 = "PYTHONUTF8=1"  # how the server itself runs
WITHOUT_EFFECT = {"PYTHONPATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"}


def start_kirin(
    arguments: list[str], *, cwd: Path, env: Mapping[str, str], stdin: int, stdout: int, stderr: int,
    has_terminal: bool = False,
) -> Process:  # fmt: skip
    """Start `kirin` with these arguments, with `stdin` as its controlling terminal if `has_terminal`."""
    if not hasattr(os, "fork") or _interpreter_settings(env) != _interpreter_settings(os.environ):
        line = [*(AT_A_TERMINAL if has_terminal else ()), *KIRIN, *arguments]
        streams = {"stdin": stdin, "stdout": stdout, "stderr": stderr}
        return subprocess.Popen(line, cwd=cwd, env=env, start_new_session=has_terminal, **streams)
    with _LOCK:
        server = _server()
    request = {"arguments": arguments, "cwd": str(cwd), "env": dict(env), "has_terminal": has_terminal}
    return ForkedProcess(*ask_to_fork(server, request, [stdin, stdout, stderr]))


def run_kirin(arguments: list[str], *, cwd: Path, env: Mapping[str, str], timeout: float) -> tuple[int, str, str]:
    """Run it to its end: its exit code, and what it wrote to standard output and error."""
    with Path(os.devnull).open("rb") as nothing, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        streams = {"stdin": nothing.fileno(), "stdout": out.fileno(), "stderr": err.fileno()}
        process = start_kirin(arguments, cwd=cwd, env=env, **streams)
        try:
            code = process.wait(timeout)
        finally:
            process.kill()
        said = [os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0) for file in (out, err)]
    return code, said[0].decode(), said[1].decode()


def _interpreter_settings(environ: Mapping[str, str]) -> dict[str, str]:
    found = {name: value for name, value in environ.items() if name.startswith(OF_THE_INTERPRETER) and value}
    return {name: value for name, value in found.items() if f"{name}={value}" != UTF_8 and name not in WITHOUT_EFFECT}


def write_program(path: Path) -> None:
    """A `kirin` for scripts, which has the server fork it."""
    with _LOCK:
        client = [sys.executable, "-IS", str(Path(__file__).with_name("fork_client.py")), _server()]
    path.write_text(f'#!/bin/sh\nexec {shlex.join(client)} "$@"\n')
    path.chmod(0o755)


@cache
def _server() -> str:
    """The path of the server's socket. One for each worker; it ends with that, when nobody writes into its pipe."""
    folder = tempfile.mkdtemp(prefix="kirin-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    lives, _ = os.pipe()
    os.set_inheritable(lives, True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{folder}/socket")
    listener.listen(64)
    listener.set_inheritable(True)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("KIRIN")}
    environ |= {"PYTHONUTF8": "1", "PYTHONPATH": str(Path(__file__).parents[1])}
    os.posix_spawn(sys.executable, [sys.executable, __file__, str(listener.fileno()), str(lives)], environ)
    listener.close()
    os.close(lives)
    return f"{folder}/socket"


def serve(listener: socket.socket, lives: int) -> dict[str, Any] | None:
    """Fork for each request; in the fork return what it is to do, in the server None at the end."""
    _import_kirin()
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    askers: dict[int, socket.socket] = {}
    while True:
        ready = select.select([listener, reader, lives], [], [])[0]
        if lives in ready:
            return None
        if reader in ready:
            os.read(reader, 1 << 10)
            _report_ends(askers)
        if listener in ready:
            connection = listener.accept()[0]
            request, descriptors = receive_request(connection)
            if (pid := os.fork()) == 0:
                for other in (listener, connection, *askers.values()):
                    other.close()
                for other in (reader, writer, lives):
                    os.close(other)
                signal.set_wakeup_fd(-1)
                return {**request, "streams": descriptors}
            for descriptor in descriptors:
                os.close(descriptor)
            askers[pid] = connection
            connection.sendall(pid.to_bytes(4, "big"))


def _import_kirin() -> None:
    import kirin_cli  # noqa: PLC0415  (only the server imports it)

    for module in pkgutil.walk_packages(kirin_cli.__path__, "kirin_cli."):
        importlib.import_module(module.name)
    from kirin_cli.cli import session  # noqa: PLC0415  (only the server imports it)
    from kirin_cli.sandbox import server  # noqa: PLC0415

    # That of --sandbox takes 2 s for a video, so that a person sees how it goes; no test looks on.
    server.Sandbox, session.SANDBOX_POLL = partial(server.Sandbox, speed=5000), 0.02
    gc.collect()
    gc.freeze()


def _report_ends(askers: dict[int, socket.socket]) -> None:
    while askers:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        with askers.pop(pid) as connection, suppress(OSError):  # who asked may have gone
            connection.sendall(os.waitstatus_to_exitcode(status).to_bytes(4, "big", signed=True))


def become(request: dict[str, Any]) -> None:
    """Take on streams, folder, environment and signals, as an interpreter that was just started has them."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, descriptor in enumerate(request["streams"]):
        os.dup2(descriptor, number)
        os.close(descriptor)
    if request["has_terminal"]:
        import fcntl  # noqa: PLC0415  (Windows has none of the two)
        import termios  # noqa: PLC0415

        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    sys.stdin = _text_stream(0, "r", "surrogateescape")
    sys.stdout = _text_stream(1, "w", "surrogateescape")
    sys.stderr = _text_stream(2, "w", "backslashreplace")
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv = ["kirin", *request["arguments"]]


def leave(code: int) -> NoReturn:
    """End as an interpreter does, but for taking itself apart, which costs three times what a short command does."""
    threading._shutdown()
    atexit._run_exitfuncs()
    with suppress(OSError, ValueError):  # otherwise the interpreter says what it says when a stream cannot be flushed
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _text_stream(descriptor: int, mode: str, errors: str) -> TextIO:
    buffering = 1 if descriptor == 2 or os.isatty(descriptor) else -1
    return os.fdopen(descriptor, mode, buffering, encoding="utf-8", errors=errors, closefd=False)


if __name__ == "__main__":
    asked = serve(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]))
    if asked is not None:
        become(asked)
        from kirin_cli.__main__ import main

        leave(main())
