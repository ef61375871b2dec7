"""The table of moves: every pair of state and event either leads where ledger/README.md says or is refused."""

import itertools
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kirin_cli.ledger import states
from kirin_cli.ledger.states import (
    STATES_OF_ENTRIES,
    TABLE,
    TERMINAL,
    Counters,
    InvalidTransition,
    JobState,
    LedgerEvent,
    LedgerState,
    transition,
)

OF_A_PERSON = {LedgerEvent.ADOPT, LedgerEvent.SEND_AGAIN, LedgerEvent.ABANDON}
READY = Counters(posts=1, exposed=1, misses=5)
DRAWN = """
    intent      send          sending
    intent      found         accepted
    intent      taken         conflict
    intent      adopt         accepted
    intent      abandon       abandoned
    sending     accepted      accepted
    sending     not sent      intent
    sending     rate limited  intent
    sending     blocked       intent
    sending     refused       refused
    sending     taken         conflict
    sending     ambiguous     unknown
    sending     duplicate     unknown
    sending     owner died    unknown
    unknown     found         accepted
    unknown     not found     unknown
    unknown     no answer     unknown
    unknown     settled       absent
    unknown     adopt         accepted
    unknown     send again    intent
    unknown     abandon       abandoned
    refused     found         accepted
    refused     taken         conflict
    refused     not found     refused
    refused     no answer     refused
    refused     dismissed     rejected
    refused     adopt         accepted
    refused     send again    intent
    refused     abandon       abandoned
    absent      found         accepted
    absent      contradicted  conflict
    absent      resend        sending
    absent      adopt         accepted
    absent      send again    intent
    absent      abandon       abandoned
    accepted    progressed    running
    accepted    completed     succeeded
    accepted    failed        failed
    accepted    vanished      lost
    running     progressed    running
    running     completed     succeeded
    running     failed        failed
    running     vanished      lost
    succeeded   fetch         fetching
    fetching    fetch         fetching
    fetching    saved         done
    fetching    expired       expired
    expired     fetch         fetching
    done        file gone     fetching
    conflict    adopt         accepted
    conflict    send again    intent
    conflict    abandon       abandoned
    lost        progressed    running
    lost        completed     succeeded
    lost        failed        failed
    lost        adopt         accepted
    lost        send again    intent
    lost        abandon       abandoned
    abandoned   adopt         accepted
    abandoned   send again    intent
"""


def drawn():
    for line in DRAWN.strip().splitlines():
        before, *event, after = line.split()
        yield (LedgerState(before), LedgerEvent(" ".join(event))), LedgerState(after)


def test_the_table_is_the_drawing_and_nothing_else():
    assert dict(TABLE) == dict(drawn())


def test_every_drawn_move_is_made():
    for (state, event), after in drawn():
        tally = Counters(posts=1, exposed=1, misses=5, duplicate_seen=event is LedgerEvent.CONTRADICTED)
        assert transition(state, event, tally)[0] is after, (state, event)


@pytest.mark.parametrize("state", LedgerState)
def test_every_other_event_is_refused_in_every_state(state):
    missing = [event for event in LedgerEvent if (state, event) not in TABLE]
    for event in missing:
        with pytest.raises(InvalidTransition):
            transition(state, event, READY)
        assert not states.is_allowed(state, event, READY)
    assert len(missing) + sum(1 for before, _ in TABLE if before is state) == len(LedgerEvent)


def test_terminal_is_sticky_but_for_a_persons_decision_and_a_lost_file():
    ways_out = {(state, event) for state, event in TABLE if state in TERMINAL}
    assert {event for _, event in ways_out} == OF_A_PERSON | {LedgerEvent.FILE_GONE}
    assert {state for state, event in ways_out if event is LedgerEvent.FILE_GONE} == {LedgerState.DONE}
    assert not any(state in {LedgerState.REJECTED, LedgerState.FAILED, LedgerState.EXPIRED} for state, _ in ways_out)


def test_no_event_of_the_machine_leads_from_a_terminal_state_to_a_post():
    reached, machine = set(TERMINAL), [pair for pair in TABLE if pair[1] not in OF_A_PERSON]
    while new := {TABLE[pair] for pair in machine if pair[0] in reached} - reached:
        reached |= new
    assert not reached & {LedgerState.INTENT, LedgerState.SENDING, LedgerState.ABSENT}


def test_bytes_may_leave_only_from_an_intent_or_a_settled_absence():
    assert {state for (state, _), after in TABLE.items() if after is LedgerState.SENDING} == {
        LedgerState.INTENT,
        LedgerState.ABSENT,
    }
    assert {event for (_, event), after in TABLE.items() if after is LedgerState.SENDING} == states.POSTS


