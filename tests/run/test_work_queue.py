"""Work that falls due: in order, by as many threads as there are, and no failure is lost."""

import threading

import pytest
from support.clocks import PATIENCE, ManualRunClock

from kirin_cli.errors import Interrupted
from kirin_cli.run.work_queue import HELP_SECONDS, SystemClock, WorkQueue, ask_all


@pytest.fixture
def clock():
    return ManualRunClock()


@pytest.fixture
def queue(clock):
    made = WorkQueue(clock, 1, "test")
    yield made
    made.close()
    made.join(PATIENCE)


def test_work_is_done_in_the_order_in_which_it_falls_due(clock, queue):
    done: list[str] = []
    ended = threading.Event()
    queue.add(lambda: done.append("last") or ended.set(), 30)
    queue.add(lambda: done.append("third"), 20)
    queue.add(lambda: done.append("first"))
    queue.add(lambda: done.append("second"))
    queue.start()
    clock.advance(19.5)
    assert done == ["first", "second"]
    clock.waiting.clear()
    clock.advance(11)
    assert ended.wait(PATIENCE)
    assert done == ["first", "second", "third", "last"]
    assert clock.waited[0] == 20


def test_work_that_is_due_sooner_wakes_a_thread_that_waits_for_later(clock, queue):
    done = threading.Event()
    queue.add(lambda: None, 1000)
    queue.start()
    assert clock.waiting.wait(PATIENCE)
    queue.add(done.set)
    assert done.wait(PATIENCE)


def test_an_idle_thread_waits_without_an_end(clock, queue):
    queue.start()
    assert clock.waiting.wait(PATIENCE)
    assert clock.waited == [None]


def test_one_thread_of_many_wakes_up_for_the_next_piece_of_work(clock):
    crowd, done = WorkQueue(clock, 4, "test"), threading.Event()
    crowd.add(done.set, 20)
    crowd.start()
    while len(clock.waited) < 4:
        assert clock.waiting.wait(PATIENCE)
    assert sorted(clock.waited, key=str) == [20, None, None, None]
    crowd.add(lambda: None, 10)
    clock.advance(21)
    assert done.wait(PATIENCE)
    crowd.close()
    assert crowd.join(PATIENCE)


def test_work_that_is_due_later_than_what_a_thread_waits_for_wakes_none(clock, queue):
    queue.add(lambda: None, 20)
    queue.start()
    assert clock.waiting.wait(PATIENCE)
    with queue._changed:
        pass  # it does wait
    queue.add(lambda: None, 30)
    assert len(queue._changed._waiters) == 1


def test_a_thread_that_is_awake_does_at_once_what_may_be_done_sooner(clock, queue):
    done: list[str] = []
    queue.add(lambda: done.append("first"), 20)
    queue.add(lambda: done.append("soon"), 20.5, early=1)
    queue.add(lambda: done.append("not sooner"), 20.6)
    queue.add(lambda: done.append("later"), 22, early=1)
    queue.start()
    clock.advance(20)
    while len(clock.waited) < 2:
        assert clock.waiting.wait(PATIENCE)
    assert done == ["first", "soon"]
    assert clock.waited == [20, pytest.approx(0.6)]


def test_a_thread_at_work_is_helped_soon_not_at_once(clock):
    both, go_on, done = WorkQueue(clock, 2, "test"), threading.Event(), threading.Event()
    begun = threading.Event()
    both.add(lambda: (begun.set(), go_on.wait(PATIENCE)))
    both.start()
    assert begun.wait(PATIENCE)
    both.add(done.set)
    while HELP_SECONDS not in clock.waited:
        assert clock.waiting.wait(PATIENCE)
    assert not done.is_set()
    clock.advance(HELP_SECONDS)
    assert done.wait(PATIENCE)
    go_on.set()
    both.close()
    assert both.join(PATIENCE)


def test_a_failing_piece_of_work_ends_everything_and_is_kept(clock, queue):
    done: list[str] = []
    queue.add(lambda: 1 // 0)
    queue.add(lambda: done.append("never"))
    queue.start()
    assert queue.join(PATIENCE)
    assert isinstance(queue.failure, ZeroDivisionError)
    queue.add(lambda: done.append("never"))
    assert not done


def test_of_several_failures_the_first_is_kept():
    barrier = threading.Barrier(2)
    both = WorkQueue(SystemClock(), 2, "test")
    said: list[str] = []

    def fail(word: str) -> None:
        barrier.wait(PATIENCE)
        said.append(word)
        raise RuntimeError(word)

    both.add(lambda: fail("one"))
    both.add(lambda: fail("two"))
    both.start()
    assert both.join(PATIENCE)
    assert str(both.failure) in said


def test_a_closed_agenda_forgets_what_was_not_begun(clock, queue):
    queue.add(lambda: pytest.fail("was not to be done"))
    queue.close()
    queue.start()
    assert queue.join(PATIENCE)
    assert queue.failure is None


def test_a_thread_that_does_not_end_is_not_waited_for_for_ever():
    go_on = threading.Event()
    begun = threading.Event()
    slow = WorkQueue(SystemClock(), 1, "test")
    slow.add(lambda: (begun.set(), go_on.wait(PATIENCE)))
    slow.start()
    assert begun.wait(PATIENCE)
    slow.close()
    assert not slow.join(0.01)
    go_on.set()
    assert slow.join(PATIENCE)


def test_the_systems_clock_goes_forward_and_wakes_up_in_time():
    clock, condition = SystemClock(), threading.Condition()
    before = clock.now()
    with condition:
        clock.wait(condition, 0.001)
    assert clock.now() > before
    assert clock.time() > 1.7e9


def test_all_questions_are_answered_several_at_a_time():
    together = threading.Barrier(4)
    assert ask_all({number: lambda number=number: together.wait(5) * 0 + number for number in range(4)}) == {
        number: number for number in range(4)
    }


def test_the_first_that_fails_is_raised():
    def fail():
        raise Interrupted("stop")

    with pytest.raises(Interrupted):
        ask_all({0: fail, 1: lambda: 1})
