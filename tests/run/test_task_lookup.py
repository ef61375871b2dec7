"""A task by a file: by its sidecar wherever it was moved, else by the ledger."""

import shutil
from pathlib import Path

import pytest
from support.workspace import open_workspace

from kirin_cli.errors import UsageError
from kirin_cli.ledger.entry import Intent
from kirin_cli.ledger.ledger import Ledger
from kirin_cli.ledger.lookup import NoSuchTask
from kirin_cli.run.task_lookup import find_task, sidecar_of


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A video that was made, its folder, and its entry."""
    with open_workspace(tmp_path_factory.mktemp("made")) as workspace:
        workspace.kirin("v1-t2v", "rain", "-o", "rain.mp4")
        (entry,) = workspace.all_entries()
        with Ledger.open(workspace.home.state, lambda: 0.0) as ledger:
            yield workspace.home.work, ledger.store, entry


@pytest.mark.parametrize("name", ["rain.mp4", "rain.json", "./rain.mp4"])
def test_a_file_and_its_sidecar_name_their_task(made, monkeypatch, name):
    folder, store, entry = made
    monkeypatch.chdir(folder)
    assert find_task(store, name) == entry
    assert find_task(store, name, origin=entry.origin, account=entry.account) == entry


def test_a_file_that_was_moved_with_its_sidecar_is_still_that_of_its_task(made, tmp_path):
    folder, store, entry = made
    for suffix in ("mp4", "json"):
        shutil.copy(folder / f"rain.{suffix}", tmp_path / f"other.{suffix}")
    assert find_task(store, str(tmp_path / "other.mp4")) == entry


def test_a_file_that_is_gone_is_known_by_the_ledger(made, tmp_path, monkeypatch):
    folder, store, entry = made
    monkeypatch.chdir(tmp_path)
    assert find_task(store, str(folder / "rain.mp4")) == entry
    with pytest.raises(NoSuchTask):
        find_task(store, "rain.mp4")


def test_a_file_of_nobody_is_no_id_to_ask_the_service_for(made, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "holiday.mp4").write_bytes(b"x")
    with pytest.raises(UsageError, match="was made by no task") as told:
        find_task(made[1], "holiday.mp4")
    assert not isinstance(told.value, NoSuchTask)
    assert sidecar_of("holiday.mp4") is None
    assert sidecar_of("a\0b") is None


def test_the_service_is_asked_for_the_id_of_a_sidecar_whose_ledger_is_lost(made, tmp_path):
    folder, _, entry = made
    with Ledger.open(tmp_path / "state", lambda: 0.0) as ledger, pytest.raises(NoSuchTask) as told:
        find_task(ledger.store, str(folder / "rain.mp4"))
    assert told.value.task_id == entry.external_id
    assert "which the note of" in told.value.message


def test_files_of_a_checkout_that_are_called_like_a_task_stand_for_none(made, tmp_path, monkeypatch):
    folder, store, entry = made
    monkeypatch.chdir(tmp_path)
    note = (folder / "rain.json").read_text().replace(entry.external_id, "krn1-stranger")
    for name in ("last", "last~0", entry.task_id, entry.external_id, entry.external_id[:-1]):
        Path(name).write_bytes(b"x")
        Path(f"{name}.json").write_text(note)
        assert (find_task(store, name), sidecar_of(name)) == (entry, None)
    Path("nobody").write_bytes(b"x")
    with pytest.raises(NoSuchTask):
        find_task(store, "nobody")


def test_an_id_with_a_dot_is_that_of_its_task_before_it_is_a_file(made, tmp_path, monkeypatch):
    folder, _, entry = made
    monkeypatch.chdir(tmp_path)
    Path("order.7").write_bytes(b"x")
    shutil.copy(folder / "rain.json", "order.json")
    key = {"origin": entry.origin, "account": entry.account, "model": entry.model, "request": "{}"}
    with Ledger.open(tmp_path / "state", lambda: 0.0) as ledger:
        ledger.intend(Intent(external_id=entry.external_id, job_file="a.yaml", **key))
        assert find_task(ledger.store, "order.7").external_id == entry.external_id
        ledger.intend(Intent(external_id="order.7", job_file="a.yaml", **key))
        assert find_task(ledger.store, "order.7").external_id == "order.7"
