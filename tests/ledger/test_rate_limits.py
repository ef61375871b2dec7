"""What a service takes at once, kept by all processes of a key together: slower for all, fair, over by itself."""

import heapq
from collections import Counter
from contextlib import ExitStack

import pytest
from support.clocks import FakeClock
from support.fast_folder import fast_folder

from kirin_cli.ledger.entry import Intent
from kirin_cli.ledger.leases import LeaseOwner, Leases
from kirin_cli.ledger.ledger import Ledger
from kirin_cli.ledger.rate_limits import LIMIT_SECONDS, LOOK_SECONDS, WAITING_SECONDS, SharedLimit
from kirin_cli.ledger.states import LedgerEvent

KEY = ("https://service.example", "0011223344556677")

DEAD: dict[int, bool] = {}
"""False for the processes that have certainly ended."""


class Process:
    """One kirin on the ledger: it sends tasks and sees them end."""

    def __init__(self, ledger, clock, number, key=KEY):
        self.ledger, self.clock, self.number, self.key = ledger, clock, number, key
        me = LeaseOwner(host="here", boot="", pid=number, started="")
        self.leases = Leases(ledger.store, clock, me=me, lives=lambda other, _: DEAD.get(other.pid), steady=clock)
        self.limit = SharedLimit(ledger.store, self.leases, *key, clock)
        self.running = []
        self.sent = 0

    def ask(self):
        return self.limit.ask(len(self.running))

    def send(self):
        """A task that the service accepts."""
        self.sent += 1
        key = {"origin": self.key[0], "account": self.key[1], "external_id": f"krn1-{self.number}-{self.sent}"}
        entry = self.leases.acquire(self.ledger.intend(Intent(**key, model="m", request="{}"))).entry
        entry = self.ledger.move(entry, LedgerEvent.SEND)
        entry = self.ledger.move(entry, LedgerEvent.ACCEPTED, task_id=f"{self.number}-{self.sent}")
        self.running.append(entry)
        self.limit.raise_by_one()

    def end(self):
        """Its oldest task ends."""
        self.leases.release(self.ledger.move(self.running.pop(0), LedgerEvent.COMPLETED))

    def refuse(self, delay=1.0):
        """The service refuses what it sends now."""
        return self.limit.halve(self.clock(), lambda _: delay)


@pytest.fixture
def process(tmp_path):
    """Makes processes on one ledger, each with a connection of its own."""
    clock = FakeClock()
    with fast_folder(tmp_path) as folder, ExitStack() as stack:

        def make(number, key=KEY):
            return Process(stack.enter_context(Ledger.open(folder, clock)), clock, number, key)

        yield make


def crowd(process, count):
    processes = [process(number) for number in range(count)]
    return processes, processes[0].clock


def test_without_a_refusal_all_send_and_nothing_is_written(process):
    (first, second), _ = crowd(process, 2)
    before = first.ledger.store.read("PRAGMA data_version")[0][0]
    assert [second.ask() for _ in range(50)] == [0.0] * 50
    assert first.ledger.store.read("PRAGMA data_version")[0][0] == before


def test_one_refusal_holds_all_processes_for_as_long_as_the_service_asks(process):
    (first, second, third), clock = crowd(process, 3)
    assert first.refuse(7.0) == 7.0
    assert [second.ask(), third.ask()] == [7.0, 7.0]
    clock.now += 6.5
    assert second.ask() == 0.5
    clock.now += 0.5
    assert second.ask() == 0.0


def test_a_longer_pause_counts_whoever_is_asked_for_it(process):
    (first, second), _ = crowd(process, 2)
    first.refuse(7.0)
    assert second.refuse(3.0) == 7.0
    assert second.refuse(30.0) == 30.0
    assert first.ask() == 30.0


def test_a_refused_query_holds_all_processes_and_lowers_no_limit(process):
    (first, second), clock = crowd(process, 2)
    first.limit.pause(7.0)
    assert second.ask() == 7.0
    clock.now += 7
    for _ in range(9):
        assert second.ask() == 0.0
        second.send()
    second.refuse(1.0)
    assert first.limit.read().tasks == 5  # half of nine that run and the one that was refused
    first.limit.pause(7.0)
    assert (first.limit.read().tasks, first.ask(), second.refuse(3.0)) == (5, 7.0, 7.0)


def test_another_key_or_service_is_not_slowed(process):
    first = process(1)
    others = [process(2, (KEY[0], "another")), process(3, ("https://elsewhere.example", KEY[1]))]
    first.refuse(60.0)
    assert [other.ask() for other in others] == [0.0, 0.0]


def test_all_that_was_refused_side_by_side_halves_the_limit_once(process):
    (first, second), clock = crowd(process, 2)
    for sender in (first, second):
        for _ in range(4):
            sender.send()
    sent_at = clock.now
    clock.now += 0.2
    for refused in (first, second, first, second):
        refused.limit.halve(sent_at, lambda _: 1.0)
    assert first.limit.read().tasks == 4.5  # of eight that run, and the first that was refused
    clock.now += 5
    second.limit.halve(clock.now, lambda _: 1.0)
    assert (first.limit.read().tasks, first.limit.read().failures) == (2.25, 2)


def test_pauses_grow_with_refusals_in_a_row_of_whomever_until_one_is_accepted(process):
    (first, second), clock = crowd(process, 2)
    pauses = []
    for refused in (first, second, first, second):
        pauses.append(refused.limit.halve(clock.now, lambda failures: 2.0**failures))
        clock.now += pauses[-1]
    assert pauses == [2, 4, 8, 16]
    assert second.ask() == 0.0
    second.send()
    clock.now += 1
    assert first.limit.halve(clock.now, lambda failures: 2.0**failures) == 2


