"""`kirin` as a process of its own against the services of a bench: pipes or a terminal, signals, what it said.

Nothing here sleeps: a test waits for words of the process, for requests at the service, or for the end.
"""

import os
import pty
import select
import shlex
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from faults import oracle
from faults.bench import KEY, Bench
from support.fork_server import AT_A_TERMINAL, KIRIN, Process, start_kirin, write_program

PATIENCE = 60.0
"""Seconds after which a wait for a process fails."""
AFTER_A_SIGNAL = 20.0
"""Seconds within which a first Ctrl-C, SIGTERM or SIGHUP ends the command on a busy machine too (fault G1)."""
HANDED_ON = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "COVERAGE_PROCESS_START")


class Running:
    """A command under way. `out` and `err` are what it has written so far; on a terminal all of it is in `err`."""

    def __init__(self, process: Process, ends: dict[str, int], terminal: int = -1) -> None:
        self.process, self.terminal = process, terminal
        self._changed = threading.Condition()
        self._written = {"out": b"", "err": b""}
        self._left = threading.Event()
        self._readers = [threading.Thread(target=self._read, args=end, daemon=True) for end in ends.items()]
        for reader in self._readers:
            reader.start()

    @property
    def out(self) -> str:
        return self._written["out"].decode("utf-8", "surrogateescape")

    @property
    def err(self) -> str:
        return self._written["err"].decode("utf-8", "surrogateescape")

    @property
    def output(self) -> str:
        return self.out + self.err

    @property
    def lines(self) -> list[str]:
        """The lines of standard error."""
        return self.err.splitlines()

    def wait_for(self, words: str) -> None:
        """Wait until it has said this."""
        with self._changed:
            assert self._changed.wait_for(lambda: words in self.output, PATIENCE), f"{words!r} is not in {self.output}"

    def stop(self, number: int = signal.SIGINT) -> int:
        """Send a signal; the exit code, which must come soon."""
        return self.ends_after(lambda: self.process.send_signal(number))

    def press(self, keys: bytes) -> None:
        """Type at the terminal."""
        os.write(self.terminal, keys)

    def ends_after(self, act: Any) -> int:
        """The exit code, which must come soon after this."""
        began = time.monotonic()
        act()
        code = self.end()
        assert time.monotonic() - began < AFTER_A_SIGNAL, self.output
        return code

    def hang_up(self) -> None:
        """Close the window of the terminal, or stop reading the pipes."""
        self._left.set()
        for reader in self._readers:
            reader.join(PATIENCE)

    def end(self) -> int:
        """Wait for its end and its last words; the exit code, negative for a signal that killed it."""
        code = self.process.wait(PATIENCE)
        for reader in self._readers:
            reader.join(PATIENCE)
        return code

    def kill(self) -> None:
        """Leave nothing behind."""
        with suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait(PATIENCE)
        self.hang_up()

    def _read(self, name: str, descriptor: int) -> None:
        try:
            while not self._left.is_set():
                if select.select([descriptor], [], [], 0.05)[0]:
                    data = os.read(descriptor, 1 << 16)
                    if not data:
                        return
                    with self._changed:
                        self._written[name] += data
                        self._changed.notify_all()
        except OSError:  # EIO: how the end of a terminal looks
            return
        finally:
            os.close(descriptor)


def environment(machine: Bench, **changes: str) -> dict[str, str]:
    """What a command finds around it: the bench's service and folders, and nothing of the person who tests."""
    return {name: os.environ[name] for name in HANDED_ON if name in os.environ} | {
        "HOME": str(machine.folder / "home"),
        "PYTHONUTF8": "1",
        "TERM": "xterm",
        "KIRIN_API_KEY": KEY,
        "KIRIN_BASE_URL": machine.api.origin,
        "KIRIN_STATE_DIR": str(machine.folder / "state"),
        "KIRIN_POLL_SECONDS": "0.02",
        "KIRIN_SETTLE_SECONDS": "0",
        **changes,
    }


@contextmanager
def start_process(
    machine: Bench, *arguments: str, terminal: bool = False, size: tuple[int, int] = (24, 80),
    command: tuple[str, ...] = KIRIN, **environ: str,
) -> Iterator[Running]:  # fmt: skip
    """The command with these arguments, in the bench's folder; with a pipe at each stream, or at a `terminal`.

    `size`: lines and columns of that.
    """
    options: dict[str, Any] = {"cwd": machine.folder, "env": environment(machine, **environ)}
    if terminal:
        running = _at_a_terminal(command, list(arguments), options, size=size)
    else:
        running = _in_a_pipe(command, list(arguments), options)
    try:
        yield running
    finally:
        running.kill()


def run_process(
    machine: Bench, *arguments: str, terminal: bool = False, size: tuple[int, int] = (24, 80),
    command: tuple[str, ...] = KIRIN, **environ: str,
) -> tuple[int, Running]:  # fmt: skip
    """The command to its end: its exit code, and what it said."""
    with start_process(machine, *arguments, terminal=terminal, size=size, command=command, **environ) as running:
        return running.end(), running


def shell(machine: Bench, line: str, *, fresh: bool = False, **environ: str) -> tuple[int, Running]:
    """A line of shell in which `kirin` is this program; `fresh`: begun by the shell, not forked from what runs."""
    folder = machine.folder / "bin"
    folder.mkdir(exist_ok=True)
    if fresh:
        (folder / "kirin").write_text(f'#!/bin/sh\nexec {sys.executable} -m kirin_cli "$@"\n')
        (folder / "kirin").chmod(0o755)
    else:
        write_program(folder / "kirin")
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    return run_process(machine, line, command=("bash", "-c"), PATH=path, **environ)


def judge(machine: Bench, *processes: Running) -> None:
    """The oracle for commands that were processes."""
    oracle.tasks_are_paid_once(machine.api)
    oracle.ids_are_kept({task.id for task in machine.api.truth.tasks}, machine.folder / "state")
    oracle.files_are_whole(machine.renders, machine.cdn)
    oracle.key_is_nowhere(KEY, "".join(process.output for process in processes), machine.folder)


def _in_a_pipe(command: tuple[str, ...], arguments: list[str], options: dict[str, Any]) -> Running:
    (out, far_out), (err, far_err) = os.pipe(), os.pipe()
    with Path(os.devnull).open("rb") as nothing:
        streams = {"stdin": nothing.fileno(), "stdout": far_out, "stderr": far_err}
        process: Process
        if command == KIRIN:
            process = start_kirin(arguments, **streams, **options)
        else:
            process = subprocess.Popen([*command, *arguments], **streams, **options)
    os.close(far_out)
    os.close(far_err)
    return Running(process, {"out": out, "err": err})


def _at_a_terminal(
    command: tuple[str, ...], arguments: list[str], options: dict[str, Any], *, size: tuple[int, int]
) -> Running:
    near, far = pty.openpty()
    termios.tcsetwinsize(far, size)
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), far)
    process: Process
    if command == KIRIN:
        process = start_kirin(arguments, has_terminal=True, **streams, **options)
    else:
        line = [*AT_A_TERMINAL, *command, *arguments]
        process = subprocess.Popen(line, start_new_session=True, **streams, **options)
    os.close(far)
    return Running(process, {"err": near}, near)


def quoted(text: str) -> str:
    """The text as one word of shell."""
    return shlex.quote(text)
