"""`kirin` as a process of its own against the services of a bench: pipes or a terminal, signals, what it said.

Nothing here sleeps: a test waits for words of the process, for requests at the service, or for the end.
"""

import os
import pty
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from faults import oracle
from faults.worlds import KEY, Bench

PATIENCE = 15.0
"""Seconds after which a wait for a process fails."""
AFTER_A_SIGNAL = 5.0
"""Seconds within which a first Ctrl-C, SIGTERM or SIGHUP ends the command (CLI "Ctrl-C")."""
COMMAND = (sys.executable, "-m", "kirin_cli")


class Kirin:
    """A running command. `out` and `err` are what it has written so far; on a terminal all of it is in `err`."""

    def __init__(self, process: subprocess.Popen[bytes], out: int | None, err: int) -> None:
        self.process = process
        self.began = time.monotonic()
        self._changed = threading.Condition()
        self._said = {"out": b"", "err": b""}
        ends = {"err": err} | ({} if out is None else {"out": out})
        self._readers = [threading.Thread(target=self._read, args=pair, daemon=True) for pair in ends.items()]
        for reader in self._readers:
            reader.start()

    @property
    def out(self) -> str:
        return self._said["out"].decode("utf-8", "surrogateescape")

    @property
    def err(self) -> str:
        return self._said["err"].decode("utf-8", "surrogateescape")

    @property
    def said(self) -> str:
        return self.out + self.err

    def wait_for(self, words: str) -> None:
        """Wait until it has said this."""
        with self._changed:
            assert self._changed.wait_for(lambda: words in self.said, PATIENCE), f"{words!r} is not in {self.said}"

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def stop(self, number: int = signal.SIGINT) -> int:
        """Send a signal; the exit code, which must come soon."""
        began = time.monotonic()
        self.send(number)
        code = self.end()
        assert time.monotonic() - began < AFTER_A_SIGNAL, self.said
        return code

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

    def _read(self, name: str, descriptor: int) -> None:
        with suppress(OSError):  # EIO: how the end of a terminal looks
            while data := os.read(descriptor, 1 << 16):
                with self._changed:
                    self._said[name] += data
                    self._changed.notify_all()
        with suppress(OSError):
            os.close(descriptor)


def environment(machine: Bench, **changes: str) -> dict[str, str]:
    """What a command finds around it: the bench's service and folders, and nothing of the person who tests."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "COVERAGE_PROCESS_START") if name in os.environ}
    return kept | {
        "HOME": str(machine.folder / "home"),
        "PYTHONUTF8": "1",
        "TERM": "xterm",
        "KIRIN_API_KEY": KEY,
        "KIRIN_BASE_URL": machine.api.origin,
        "KIRIN_STATE_DIR": str(machine.folder / "state"),
        "KIRIN_POLL_SECONDS": "0.05",
        "KIRIN_SETTLE_SECONDS": "0",
        **changes,
    }


@contextmanager
def started(machine: Bench, *arguments: str, terminal: bool = False, **environ: str) -> Iterator[Kirin]:
    """The command with these arguments, in the bench's folder; on a `terminal`, or with a pipe at each stream."""
    options: dict[str, object] = {"cwd": machine.folder, "env": environment(machine, **environ)}
    if terminal:
        near, far = pty.openpty()
        process = subprocess.Popen([*COMMAND, *arguments], stdin=far, stdout=far, stderr=far, start_new_session=True, **options)  # type: ignore[call-overload]
        os.close(far)
        running = Kirin(process, None, near)
    else:
        (out, theirs), (err, other) = os.pipe(), os.pipe()
        process = subprocess.Popen([*COMMAND, *arguments], stdin=subprocess.DEVNULL, stdout=theirs, stderr=other, **options)  # type: ignore[call-overload]
        os.close(theirs), os.close(other)
        running = Kirin(process, out, err)
    try:
        yield running
    finally:
        running.kill()


def ran(machine: Bench, *arguments: str, terminal: bool = False, **environ: str) -> tuple[int, Kirin]:
    """The command to its end: its exit code, and what it said."""
    with started(machine, *arguments, terminal=terminal, **environ) as running:
        return running.end(), running


def judge(machine: Bench, *said: Kirin) -> None:
    """The oracle for commands that were processes."""
    oracle.tasks_are_paid_once(machine.api)
    oracle.ids_are_kept({task.id for task in machine.api.truth.tasks}, machine.folder / "state")
    oracle.files_are_whole(machine.renders, machine.cdn)
    oracle.key_is_nowhere(KEY, "".join(one.said for one in said), machine.folder)
