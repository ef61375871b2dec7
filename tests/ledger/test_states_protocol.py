"""The protocol in the small, searched to the end: two processes, three POSTs, one crash, a slow service.

The moves are those of `kirin_cli.ledger.states` itself. The two largest searches are among the slow tests, and smaller
by one POST among the others. Run as a program it prints the table of what was found.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import pytest

from kirin_cli.ledger.states import (
    NAMES_A_TASK,
    TABLE,
    Counters,
    LedgerEvent,
    LedgerState,
    is_allowed,
    transition,
)

POSTS = 3
CRASHES = 1
OF_A_PERSON = {LedgerEvent.ADOPT, LedgerEvent.SEND_AGAIN, LedgerEvent.ABANDON}


@dataclass(frozen=True, slots=True)
class Rules:
    """How a tool goes about it, the defaults are ours; and how the service and the world are.

    `asks_first`: before the first POST of an id that others may know. `reads_again`: the entry, immediately before the
    first byte leaves. `is_late`: the service may create a task long after its request came. `meet`: the two processes
    may be at work at the same time.
    """

    shared_ledger: bool = True
    same_id_everywhere: bool = True
    new_id_on_duplicate: bool = False
    service_is_unique: bool = True
    asks_first: bool = True
    reads_again: bool = True
    resends: bool = True
    is_late: bool = True
    meet: bool = True


REPEATABLE = Rules(service_is_unique=False)
SAFE = {
    "shipped, one ledger": Rules(),
    "shipped, two ledgers": Rules(shared_ledger=False),
    "repeats taken, one ledger, never sent again": replace(REPEATABLE, resends=False),
    "repeats taken, one ledger, no late creation": replace(REPEATABLE, is_late=False),
    "repeats taken, two ledgers, one after the other": replace(
        REPEATABLE, shared_ledger=False, resends=False, is_late=False, meet=False
    ),
}
"""What never pays twice."""
SAID = {
    "repeats taken, one ledger": REPEATABLE,
    "repeats taken, two ledgers": replace(REPEATABLE, shared_ledger=False),
}
"""What cannot be excluded without uniqueness: a late creation after a settled absence, two machines in one moment."""
WRONG = {
    "wrong: new id on duplicate": Rules(new_id_on_duplicate=True),
    "wrong: random id, no shared ledger": Rules(shared_ledger=False, same_id_everywhere=False),
    "wrong: sends without asking first": replace(
        SAFE["repeats taken, two ledgers, one after the other"], asks_first=False
    ),
    "wrong: sends without reading again": replace(
        SAFE["repeats taken, one ledger, no late creation"], reads_again=False
    ),
}


class Row(NamedTuple):
    """A ledger's entry; `owner` is the process that holds the lease."""

    id: str
    state: LedgerState = LedgerState.INTENT
    counters: Counters = Counters()
    owner: int | None = None


class Process(NamedTuple):
    """`phase`: "" idle, "absent" when told so, "sending" when that is committed, "post" with a request under way, or
    an event it has heard of and not yet written.


    `fenced`: somebody took its lease since its request left, so that its next move is a lost race.
    """

    phase: str = ""
    fenced: bool = False


class World(NamedTuple):
    """Everything: paid tasks by id, requests still under way inside the service, ledgers, processes, what is left."""

    paid: tuple[str, ...] = ()
    under_way: frozenset[str] = frozenset()
    rows: tuple[Row, ...] = ()
    processes: tuple[Process, ...] = (Process(), Process())
    posts: int = POSTS
    crashes: int = CRASHES


def begin(rules: Rules, posts: int) -> World:
    ids = ("a", "a" if rules.same_id_everywhere else "b")
    return World(rows=tuple(Row(name) for name in ids[: 1 if rules.shared_ledger else 2]), posts=posts)


def put(things: tuple, index: int, thing) -> tuple:
    return (*things[:index], thing, *things[index + 1 :])


def successors(world: World, rules: Rules) -> Iterator[World]:
    yield from late_creations(world, rules)
    for me in (0, 1):
        yield from crashes(world, me)
        phase = world.processes[me].phase
        if phase == "sending":
            yield from departures(world, rules, me)
        elif phase == "post":
            yield from answers(world, rules, me)
        elif phase not in {"", "absent"}:
            yield heard(world, rules, me)
        elif rules.meet or world.processes[1 - me].phase == "":
            yield from acts(world, rules, me)


def departures(world: World, rules: Rules, me: int) -> Iterator[World]:
    """The connection is there; the process may have slept until now."""
    if world.processes[me].fenced and rules.reads_again:
        yield world._replace(processes=put(world.processes, me, Process(fenced=True)))
        return
    gone = world._replace(processes=put(world.processes, me, world.processes[me]._replace(phase="post")))
    if rules.is_late:
        yield gone
    else:
        yield from answers(gone, rules, me)


