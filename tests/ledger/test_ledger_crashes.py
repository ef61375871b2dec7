"""Real processes, really killed: what was acknowledged is there, and of two that race one wins."""

import subprocess
import sys

import pytest

from kirin_cli.ledger.ledger import Ledger
from kirin_cli.ledger.queries import select_entries
from kirin_cli.ledger.states import LedgerState

HEAD = """
import sys, time
from pathlib import Path
from kirin_cli.ledger.entry import Intent
from kirin_cli.ledger.ledger import Ledger, ConcurrentUpdate
from kirin_cli.ledger.leases import Leases
from kirin_cli.ledger.queries import select_entries
from kirin_cli.ledger.states import LedgerEvent
def intent(n):
    return Intent(origin="o", account="a", external_id=f"krn1-{n}", model="m", request="{}", job_file="a")
ledger = Ledger.open(Path(sys.argv[1]), time.time)
"""
WRITER = (
    HEAD
    + """
for number in range(int(sys.argv[2]), 10**9):
    entry = ledger.intend(intent(number))
    print("intent", number, flush=True)
    entry = ledger.move(entry, LedgerEvent.SEND)
    print("sending", number, flush=True)
    ledger.move(entry, LedgerEvent.ACCEPTED, task_id=f"task-{number}")
    print("accepted", number, flush=True)
"""
)
BEGINNER = (
    HEAD
    + """
ledger.intend(intent(sys.argv[2]))
print("intent", flush=True)
sys.stdin.readline()
"""
)
RACER = (
    HEAD
    + """
entries = [ledger.intend(intent(number)) for number in range(40)]
print("ready", flush=True)
sys.stdin.readline()
for entry in entries:
    try:
        ledger.move(entry, LedgerEvent.SEND)
        print("won", entry.external_id, flush=True)
    except ConcurrentUpdate:
        pass
"""
)
HOLDER = (
    HEAD
    + """
entries, leases = [ledger.intend(intent(number)) for number in range(40)], Leases(ledger.store, time.time)
print("ready", flush=True)
sys.stdin.readline()
for entry in entries:
    if leases.acquire(entry).granted:
        print("won", entry.external_id, flush=True)
print("end", flush=True)
sys.stdin.readline()
"""
)
ORDER = [LedgerState.INTENT, LedgerState.SENDING, LedgerState.ACCEPTED]


def start(code, *arguments):
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)


@pytest.mark.parametrize("lines", [1, 2, 3, 50, 97])
def test_s18_every_acknowledged_commit_outlives_kill_9(folder, clock, lines):
    with start(WRITER, folder, 0) as child:
        said = [child.stdout.readline().split() for _ in range(lines)]
        child.kill()
        said += [line.split() for line in child.stdout.read().splitlines()]
    acknowledged = {f"krn1-{number}": LedgerState(word) for word, number in (pair for pair in said if len(pair) == 2)}
    with Ledger.open(folder, clock) as ledger:
        there = {entry.external_id: entry for entry in select_entries(ledger.store)}
        for external_id, state in acknowledged.items():
            assert ORDER.index(there[external_id].state) >= ORDER.index(state)
            assert (there[external_id].task_id is not None) == (there[external_id].state is LedgerState.ACCEPTED)
        assert len(there) <= len(acknowledged) + 1


def test_s18_kill_9_at_the_very_beginning_leaves_a_folder_that_works(folder, clock):
    for lines in range(6):
        with start(WRITER, folder, lines * 1000) as child:
            for _ in range(lines):
                child.stdout.readline()
            child.kill()
        Ledger.open(folder, clock).close()


def race(code, folder):
    """What each of two processes won, and the processes, still there."""
    racers = [start(code, folder) for _ in range(2)]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    return racers


def end(racer):
    racer.kill()
    racer.communicate()


def test_g4_of_two_processes_one_sends(folder, clock):
    racers = race(RACER, folder)
    won = [line.split()[1] for racer in racers for line in racer.communicate()[0].splitlines()]
    assert len(won) == len(set(won)) == 40
    with Ledger.open(folder, clock) as ledger:
        assert {entry.counters.posts for entry in select_entries(ledger.store)} == {1}


@pytest.mark.skipif(sys.platform != "linux", reason="certainty needs /proc")
def test_g4_g5_of_two_processes_one_holds_and_the_survivor_inherits(folder, clock):
    first, second = race(HOLDER, folder)
    won = [[line.split()[1] for line in iter(racer.stdout.readline, "end\n")] for racer in (first, second)]
    assert len(won[0]) + len(won[1]) == len({*won[0], *won[1]}) == 40
    end(first)
    third = start(HOLDER, folder)
    assert third.stdout.readline() == "ready\n"
    third.stdin.write("go\n")
    third.stdin.flush()
    inherited = [line.split()[1] for line in iter(third.stdout.readline, "end\n")]
    assert sorted(inherited) == sorted(won[0])
    end(second)
    end(third)


def test_g4_two_processes_that_begin_at_once_make_one_ledger(folder, clock):
    # Writers that go on without a pause would keep one that has not begun yet from its turn for as long as it waits.
    children = [start(BEGINNER, folder, number) for number in range(3)]
    for child in children:
        assert child.stdout.readline() == "intent\n"
    for child in children:
        end(child)
    with Ledger.open(folder, clock) as ledger:
        there = {entry.external_id for entry in select_entries(ledger.store)}
    assert there == {f"krn1-{number}" for number in range(3)}
    assert not list(folder.glob("*.new"))
