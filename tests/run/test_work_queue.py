"""Work that falls due: in order, by as many threads as there are, and no failure is lost."""

import threading

import pytest

from kirin_cli.run.work_queue import SystemClock, WorkQueue

PATIENCE = 5.0


class HandClock:
    """Time that a test moves by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.waited: list[float | None] = []
        self.waiting = threading.Event()
        self._condition: threading.Condition | None = None

    def now(self) -> float:
        return self.seconds

    def time(self) -> float:
        return 1e9 + self.seconds

    def wait(self, condition: threading.Condition, seconds: float | None) -> None:
        self.waited.append(seconds)
        self._condition = condition
        self.waiting.set()
        condition.wait(PATIENCE)

    def advance(self, seconds: float) -> None:
        assert self.waiting.wait(PATIENCE)
        self.seconds += seconds
        assert self._condition is not None
        with self._condition:
            self._condition.notify_all()


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def agenda(clock):
    made = WorkQueue(clock, 1, "test")
    yield made
    made.close()
    made.join(PATIENCE)


def test_work_is_done_in_the_order_in_which_it_falls_due(clock, agenda):
    done: list[str] = []
    ended = threading.Event()
    agenda.add(lambda: done.append("last") or ended.set(), 30)
    agenda.add(lambda: done.append("third"), 20)
    agenda.add(lambda: done.append("first"))
    agenda.add(lambda: done.append("second"))
    agenda.start()
    clock.advance(19.5)
    assert done == ["first", "second"]
    clock.waiting.clear()
    clock.advance(11)
    assert ended.wait(PATIENCE)
    assert done == ["first", "second", "third", "last"]
    assert clock.waited[0] == 20


def test_work_that_is_due_sooner_wakes_a_thread_that_waits_for_later(clock, agenda):
    done = threading.Event()
    agenda.add(lambda: None, 1000)
    agenda.start()
    assert clock.waiting.wait(PATIENCE)
    agenda.add(done.set)
    assert done.wait(PATIENCE)


def test_an_idle_thread_waits_without_an_end(clock, agenda):
    agenda.start()
    assert clock.waiting.wait(PATIENCE)
    assert clock.waited == [None]


def test_a_failing_piece_of_work_ends_everything_and_is_kept(clock, agenda):
    done: list[str] = []
    agenda.add(lambda: 1 // 0)
    agenda.add(lambda: done.append("never"))
    agenda.start()
    assert agenda.join(PATIENCE)
    assert isinstance(agenda.failure, ZeroDivisionError)
    agenda.add(lambda: done.append("never"))
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


def test_a_closed_agenda_forgets_what_was_not_begun(clock, agenda):
    agenda.add(lambda: pytest.fail("was not to be done"))
    agenda.close()
    agenda.start()
    assert agenda.join(PATIENCE)
    assert agenda.failure is None


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
