"""Who a process is, and whether another one still lives. Knows no database.

Certainty is claimed only on the same machine, boot and PID namespace; everywhere else, and on Windows, where asking by
signal 0 would kill, the answer is "cannot tell" and the lease's time decides.
"""

import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_BOOT = _PROC / "sys/kernel/random/boot_id"
_GONE = frozenset({"Z", "X", "x"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """One process: host name, boot (with PID namespace), id, start time in the system's own unit ("": unknown)."""

    host: str
    boot: str
    pid: int
    started: str


def myself() -> Owner:
    """This process."""
    pid = os.getpid()
    return Owner(host=socket.gethostname(), boot=_boot(), pid=pid, started=_stat(pid)[1])


def lives(owner: Owner, me: Owner) -> bool | None:
    """Whether the process `owner` certainly lives (True) or certainly does not (False); None: cannot tell from here."""
    if (owner.host, owner.boot) != (me.host, me.boot) or sys.platform == "win32":
        return None
    if not _answers(owner.pid):
        return False
    state, started = _stat(owner.pid)
    if state in _GONE:
        return False
    return started == owner.started if started and owner.started else None


def _answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _boot() -> str:
    # Containers share a kernel, and thus its boot id, but not their process ids.
    try:
        return f"{_BOOT.read_text(encoding='ascii').strip()} {(_PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return ""


def _stat(pid: int) -> tuple[str, str]:
    # The second field is the command's name in brackets and may hold spaces and brackets itself.
    try:
        fields = (_PROC / str(pid) / "stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return "", ""
    return fields[0], fields[19]
