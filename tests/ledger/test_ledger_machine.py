"""The ledger under fire: two processes, lost replies, late creations, crashes, restarts and a clock that jumps.

The service in memory is the truth: whatever happens, it has at most one paid task per intent, and none gets lost.
"""

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kirin_cli.ledger import states
from kirin_cli.ledger.entry import Intent
from kirin_cli.ledger.leases import LeaseOwner, Leases
from kirin_cli.ledger.ledger import ConcurrentUpdate, Ledger
from kirin_cli.ledger.states import LedgerEvent, LedgerState

SETTLE = 120.0
OVER = {LedgerState.ACCEPTED, LedgerState.REJECTED, LedgerState.CONFLICT}
SLOTS = st.sampled_from(["one", "two"])
JOBS = st.sampled_from(["krn1-a", "krn1-a", "krn1-b"])
NOTHING_MADE = {
    "not sent": LedgerEvent.NOT_SENT,
    "limited": LedgerEvent.RATE_LIMITED,
    "late": LedgerEvent.AMBIGUOUS,
    "dropped": LedgerEvent.AMBIGUOUS,
    "refused": LedgerEvent.REFUSED,
}
ASKED = {LedgerState.UNKNOWN, LedgerState.REFUSED}
MEMORY = Path("/dev/shm")
REPLIES = st.sampled_from(["ok", "lost", "late", "dropped", "not sent", "limited", "refused"])


class Service:
    """Creates one task per external id, at once or later; remembers whom it told."""

    def __init__(self):
        self.tasks, self.late, self.told, self.made = {}, [], set(), 0

    def create(self, external_id):
        if external_id in self.tasks:
            return None
        self.made += 1
        self.tasks[external_id] = f"task-{self.made}"
        return self.tasks[external_id]

    def post(self, external_id, reply):
        """The event that the sender observes, and the task id in it."""
        self.late += [external_id] if reply == "late" else []
        if reply in NOTHING_MADE:  # a refusal may be one of a repeated id, in words that nobody knows
            return NOTHING_MADE[reply], None
        task = self.create(external_id)
        if task is None or reply == "lost":
            return LedgerEvent.AMBIGUOUS if reply == "lost" else LedgerEvent.DUPLICATE, None
        self.told.add(task)
        return LedgerEvent.ACCEPTED, task


class Process:
    """One kirin: a connection, its leases, and at most one POST under way per job."""

    def __init__(self, world, pid):
        self.world, self.pid, self.sent, self.due = world, pid, {}, {}
        self.ledger = Ledger.open(world.folder, world.clock)
        me = LeaseOwner(host="here", boot="b", pid=pid, started="1")
        self.leases = Leases(self.ledger.store, world.clock, me=me, lives=world.lives, steady=world.steady)

    def claim(self, external_id):
        intent = Intent(origin="o", account="a", external_id=external_id, model="m", request="{}")
        return self.leases.acquire(self.ledger.intend(intent))

    def advance(self, external_id, honest):
        """One step as the batch would make it; a POST stays under way until `hear`."""
        if external_id in self.sent or not (claim := self.claim(external_id)).granted:
            return
        entry, tally = claim.entry, claim.entry.counters
        if entry.state is LedgerState.SENDING:
            self.ledger.move(entry, LedgerEvent.OWNER_DIED)
        elif entry.state is LedgerState.UNKNOWN and self.settled(entry):
            self.ledger.move(entry, LedgerEvent.SETTLED)
        elif entry.state is LedgerState.REFUSED and self.dismissed(entry):
            self.ledger.move(entry, LedgerEvent.DISMISSED)
        elif entry.state in ASKED or (entry.state is LedgerState.INTENT and claim.took_over):
            self.query(entry, honest)
        elif entry.state is LedgerState.INTENT:
            self.sent[external_id] = self.ledger.move(entry, LedgerEvent.SEND)
        elif states.is_allowed(entry.state, LedgerEvent.RESEND, tally):
            self.sent[external_id] = self.ledger.move(entry, LedgerEvent.RESEND)
        elif states.is_allowed(entry.state, LedgerEvent.CONTRADICTED, tally):
            self.ledger.move(entry, LedgerEvent.CONTRADICTED)

    def settled(self, entry):
        return states.is_allowed(entry.state, LedgerEvent.SETTLED, entry.counters) and self.waited(entry)

    def waited(self, entry):
        wait = states.grace_seconds_left(entry.last_sent, self.world.now, SETTLE)
        due = self.due.setdefault((entry.external_id, entry.counters.posts), self.world.elapsed + wait)
        return self.world.elapsed >= due

    def dismissed(self, entry):
        first = entry.counters.exposed <= 1
        return states.is_allowed(entry.state, LedgerEvent.DISMISSED, entry.counters) and (first or self.waited(entry))

    def query(self, entry, honest):
        task = self.world.service.tasks.get(entry.external_id)
        if task and honest:
            self.world.service.told.add(task)
            self.ledger.move(entry, LedgerEvent.FOUND, task_id=task)
        elif entry.state in ASKED:
            self.ledger.move(entry, LedgerEvent.NOT_FOUND)

    def hear(self, external_id, reply):
        """The answer to a POST under way, however late; the entry may have been taken away meanwhile."""
        entry = self.sent.pop(external_id)
        event, task = self.world.service.post(external_id, reply)
        with suppress(ConcurrentUpdate):
            self.ledger.move(entry, event, **({"task_id": task} if task else {}))