def late_creations(world: World, rules: Rules) -> Iterator[World]:
    for name in world.under_way:
        rest = world.under_way - {name}
        exists = rules.service_is_unique and name in world.paid
        yield world._replace(under_way=rest, paid=world.paid if exists else tuple(sorted((*world.paid, name))))


def crashes(world: World, me: int) -> Iterator[World]:
    if world.crashes:
        # The process begins again at once; what it knew is gone, its lease stays behind.
        yield world._replace(crashes=world.crashes - 1, processes=put(world.processes, me, Process(fenced=True)))


def answers(world: World, rules: Rules, me: int) -> Iterator[World]:
    """Everything that may become of a request that has left."""
    row = row_of(world, rules, me)

    def heard_as(event: LedgerEvent, **changes: object) -> World:
        hears = world.processes[me]._replace(phase=event.value)
        return world._replace(processes=put(world.processes, me, hears), **changes)  # type: ignore[arg-type]

    yield heard_as(LedgerEvent.NOT_SENT)
    yield heard_as(LedgerEvent.RATE_LIMITED)
    yield heard_as(LedgerEvent.REFUSED)  # in whatever words, a repeated id among them
    yield heard_as(LedgerEvent.AMBIGUOUS)
    if rules.is_late:
        yield heard_as(LedgerEvent.AMBIGUOUS, under_way=world.under_way | {row.id})
    if rules.service_is_unique and row.id in world.paid:
        yield heard_as(LedgerEvent.DUPLICATE)
    else:
        paid = tuple(sorted((*world.paid, row.id)))
        yield heard_as(LedgerEvent.ACCEPTED, paid=paid)
        yield heard_as(LedgerEvent.AMBIGUOUS, paid=paid)


def heard(world: World, rules: Rules, me: int) -> World:
    """Write down what was heard, or lose the race; a task id is noted even then."""
    event, fenced = LedgerEvent(world.processes[me].phase), world.processes[me].fenced
    row = row_of(world, rules, me)
    world = world._replace(processes=put(world.processes, me, Process()))
    if fenced:
        late = next((found for found in (LedgerEvent.ACCEPTED, LedgerEvent.FOUND) if (row.state, found) in TABLE), None)
        if event not in NAMES_A_TASK or late is None:
            return world
        # `Ledger.seen` changes the version: what the new holder has under way loses its race in turn.
        other = world.processes[1 - me]._replace(fenced=True)
        return moved(world._replace(processes=put(world.processes, 1 - me, other)), rules, me, late)
    if event is LedgerEvent.DUPLICATE and rules.new_id_on_duplicate:
        fresh = Row(row.id + "'", owner=me)
        return world._replace(rows=put(world.rows, index_of(rules, me), fresh))
    return moved(world, rules, me, event)


def acts(world: World, rules: Rules, me: int) -> Iterator[World]:
    """What an idle process may do: take the lease, then query, settle, send. Time is any time."""
    row, process = row_of(world, rules, me), world.processes[me]
    if row.owner != me or process.fenced:
        yield taken(world, rules, me)
        return
    exists = row.id in world.paid
    for event in (
        LedgerEvent.OWNER_DIED,
        LedgerEvent.NOT_FOUND,
        LedgerEvent.SETTLED,
        LedgerEvent.CONTRADICTED,
        LedgerEvent.DISMISSED,
        LedgerEvent.FOUND,
    ):
        wasted = event is LedgerEvent.NOT_FOUND and row.counters.misses >= 5
        if is_allowed(row.state, event, row.counters) and not wasted and (exists or event is not LedgerEvent.FOUND):
            yield moved(world, rules, me, event)
    if process.phase == "" and not exists and row.state in {LedgerState.INTENT, LedgerState.ABSENT}:
        yield world._replace(processes=put(world.processes, me, Process("absent")))
    for event in (LedgerEvent.SEND, *[LedgerEvent.RESEND] * rules.resends):
        may_send = process.phase == "absent" or not rules.asks_first
        if world.posts and may_send and is_allowed(row.state, event, row.counters):
            sent = moved(world, rules, me, event)
            yield sent._replace(posts=world.posts - 1, processes=put(sent.processes, me, Process("sending")))


def taken(world: World, rules: Rules, me: int) -> World:
    """The lease changes hands at any time, even from a process that lives: a clock may have jumped."""
    row, processes = row_of(world, rules, me), world.processes
    if row.owner is not None and row.owner != me:
        processes = put(processes, row.owner, processes[row.owner]._replace(fenced=True))
    processes = put(processes, me, Process())
    return world._replace(rows=put(world.rows, index_of(rules, me), row._replace(owner=me)), processes=processes)


