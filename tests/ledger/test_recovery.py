"""The recovery file: a task id that the ledger could not take is not lost (fault L2)."""

import json
import os
import subprocess
import sys

import pytest

from kirin_cli.errors import LocalError
from kirin_cli.ledger import recovery
from kirin_cli.ledger.ledger import Ledger
from kirin_cli.ledger.recovery import RECOVERY_FILE, SPACE_FILE, RecoveredTask
from kirin_cli.ledger.states import LedgerEvent, LedgerState

posix = pytest.mark.skipif(os.name != "posix", reason="limits and mounts of this kind are POSIX")

CHILD = """
import sys, os, resource, signal
from pathlib import Path
from kirin_cli.errors import LocalError
from kirin_cli.ledger.entry import Intent
from kirin_cli.ledger.ledger import Ledger
from kirin_cli.ledger.states import LedgerEvent
folder, when, how = Path(sys.argv[1]), sys.argv[2], sys.argv[3]

def fill():
    if how == "limit":
        size = (folder / "ledger.sqlite3-wal").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        return
    with (folder / "ballast").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass

ledger = Ledger.open(folder, lambda: 1000.0)
intent = Intent(origin="o", account="a", external_id="krn1-x", model="m", request="{}", job="j")
entry = ledger.intend(intent)
if when == "before":
    fill()
try:
    entry = ledger.move(entry, LedgerEvent.SEND)
    fill()
    ledger.move(entry, LedgerEvent.ACCEPTED, task_id="task-1")
except LocalError as fault:
    print(fault.exit_code, fault)
"""


def run(folder, when, how, *, prefix=()):
    command = [*prefix, sys.executable, "-c", CHILD, str(folder), when, how]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def saved(**given):
    named = {"origin": "https://service.example", "account": "0011223344556677", "external_id": f"krn1-{1:026d}"}
    return RecoveredTask(**{**named, "task_id": "task-1", "at": 1.0, **given})


@posix
def test_l1_no_space_before_the_post_no_post(folder, clock):
    said = run(folder, "before", "limit")
    assert said.stdout.startswith("9 ")
    assert "task-1" not in said.stdout
    with Ledger.open(folder, clock) as ledger:
        assert ledger.store.read("SELECT state, posts FROM entries")[0][:] == ("intent", 0)


@posix
def test_l2_no_space_after_the_answer_the_task_id_is_said_and_saved(folder, clock):
    said = run(folder, "after", "limit")
    assert said.stdout.startswith("9 ")
    assert "task-1" in said.stdout
    assert "task-1" in (folder / RECOVERY_FILE).read_text()
    with Ledger.open(folder, clock) as ledger:
        assert ledger.store.read("SELECT state, task_id FROM entries")[0][:] == ("accepted", "task-1")


@posix
def test_l2_on_a_disk_that_is_really_full_the_spare_makes_room(tmp_path):
    script = f"""mount -t tmpfs -o size=1m tmpfs {tmp_path} || exit 77
        "$@"; cat {tmp_path}/state/{RECOVERY_FILE}; ls {tmp_path}/state"""
    said = run(tmp_path / "state", "after", "fill", prefix=["unshare", "-rm", "sh", "-c", script, "sh"])
    if said.returncode == 77 or "unshare" in said.stderr:
        pytest.skip("no mounts of one's own here")
    assert said.stdout.startswith("9 "), said.stderr
    assert "no space" in said.stdout
    written = [json.loads(line) for line in said.stdout.splitlines() if line.startswith("{")]
    assert [line["task_id"] for line in written] == ["task-1"]
    assert SPACE_FILE not in said.stdout


def test_what_was_saved_is_taken_in_when_opened_again(folder, ledger, clock, intent):
    ledger.move(ledger.intend(intent()), LedgerEvent.SEND)
    recovery.write_recovery(folder, saved())
    with Ledger.open(folder, clock) as again:
        entry = again.get(intent())
        assert (entry.state, entry.task_id, again.orphans) == (LedgerState.ACCEPTED, "task-1", ())
        assert again.history(entry)[-1].why == "from the recovery file"


def test_taking_in_twice_is_taking_in_once(folder, ledger, clock, intent):
    ledger.move(ledger.intend(intent()), LedgerEvent.SEND)
    recovery.write_recovery(folder, saved())
    for _ in range(3):
        Ledger.open(folder, clock).close()
    entry = ledger.get(intent())
    assert entry.version == 2
    assert len(ledger.history(entry)) == 3


def test_a_task_of_an_entry_that_is_not_here_is_an_orphan_to_tell_of(folder, ledger, clock):
    recovery.write_recovery(folder, saved(job="harbour"))
    with Ledger.open(folder, clock) as again:
        assert again.orphans == (saved(job="harbour"),)


@pytest.mark.parametrize("junk", [b"", b"{", b"[]", b"null", b'{"task_id": "x"}', b"\xff\xfe", b'{"origin":' * 50])
def test_cut_and_foreign_lines_are_passed_over(folder, junk):
    folder.mkdir()
    (folder / RECOVERY_FILE).write_bytes(junk)
    recovery.write_recovery(folder, saved())
    assert list(recovery.read_recovery(folder)) == [saved()]


def test_a_deeply_nested_or_mistyped_line_is_passed_over(folder):
    folder.mkdir()
    (folder / RECOVERY_FILE).write_bytes(
        b"[" * 200_000
        + b"\n"
        + json.dumps({"origin": 1, "account": [], "external_id": {}, "task_id": None, "at": "x"}).encode()
    )
    assert list(recovery.read_recovery(folder)) == []


def test_if_it_can_be_written_nowhere_the_task_id_is_in_the_sentence(folder):
    (folder / RECOVERY_FILE).mkdir(parents=True)
    with pytest.raises(LocalError, match=r"task-1.*krn1-"):
        recovery.write_recovery(folder, saved())


@posix
def test_only_the_owner_may_read_it(folder, ledger):
    assert recovery.write_recovery(folder, saved()).stat().st_mode & 0o777 == 0o600