def test_every_state_is_reached_from_an_intent():
    reached = {LedgerState.INTENT}
    while new := {after for (state, _), after in TABLE.items() if state in reached} - reached:
        reached |= new
    assert reached == set(LedgerState)


@pytest.mark.parametrize(("exposed", "misses"), [(1, 1), (2, 5), (3, 5)])
def test_s10_s22_a_refusal_ends_it_after_one_404_or_five_of_an_id_that_was_sent_before(exposed, misses):
    tally = Counters(posts=3, exposed=exposed, misses=misses)
    assert transition(LedgerState.REFUSED, LedgerEvent.DISMISSED, tally)[0] is LedgerState.REJECTED
    with pytest.raises(InvalidTransition, match="404"):
        transition(LedgerState.REFUSED, LedgerEvent.DISMISSED, tally._replace(misses=misses - 1))


@pytest.mark.parametrize("state", [LedgerState.INTENT, LedgerState.SENDING, LedgerState.REFUSED])
def test_s23_an_id_is_another_tasks_only_if_it_was_never_sent_before_and_then_it_costs_nothing(state):
    first = Counters(posts=1, exposed=int(state is not LedgerState.INTENT))
    assert transition(state, LedgerEvent.TAKEN, first) == (LedgerState.CONFLICT, first._replace(exposed=0))
    with pytest.raises(InvalidTransition, match="sent before"):
        transition(state, LedgerEvent.TAKEN, Counters(posts=2, exposed=2))


@pytest.mark.parametrize("misses", range(5))
def test_s13_an_absence_takes_five_answers(misses):
    with pytest.raises(InvalidTransition, match="404"):
        transition(LedgerState.UNKNOWN, LedgerEvent.SETTLED, Counters(posts=1, exposed=1, misses=misses))


def test_a_new_post_begins_the_count_of_404s_anew():
    assert transition(LedgerState.ABSENT, LedgerEvent.RESEND, READY)[1] == Counters(
        posts=2, exposed=2, resends=1, misses=0
    )


def test_an_absence_is_sent_again_at_most_twice():
    with pytest.raises(InvalidTransition, match="2 times"):
        transition(LedgerState.ABSENT, LedgerEvent.RESEND, Counters(posts=3, exposed=3, resends=2, misses=5))


def test_s12_what_was_called_a_duplicate_is_never_sent_again_by_the_machine():
    called = Counters(posts=1, exposed=1, misses=5, duplicate_seen=True)
    assert transition(LedgerState.ABSENT, LedgerEvent.CONTRADICTED, called)[0] is LedgerState.CONFLICT
    with pytest.raises(InvalidTransition):
        transition(LedgerState.ABSENT, LedgerEvent.RESEND, called)
    with pytest.raises(InvalidTransition):
        transition(LedgerState.ABSENT, LedgerEvent.CONTRADICTED, READY)


def test_l6_a_clock_set_back_costs_one_settling_time_at_most():
    assert states.grace_seconds_left(1000, 1000, 120) == 120
    assert states.grace_seconds_left(1000, 1090, 120) == 30
    assert states.grace_seconds_left(1000, 1000 - 3600, 120) == 120
    assert states.grace_seconds_left(1000, 1000 + 10 * 365 * 86400, 120) == 0


@given(st.lists(st.sampled_from(list(LedgerEvent)), max_size=60))
def test_along_every_path_the_tally_stays_sane_and_only_posts_count(events):
    state, tally = LedgerState.INTENT, Counters()
    for event in events:
        if not states.is_allowed(state, event, tally):
            with pytest.raises(InvalidTransition):
                transition(state, event, tally)
            continue
        after, counted = transition(state, event, tally)
        assert after is TABLE[state, event]
        assert counted.posts - tally.posts == (event in states.POSTS)
        assert 0 <= counted.exposed <= counted.posts
        assert counted.resends <= states.MAX_RESENDS
        assert counted.duplicate_seen >= tally.duplicate_seen
        state, tally = after, counted


def test_allowed_and_step_agree_on_every_state_event_and_tally():
    tallies = [Counters(2, exposed, resends, misses, seen) for exposed, resends, misses, seen in
               itertools.product((1, 2), (0, 2), (4, 5), (False, True))]  # fmt: skip
    for state, event, tally in itertools.product(LedgerState, LedgerEvent, tallies):
        try:
            transition(state, event, tally)
            made = True
        except InvalidTransition:
            made = False
        assert made == states.is_allowed(state, event, tally)


def test_every_state_has_a_word_that_people_are_told():
    assert set(STATES_OF_ENTRIES) == set(LedgerState)
    assert set(STATES_OF_ENTRIES.values()) | {"skipped"} == set(get_args(JobState))