def moved(world: World, rules: Rules, me: int, event: LedgerEvent) -> World:
    row = row_of(world, rules, me)
    state, tally = transition(row.state, event, row.counters)
    return world._replace(rows=put(world.rows, index_of(rules, me), row._replace(state=state, counters=tally)))


def index_of(rules: Rules, me: int) -> int:
    return 0 if rules.shared_ledger else me


def row_of(world: World, rules: Rules, me: int) -> Row:
    return world.rows[index_of(rules, me)]


def search(rules: Rules, posts: int = POSTS) -> Iterator[World]:
    """Every world that can be reached with so many POSTs, those of fewer moves first."""
    first = begin(rules, posts)
    seen, edge = {first}, [first]
    while edge:
        yield from edge
        edge = [new for world in edge for new in successors(world, rules) if new not in seen and not seen.add(new)]


def explore(rules: Rules, posts: int = POSTS) -> set[World]:
    return set(search(rules, posts))


def worst(worlds: set[World]) -> int:
    """The largest number of paid tasks of one intent."""
    return max(len(world.paid) for world in worlds)


def stranded(worlds: set[World], rules: Rules, ends: frozenset[LedgerState]) -> list[World]:
    """Worlds from which no way leads to one where every ledger is at one of `ends`."""
    before = defaultdict(list)
    for world in worlds:
        for new in successors(world, rules):
            before[new].append(world)
    edge = [world for world in worlds if all(row.state in ends for row in world.rows)]
    reached = set(edge)
    while edge:
        edge = [old for world in edge for old in before[world] if old not in reached and not reached.add(old)]
    return [world for world in worlds - reached if world.paid]


LARGEST = "shipped, two ledgers"


@pytest.mark.parametrize(
    ("name", "posts"),
    [
        *((name, POSTS) for name in SAFE if name != LARGEST),
        (LARGEST, POSTS - 1),
        pytest.param(LARGEST, POSTS, marks=pytest.mark.slow),
    ],
)
def test_promise_6_the_shipped_table_pays_at_most_once(name, posts):
    worlds = explore(SAFE[name], posts)
    assert worst(worlds) == 1
    assert len(worlds) > 1_000


@pytest.mark.parametrize("name", WRONG)
def test_the_model_finds_the_second_payment_of_every_wrong_way(name):
    assert any(len(world.paid) > 1 for world in search(WRONG[name]))


def test_promise_6_a_second_payment_that_one_ledger_cannot_exclude_is_said():
    twice = [world for world in explore(SAID["repeats taken, one ledger"]) if len(world.paid) > 1]
    assert twice
    assert all(world.rows[0].counters.exposed > 1 and not world.rows[0].counters.duplicate_seen for world in twice)


def test_promise_6_without_a_shared_ledger_two_machines_in_one_moment_cannot_be_excluded():
    assert worst(explore(replace(SAID["repeats taken, two ledgers"], resends=False, is_late=False))) == 2


def test_promise_4_what_is_called_rejected_was_not_paid():
    rejected = [world for world in explore(SAFE["shipped, one ledger"]) if world.rows[0].state is LedgerState.REJECTED]
    assert rejected
    assert not any(world.paid or world.under_way for world in rejected if world.rows[0].counters.exposed == 1)


@pytest.mark.parametrize("posts", [POSTS - 1, pytest.param(POSTS, marks=pytest.mark.slow)])
def test_promise_5_a_paid_task_can_always_be_found_or_is_left_to_a_person(posts):
    """But for one that is created when its absence has settled twice, before and after a refusal."""
    rules = SAFE["shipped, one ledger"]
    left = stranded(explore(rules, posts), rules, frozenset({LedgerState.ACCEPTED, LedgerState.CONFLICT}))
    assert all(world.rows[0].state is LedgerState.REJECTED and world.rows[0].counters.exposed > 1 for world in left)


def reachable(state: LedgerState) -> set[LedgerState]:
    """The states to which a way leads that takes no decision of a person."""
    seen, edge = {state}, [state]
    while edge:
        current = edge.pop()
        after = {to for (came, event), to in TABLE.items() if came is current and event not in OF_A_PERSON}
        edge += after - seen
        seen |= after
    return seen


def test_promise_9_a_late_result_is_never_given_up_for_good():
    met = reachable(LedgerState.ACCEPTED) - {LedgerState.FAILED}
    assert {LedgerState.LOST, LedgerState.EXPIRED, LedgerState.FETCHING} <= met
    assert all(LedgerState.DONE in reachable(state) for state in met)
    assert not any(LedgerState.SENDING in reachable(state) for state in met)


if __name__ == "__main__":
    for name, rules in {**SAFE, **SAID, **WRONG}.items():
        worlds = explore(rules)
        print(f"{name:50} {len(worlds):8} states, at most {worst(worlds)} paid")  # noqa: T201
