"""The list of recent tasks, from which shells complete ids: what stands in it, when it is written, what it may cost."""

import os
import stat

import pytest

from kirin_cli.errors import LocalError
from kirin_cli.ledger.ledger import RECENT_SECONDS, Ledger
from kirin_cli.ledger.recent_tasks import MAX_ABOUT_LENGTH, MAX_RECENT, RECENT_FILE
from kirin_cli.ledger.states import LedgerEvent


def accept(ledger, intent, number, **more):
    sent = ledger.move(ledger.intend(intent(number, **more)), LedgerEvent.SEND)
    return ledger.move(sent, LedgerEvent.ACCEPTED, task_id=f"task-{number}")


def listed(folder):
    return [tuple(line.split("\t")) for line in (folder / RECENT_FILE).read_text(encoding="utf-8").splitlines()]


def test_the_newest_task_comes_first_and_what_has_no_task_id_yet_by_its_external_id(folder, clock, intent):
    with Ledger.open(folder, clock) as ledger:
        accept(ledger, intent, 1)
        ledger.intend(intent(2, job_file="jobs.yaml"))
    assert listed(folder) == [(f"krn1-{2:026d}", "kirin_v1_t2v job 2"), ("task-1", "kirin_v1_t2v job 1")]
    assert [path.name for path in folder.iterdir() if path.suffix == ".part"] == []


@pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX")
def test_it_is_for_me_alone(folder, clock, intent):
    with Ledger.open(folder, clock) as ledger:
        accept(ledger, intent, 1)
    assert stat.S_IMODE((folder / RECENT_FILE).stat().st_mode) == 0o600


def test_it_has_a_task_while_others_still_come_in(ledger, folder, clock, intent):
    accept(ledger, intent, 1)
    assert listed(folder)[0][0] == "task-1"
    accept(ledger, intent, 2)
    assert listed(folder)[0][0] == "task-1", "a batch does not write it for every task"
    clock.now += RECENT_SECONDS
    accept(ledger, intent, 3)
    assert [either_id for either_id, _ in listed(folder)] == ["task-3", "task-2", "task-1"]
    accept(ledger, intent, 4)
    ledger.close()
    ledger.close()
    assert listed(folder)[0][0] == "task-4"


def test_it_stays_short(folder, clock, intent):
    with Ledger.open(folder, clock) as ledger:
        for number in range(MAX_RECENT + 3):
            accept(ledger, intent, number, job="x" * 200)
    assert len(listed(folder)) == MAX_RECENT
    assert {len(about) for _, about in listed(folder)} == {MAX_ABOUT_LENGTH}


@pytest.mark.parametrize("odd", ["$(touch x)", "a b", "-rf", "it's", "a;b", "a\tb", "a\nb", "ä", "`x`", "a:b", "~x"])
def test_an_id_that_a_shell_could_read_as_anything_else_is_not_in_it(folder, clock, intent, odd):
    with Ledger.open(folder, clock) as ledger:
        accept(ledger, intent, 1)
        ledger.intend(intent(2, external_id=odd, job_file="jobs.yaml"))
    assert listed(folder) == [("task-1", "kirin_v1_t2v job 1")]


def test_a_name_cannot_break_its_line(folder, clock, intent):
    with Ledger.open(folder, clock) as ledger:
        accept(ledger, intent, 1, job="a\nb\tc\x1b[31m")
    assert listed(folder) == [("task-1", "kirin_v1_t2v a b c [31m")]


def test_a_ledger_from_before_gets_one_with_the_first_command(folder, clock, intent):
    with Ledger.open(folder, clock) as ledger:
        accept(ledger, intent, 1)
    (folder / RECENT_FILE).unlink()
    Ledger.open(folder, clock).close()
    assert listed(folder)[0][0] == "task-1"


def test_where_it_cannot_be_written_the_ledger_works_all_the_same(folder, clock, intent):
    with Ledger.open(folder, clock) as ledger:
        (folder / RECENT_FILE).mkdir()
        accept(ledger, intent, 1)
    with Ledger.open(folder, clock) as ledger:
        assert ledger.get(intent(1)).task_id == "task-1"


def test_a_link_in_its_place_is_replaced_and_never_written_through(folder, clock, intent, tmp_path):
    (tmp_path / "mine").write_text("mine")
    folder.mkdir()
    (folder / RECENT_FILE).symlink_to(tmp_path / "mine")
    with Ledger.open(folder, clock) as ledger:
        accept(ledger, intent, 1)
    assert ((tmp_path / "mine").read_text(), listed(folder)[0][0]) == ("mine", "task-1")


def test_a_ledger_that_is_damaged_says_what_it_said_before(folder, clock):
    folder.mkdir()
    (folder / "ledger.sqlite3").write_bytes(b"no database" * 100)
    with pytest.raises(LocalError, match="no database"):
        Ledger.open(folder, clock)
    assert not (folder / RECENT_FILE).exists()