class UnderFire(RuleBasedStateMachine):
    @initialize(seen=st.booleans())
    def begin(self, seen):
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
        self.now, self.elapsed, self.pids, self.seen = 1_750_000_000.0, 0.0, 0, seen
        self.service, self.running, self.alive = Service(), {}, set()

    def clock(self):
        return self.now

    def steady(self):
        return self.elapsed

    def lives(self, owner, me):
        return owner.pid in self.alive if self.seen else None

    def process(self, slot):
        if slot not in self.running:
            self.pids += 1
            self.alive.add(self.pids)
            self.running[slot] = Process(self, self.pids)
        return self.running[slot]

    @rule(slot=SLOTS, job=JOBS, steps=st.integers(1, 7), honest=st.booleans())
    def work(self, slot, job, steps, honest):
        for _ in range(steps):
            self.process(slot).advance(job, honest)

    @rule(slot=SLOTS, job=JOBS, reply=REPLIES)
    def submit(self, slot, job, reply):
        self.process(slot).advance(job, honest=True)
        if job in self.process(slot).sent:
            self.process(slot).hear(job, reply)

    @rule(slot=SLOTS, job=JOBS, reply=REPLIES, steps=st.integers(1, 9), honest=st.booleans())
    def overtake(self, slot, job, reply, steps, honest):
        """A request is under way for so long that the other process takes over, as far as it may."""
        self.process(slot).advance(job, honest=True)
        other = self.process("two" if slot == "one" else "one")
        for _ in range(steps):
            self.wait(130)
            other.advance(job, honest)
            if job in other.sent:
                other.hear(job, "ok")
        if job in self.process(slot).sent:
            self.process(slot).hear(job, reply)

    @precondition(lambda self: self.service.late)
    @rule(data=st.data())
    def create_late(self, data):
        self.service.create(self.service.late.pop(data.draw(st.integers(0, len(self.service.late) - 1))))

    @rule(slot=SLOTS, before=st.sampled_from([None, "ok", "lost", "late"]))
    def crash(self, slot, before):
        if slot not in self.running:
            return
        died = self.running.pop(slot)
        self.alive.discard(died.pid)
        for job in died.sent if before else ():
            self.service.post(job, "lost" if before == "ok" else before)
        died.ledger.close()

    @rule(seconds=st.sampled_from([30, 130]))
    def wait(self, seconds):
        self.now += seconds
        self.elapsed += seconds

    @rule(seconds=st.sampled_from([-3600, 10 * 365 * 86400]))
    def jump(self, seconds):
        self.now += seconds

    @invariant()
    def at_most_one_task_per_intent(self):
        assert self.service.made == len(self.service.tasks)

    @invariant()
    def every_task_id_that_was_told_is_and_stays_in_the_ledger(self):
        for process in list(self.running.values())[:1]:
            assert self.service.told <= {row[0] for row in process.ledger.store.read("SELECT task_id FROM entries")}

    @invariant()
    def nothing_paid_is_called_rejected(self):
        for process in list(self.running.values())[:1]:
            rows = process.ledger.store.read("SELECT external_id FROM entries WHERE state = 'rejected' AND exposed = 1")
            assert not {row[0] for row in rows} & {*self.service.tasks, *self.service.late}

    def teardown(self):
        """All crash, the service gets well, and one more process brings everything to its end."""
        if not hasattr(self, "folder"):
            return
        for slot in list(self.running):
            self.crash(slot, None)
        for job in ("krn1-a", "krn1-b"):
            self.finish(self.process("last"), job)
        self.at_most_one_task_per_intent()
        self.process("last").ledger.close()
        shutil.rmtree(self.folder)

    def finish(self, process, job):
        for _ in range(40):
            entry = process.claim(job).entry
            if entry.state in OVER:
                break
            self.now += 60
            self.elapsed += 60
            process.advance(job, honest=True)
            if job in process.sent:
                process.hear(job, "ok")
        # A task that comes into being after its absence has settled twice, about a refusal, stands in the history only.
        believed = entry.state is LedgerState.REJECTED and entry.counters.exposed > 1
        assert entry.task_id == self.service.tasks.get(job) or entry.state is LedgerState.CONFLICT or believed
        assert entry.counters.duplicate_seen or entry.state is not LedgerState.CONFLICT
        assert entry.state in OVER or entry.counters.resends == states.MAX_RESENDS


FEW = settings(max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))
UnderFire.TestCase.settings = FEW
test_promises_1_to_6_hold_under_fire = UnderFire.TestCase


@pytest.mark.slow
class TestPromises1To6HoldUnderLongFire(UnderFire.TestCase):
    settings = settings(FEW, max_examples=80)
