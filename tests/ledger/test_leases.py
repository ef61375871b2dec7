"""Leases: a live one is left alone, a dead one is taken, and whoever lost one cannot move anything any more."""

import os
import subprocess
import sys

import pytest

from kirin_cli.errors import LocalError
from kirin_cli.ledger.leases import LEASE_SECONDS, LeaseOwner, Leases, current_process, is_alive
from kirin_cli.ledger.ledger import ConcurrentUpdate, Ledger
from kirin_cli.ledger.rate_limits import SharedLimit
from kirin_cli.ledger.states import LedgerEvent, LedgerState

linux = pytest.mark.skipif(sys.platform != "linux", reason="certainty needs /proc")


def owner(pid, host="here"):
    return LeaseOwner(host=host, boot="b", pid=pid, started="1")


@pytest.fixture
def alive():
    return {1, 2}


@pytest.fixture
def leases(ledger, clock, alive):
    """Makes the leases of process `pid`; only those in `alive` live, and hosts other than "here" cannot be seen."""

    def probe(holder, me):
        return holder.pid in alive if holder.host == me.host else None

    return lambda pid, host="here": Leases(ledger.store, clock, me=owner(pid, host), lives=probe)


def test_a_free_entry_is_granted_and_ours_stays_ours(ledger, leases, intent):
    mine = leases(1)
    claim = mine.acquire(ledger.intend(intent()))
    assert claim.granted
    assert not claim.took_over
    again = mine.acquire(claim.entry)
    assert (again.granted, again.entry) == (True, claim.entry)


def test_a_live_lease_is_left_alone_and_says_who_has_it(ledger, leases, intent):
    claim = leases(1).acquire(ledger.intend(intent()))
    refused = leases(2).acquire(claim.entry)
    assert (refused.granted, refused.took_over, refused.holder) == (False, False, owner(1))
    assert refused.entry == claim.entry


def test_a_released_entry_is_free(ledger, leases, intent):
    mine = leases(1)
    claim = mine.acquire(ledger.intend(intent()))
    mine.release(claim.entry)
    other = leases(2).acquire(claim.entry)
    assert (other.granted, other.took_over) == (True, False)


@pytest.mark.parametrize("is_stale", [False, True], ids=["fresh", "stale"])
def test_a_lease_brings_the_entry_as_the_ledger_has_it_however_old_the_copy(ledger, leases, intent, is_stale):
    copy = ledger.intend(intent())
    if is_stale:
        ledger.move(ledger.move(copy, LedgerEvent.SEND), LedgerEvent.ACCEPTED, task_id="t1")
    claim = leases(1).acquire(copy)
    assert (claim.granted, claim.took_over, claim.entry) == (True, False, ledger.get(copy))
    assert claim.entry.state is (LedgerState.ACCEPTED if is_stale else LedgerState.INTENT)


def test_a_lease_of_what_was_withdrawn_is_refused_in_words(ledger, leases, intent):
    copy = ledger.intend(intent())
    ledger.withdraw(copy)
    with pytest.raises(LocalError, match="was given up"):
        leases(1).acquire(copy)


def test_only_the_holder_releases(ledger, leases, intent):
    claim = leases(1).acquire(ledger.intend(intent()))
    other = leases(2)
    other.release(claim.entry)
    assert not other.acquire(claim.entry).granted


def test_closing_lets_go_of_everything(ledger, leases, intent):
    mine, entries = leases(1), ledger.intend_all(intent(number) for number in range(3))
    for entry in entries:
        mine.acquire(entry)
    mine.close()
    other = leases(2)
    assert all(other.acquire(entry).granted for entry in entries)


def test_g5_a_dead_owner_is_succeeded_and_the_history_says_so(ledger, leases, alive, intent):
    claim = leases(1).acquire(ledger.intend(intent()))
    ledger.move(claim.entry, LedgerEvent.SEND)
    alive.remove(1)
    taken = leases(2).acquire(claim.entry)
    assert taken.took_over
    assert taken.holder == owner(1)
    assert taken.entry.state is LedgerState.SENDING
    assert ledger.history(taken.entry)[-1].event == "taken over"


def test_g5_the_former_owner_can_move_nothing_any_more(ledger, leases, alive, intent):
    sending = ledger.move(leases(1).acquire(ledger.intend(intent())).entry, LedgerEvent.SEND)
    alive.remove(1)
    leases(2).acquire(sending)
    with pytest.raises(ConcurrentUpdate):
        ledger.move(sending, LedgerEvent.NOT_SENT)


@pytest.mark.parametrize("jump", [10 * 365 * 86400, LEASE_SECONDS + 1, -3600])
def test_l6_on_this_machine_the_clock_takes_no_lease_away(ledger, leases, clock, intent, jump):
    claim = leases(1).acquire(ledger.intend(intent()))
    clock.now += jump
    assert not leases(2).acquire(claim.entry).granted


def test_an_owner_that_cannot_be_seen_has_until_its_time_is_over(ledger, leases, clock, intent):
    far = leases(1, host="there")
    claim, mine = far.acquire(ledger.intend(intent())), leases(2)
    clock.now += LEASE_SECONDS - 1
    assert not mine.acquire(claim.entry).granted
    far.renew()
    clock.now += LEASE_SECONDS - 1
    assert not mine.acquire(claim.entry).granted
    clock.now += 2
    assert mine.acquire(claim.entry).took_over