def test_the_limit_grows_by_one_for_a_full_round_of_acceptances(process):
    (first, second), clock = crowd(process, 2)
    for _ in range(7):
        first.send()
    first.refuse()
    clock.now += 1
    assert first.ask() == second.ask() == LOOK_SECONDS
    assert first.limit.read().tasks == 4
    for _ in range(5):
        first.limit.raise_by_one()
    assert 5 <= first.limit.read().tasks < 5.2


def test_the_process_with_the_fewest_in_flight_goes_first_then_the_one_that_waits_longest(process):
    (many, late, early), clock = crowd(process, 3)
    for _ in range(5):
        many.send()
    many.refuse()
    clock.now += 1
    for waiting in (many, early, late):
        assert waiting.ask() == LOOK_SECONDS
        clock.now += 0.1
    for _ in range(3):
        many.end()
    assert [many.ask(), late.ask(), early.ask()] == [LOOK_SECONDS, LOOK_SECONDS, 0.0]


def test_a_limit_ends_with_the_death_of_the_process_that_was_refused_at_once_where_it_can_be_seen(process, monkeypatch):
    (dead, second), clock = crowd(process, 2)
    dead.refuse(100.0)
    assert second.ask() == 100.0
    monkeypatch.setitem(DEAD, dead.number, False)
    assert second.ask() == 0.0
    monkeypatch.delitem(DEAD, dead.number)
    clock.now += 61
    assert second.ask() == 0.0  # with its lease, where it cannot


def test_a_limit_outlives_the_process_that_was_refused_where_that_has_let_go(process):
    (gone, second), _ = crowd(process, 2)
    gone.refuse(100.0)
    gone.leases.close()
    assert second.ask() == 100.0


@pytest.mark.parametrize("gone", ["dead while it waits", "it left"])
def test_a_process_that_is_gone_keeps_nobody_waiting(process, gone):
    (dead, second), clock = crowd(process, 2)
    for _ in range(3):
        second.send()
    second.refuse()
    clock.now += 1
    assert dead.ask() == second.ask() == LOOK_SECONDS
    if gone == "it left":
        dead.limit.leave()
    second.end()
    second.end()
    assert second.ask() == (0.0 if gone == "it left" else LOOK_SECONDS)
    clock.now += WAITING_SECONDS + 0.1
    assert second.ask() == 0.0


def test_the_tasks_of_a_dead_process_count_no_longer_than_its_lease(process):
    (dead, second), clock = crowd(process, 2)
    for _ in range(3):
        dead.send()
    dead.refuse()
    clock.now += 1
    assert second.ask() == LOOK_SECONDS
    clock.now += 61
    second.leases.renew()
    assert second.ask() == 0.0


def test_a_limit_ends_a_minute_after_the_last_one_that_used_it(process):
    (dead, second), clock = crowd(process, 2)
    dead.refuse(10.0)
    dead.leases.close()
    clock.now += 10 + LIMIT_SECONDS - 1
    assert second.limit.read() is not None
    clock.now += 1
    assert second.limit.read() is None
    assert second.ask() == 0.0


@pytest.mark.parametrize("hours", [-5, 5])
def test_L6_a_clock_that_is_set_ends_the_limit_and_blocks_nobody(process, hours):
    (first, second), clock = crowd(process, 2)
    first.refuse(30.0)
    clock.now += hours * 3600
    assert [first.ask(), second.ask()] == [0.0, 0.0]


def simulate(processes, clock, *, room, jobs, in_flight=10, seconds=20.0):
    """Each process sends its jobs to a service that runs `room` at once; refusals, seconds, tasks each while all sent.

    Processes look when they are told to, and when a task of theirs ends, as the scheduler does.
    """
    began, refusals, order, parts = clock.now, 0, 0, None
    due = [(clock.now, number, process, "look") for number, process in enumerate(processes)]
    order = len(due)
    while due:
        clock.now, _, process, event = heapq.heappop(due)
        clock.now = max(clock.now, began)
        if event == "end":
            process.end()
        if process.sent == jobs:
            parts = parts or Counter({other.number: other.sent for other in processes})
            continue
        if len(process.running) < in_flight:
            delay = process.ask()
            if not delay and sum(len(other.running) for other in processes) < room:
                process.send()
                order += 1
                heapq.heappush(due, (clock.now + seconds, order, process, "end"))
            elif not delay:
                refusals += 1
                delay = process.limit.halve(clock.now, lambda failures: min(30.0, 2.0 ** (failures - 1)))
            if event == "look":
                order += 1
                heapq.heappush(due, (clock.now + (delay or 0.05), order, process, "look"))
        elif event == "look":
            order += 1
            heapq.heappush(due, (clock.now + LOOK_SECONDS, order, process, "look"))
        for other in processes:
            other.leases.renew()
    return refusals, clock.now - began, parts


@pytest.mark.parametrize(("count", "room", "jobs", "most"), [(3, 6, 16, 4), (4, 2, 6, 8), (4, 1, 4, 16)])
def test_processes_share_what_the_service_takes_and_none_starves(process, count, room, jobs, most):
    processes, clock = crowd(process, count)
    refusals, seconds, parts = simulate(processes, clock, room=room, jobs=jobs)
    assert [process.sent for process in processes] == [jobs] * count
    assert min(parts.values()) >= jobs - 2  # what the first one had before the others came
    assert seconds <= 1.3 * count * jobs * 20 / room
    assert refusals <= most
