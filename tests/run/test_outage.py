"""One task that is lost, and a service that finds none (fault P12)."""

from kirin_cli.run.outage import OutageDetector


def test_P12_a_task_alone_is_no_outage():
    detector = OutageDetector()
    detector.on_asked("a")
    assert not detector.is_outage("a", 0.0)


def test_P12_while_no_other_task_is_found_it_is_an_outage():
    detector = OutageDetector()
    for name in "abc":
        detector.on_asked(name)
        detector.on_found(name, 5.0)
    assert detector.is_outage("a", 6.0)
    detector.on_found("a", 7.0)
    assert detector.is_outage("a", 6.0)
    detector.on_found("b", 8.0)
    assert not detector.is_outage("a", 6.0)


def test_P12_tasks_that_have_ended_are_no_others_but_were_found():
    detector = OutageDetector()
    detector.on_asked("a")
    detector.on_asked("b")
    assert detector.is_outage("a", 6.0)
    detector.on_ended("b")
    assert not detector.is_outage("a", 6.0)
    detector.on_asked("c")
    detector.on_found("b", 7.0)
    assert not detector.is_outage("a", 6.0)


def test_P12_while_an_accepted_task_is_missing_and_none_is_found_a_404_says_nothing():
    detector = OutageDetector()
    assert not detector.finds_nothing
    detector.on_found("a", 1.0)
    detector.on_missing("a", 2.0)
    detector.on_missing("a", 3.0)
    assert detector.finds_nothing
    detector.on_found("b", 2.5)
    assert not detector.finds_nothing
    detector.on_found("a", 4.0)
    detector.on_missing("b", 5.0)
    assert detector.finds_nothing
    detector.on_ended("b")
    assert not detector.finds_nothing