def test_l6_a_clock_set_back_lengthens_no_lease_beyond_its_length(ledger, clock, intent):
    steady, far = [0.0], Leases(ledger.store, clock, me=owner(1, "there"))
    claim = far.acquire(ledger.intend(intent()))
    clock.now -= 10 * 365 * 86400
    mine = Leases(ledger.store, clock, me=owner(2), steady=lambda: steady[0])
    assert not mine.acquire(claim.entry).granted
    steady[0] += LEASE_SECONDS - 1
    far.renew()
    assert not mine.acquire(claim.entry).granted
    steady[0] += LEASE_SECONDS - 1
    assert not mine.acquire(claim.entry).granted
    steady[0] += 1
    assert mine.acquire(claim.entry).took_over


def test_an_owner_without_a_trace_counts_as_dead(ledger, leases, clock, intent):
    claim = leases(1).acquire(ledger.intend(intent()))
    with ledger.store.write(durable=False) as transaction:
        transaction("DELETE FROM owners", ())
    assert leases(2).acquire(claim.entry).took_over


def test_owners_of_nothing_are_forgotten_but_a_renewal_brings_them_back(ledger, leases, clock, intent):
    early, late = leases(1), leases(2)
    assert early.owner_id
    clock.now += 10 * 365 * 86400
    assert late.owner_id
    assert len(ledger.store.read("SELECT id FROM owners")) == 1
    early.renew()
    claim = early.acquire(ledger.intend(intent()))
    assert late.acquire(claim.entry).holder == owner(1)


def test_the_version_number_of_an_owner_is_never_used_twice(ledger, leases):
    first = leases(1).owner_id
    assert leases(2).owner_id > first
    third = leases(3)
    last = third.owner_id
    third.close()
    assert leases(4).owner_id > last


def test_a_process_that_takes_nothing_writes_nothing_and_looks_for_no_damage(folder, clock):
    with Ledger.open(folder, clock) as ledger:
        statements = []
        ledger.store._connection.set_trace_callback(statements.append)
        leases = Leases(ledger.store, clock)
        limit = SharedLimit(ledger.store, leases, "https://service.example", "me", clock)
        assert (ledger.intend_all([]), limit.ask(0)) == ([], 0.0)
        leases.renew()
        limit.leave()
        leases.close()
        assert [sql for sql in statements if not sql.startswith("SELECT")] == []


def test_L4_a_process_that_cannot_join_the_owners_holds_nothing_and_joins_later(folder, clock, intent):
    with Ledger.open(folder, clock) as ledger, Ledger.open(folder, clock, busy=0.01) as second:
        entry, leases = ledger.intend(intent()), Leases(second.store, clock)
        with ledger.store.write(durable=False), pytest.raises(LocalError, match="locked"):
            leases.acquire(entry)
        claim = leases.acquire(entry)
        owners = [row[0] for row in second.store.read("SELECT id FROM owners")]
        assert (claim.granted, owners) == (True, [claim.entry.owner])


def test_this_process_lives():
    assert is_alive(current_process(), current_process()) in {True, None}


@linux
def test_this_process_certainly_lives_and_a_namesake_does_not():
    me = current_process()
    assert is_alive(me, me) is True
    assert is_alive(LeaseOwner(host=me.host, boot=me.boot, pid=me.pid, started="12"), me) is False


@linux
def test_another_machine_boot_or_container_cannot_be_seen():
    me = current_process()
    assert is_alive(LeaseOwner(host="elsewhere", boot=me.boot, pid=1, started=""), me) is None
    assert is_alive(LeaseOwner(host=me.host, boot="before", pid=1, started=""), me) is None


@linux
def test_a_process_without_a_known_start_cannot_be_told_from_a_namesake():
    me = current_process()
    assert is_alive(LeaseOwner(host=me.host, boot=me.boot, pid=me.pid, started=""), me) is None


@linux
def test_g5_a_killed_process_is_dead_even_before_its_parent_has_noticed(folder, clock, intent, ledger):
    entry = ledger.intend(intent(job_file="a.yaml"))
    code = f"""
import sys, time
from pathlib import Path
from kirin_cli.ledger.ledger import Ledger
from kirin_cli.ledger.leases import Leases
from kirin_cli.ledger.lookup import find_entry
ledger = Ledger.open(Path({str(folder)!r}), time.time)
print(Leases(ledger.store, time.time).acquire(find_entry(ledger.store, "krn1-")).granted, flush=True)
sys.stdin.read()
"""
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with child:
        mine = Leases(ledger.store, clock)
        assert child.stdout.readline() == "True\n"
        assert not mine.acquire(entry).granted
        child.kill()
        # WNOWAIT: wait for the death without taking the body away.
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert mine.acquire(entry).took_over


def test_two_ledgers_of_one_process_are_two_owners(folder, ledger, clock, intent):
    with Ledger.open(folder, clock) as second:
        first, other = Leases(ledger.store, clock), Leases(second.store, clock)
        entry = ledger.intend(intent())
        assert first.acquire(entry).granted
        assert not other.acquire(entry).granted


def test_an_entry_is_held_where_another_process_that_lives_looks_after_it(ledger, intent, clock):
    entry = ledger.intend(intent())
    mine = Leases(ledger.store, clock, me=LeaseOwner(host="h", boot="b", pid=1, started="1"), lives=lambda *_: True)
    other = Leases(ledger.store, clock, me=LeaseOwner(host="h", boot="b", pid=2, started="2"), lives=lambda *_: True)
    dead = Leases(ledger.store, clock, me=LeaseOwner(host="h", boot="b", pid=3, started="3"), lives=lambda *_: False)
    assert not mine.is_held(entry)
    assert mine.acquire(entry).granted
    assert (mine.is_held(entry), other.is_held(entry), dead.is_held(entry)) == (False, True, False)
