"""The watch: what has changed is shown, and when it ends."""

from types import SimpleNamespace

from kirin_cli.cli.task_watch import refresh_error, watch
from kirin_cli.errors import NotPermitted
from kirin_cli.ledger.states import LedgerState
from kirin_cli.run.refresh import RefreshResult

ACCEPTED, RUNNING, SUCCEEDED = LedgerState.ACCEPTED, LedgerState.RUNNING, LedgerState.SUCCEEDED


class Console:
    def __init__(self):
        self.said = []

    def info(self, text):
        self.said.append(text)

    def error(self, error):
        self.said.append(error.message)


def watched(*rounds, results=()):
    """What is shown when the entries stand so in each round, how long was waited, and the exit code."""
    shown, waits, asked, answers = [], [], [], list(results)

    def ask(_):
        asked.append(1)
        return answers.pop(0) if answers else RefreshResult(1)

    def find():
        states = rounds[max(0, min(len(asked), len(rounds)) - 1)]
        return [SimpleNamespace(id=number, state=state, task_id="t") for number, state in enumerate(states)]

    def show(entries, is_first):
        shown.append(([(entry.id, entry.state) for entry in entries], is_first))

    console = Console()
    code = watch(find, ask, show, console, seconds=5, sleep=waits.append)
    return shown, waits, code, console.said


def test_everything_is_shown_first_and_then_what_has_changed():
    shown, waits, code, _ = watched([ACCEPTED, RUNNING], [ACCEPTED, RUNNING], [ACCEPTED, SUCCEEDED], [SUCCEEDED] * 2)
    assert shown == [
        ([(0, ACCEPTED), (1, RUNNING)], True), ([(1, SUCCEEDED)], False), ([(0, SUCCEEDED)], False),
    ]  # fmt: skip
    assert (waits, code) == ([5, 5, 5], 0)


def test_it_ends_at_once_where_nothing_is_under_way_or_nothing_can_be_asked():
    assert watched([SUCCEEDED])[1:3] == ([], 0)
    assert watched([], results=[RefreshResult(0)])[1:3] == ([], 0)
    assert watched([RUNNING], results=[RefreshResult(0)])[1:3] == ([], 0)  # it is another key's


def test_it_goes_on_while_another_kirin_waits_for_a_task():
    shown, waits, code, _ = watched([RUNNING], [RUNNING], [SUCCEEDED], results=[RefreshResult(0, held=1)] * 3)
    assert [entries for entries, _ in shown] == [[(0, RUNNING)], [(0, SUCCEEDED)]]
    assert (waits, code) == ([5, 5], 0)


def test_an_error_of_the_key_ends_it_and_silence_does_not():
    refused = RefreshResult(1, error=NotPermitted("no"))
    assert watched([RUNNING], results=[refused])[1:] == ([], 4, ["no"])
    silent = RefreshResult(1, 1, "timed out")
    _, waits, code, said = watched([RUNNING], [RUNNING], [SUCCEEDED], results=[silent, silent])
    assert (waits, code, len(said)) == ([5, 5], 0, 2)


def test_the_code_is_3_where_nothing_was_answered():
    assert refresh_error(RefreshResult(2, 2, "x"), Console()) == 3
    assert refresh_error(RefreshResult(2, 1, "x"), Console()) == 0
