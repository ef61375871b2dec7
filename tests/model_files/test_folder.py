"""Folders of model files: what is listed without parsing, what is passed over, and how files come and go."""

import os
from time import process_time

import pytest

from kirin_cli.errors import UsageError
from kirin_cli.model_files.folder import (
    add_model_file,
    files_called,
    find_model_files,
    remove_model_file,
    unusable_files,
)
from kirin_cli.modelspec.pricing import classify_price

TEXT = 'model: {id}\ncommand: {command}\nhelp: "Make: x"\nfields:\n  - {{name: prompt}}\n'


def write(folder, name, model_id="m", command="m", text=TEXT):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text.format(id=model_id, command=command), encoding="utf-8")


def test_files_are_listed_by_their_heading_alone(tmp_path):
    write(tmp_path, "a.yaml", "a", text=TEXT + "fields: [broken\n")
    write(tmp_path, "b.yml", "b", "bee")
    entries = find_model_files([tmp_path], ())
    assert {name: (one.command, one.help) for name, one in entries.items()} == {
        "a": ("m", "Make: x"),
        "b": ("bee", "Make: x"),
    }
    assert entries["b"].load().names == ("prompt", "external_task_id")
    with pytest.raises(UsageError):
        entries["a"].load()


def test_a_heading_in_any_other_yaml_is_read_too(tmp_path):
    (tmp_path / "a.yaml").write_text('{"model": "a", "command": "cc", "fields": []}')
    (tmp_path / "b.yaml").write_text('model: "\\x62"\nhelp: >\n  Two\n  lines\nfields: []\n')
    entries = find_model_files([tmp_path], ())
    assert {name: (one.command, one.help) for name, one in entries.items()} == {
        "a": ("cc", "Make a video with a."),
        "b": ("b", "Two lines"),
    }


def test_no_model_takes_the_command_of_another_and_the_first_folder_goes_first(tmp_path):
    ours, theirs = tmp_path / "1", tmp_path / "2"
    write(ours, "a.yaml", "a", "run")
    write(ours, "b.yaml", "b", "same")
    write(ours, "c.yaml", "c", "same")
    write(theirs, "a.yaml", "a", "other")
    entries = find_model_files([ours, theirs], {"run"})
    assert {name: one.command for name, one in entries.items()} == {"a": "a", "b": "same", "c": "c"}
    assert entries["a"].path == ours / "a.yaml"
    assert [str(path) for path, _ in unusable_files([ours, theirs], entries.values())] == [str(theirs / "a.yaml")]


def test_what_is_no_model_is_passed_over_and_said_when_asked_for(tmp_path):
    write(tmp_path, "good.yaml", "good", "good")
    write(tmp_path, "odd.yaml", "../../x", "x")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\x00")
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "link.yaml").symlink_to("/etc/hostname")
    (tmp_path / ".hidden.yaml").write_text(TEXT)
    (tmp_path / "readme.txt").write_text(TEXT)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.yaml")
    entries = find_model_files([tmp_path], ())
    assert list(entries) == ["good"]
    names = {path.name for path, _ in unusable_files([tmp_path], entries.values())}
    assert names - {"pipe.yaml"} == {"odd.yaml", "binary.yaml", "folder.yaml", "link.yaml"}


def test_a_folder_that_is_not_there_has_no_models(tmp_path):
    assert find_model_files([tmp_path / "none"], ()) == {}


def test_texts_of_a_heading_are_harmless(tmp_path):
    write(tmp_path, "a.yaml", text='model: a\nhelp: "x\\u001b[31m ##vso[y] \\u202e"\nfields: []\n')
    assert find_model_files([tmp_path], ())["a"].help == "x [31m # #vso[y]"


def test_X3_what_a_checkout_says_of_prices_does_not_count(tmp_path):
    own, theirs = tmp_path / "own", tmp_path / "theirs"
    for folder, model_id in ((own, "a"), (theirs, "b")):
        write(folder, "m.yaml", model_id, model_id, text=TEXT + "  - {{name: n, kind: integer}}\nprice_by: []\n")
    entries = find_model_files([theirs, own], (), own)
    assert classify_price(entries["a"].load(), {"n": 5}).words == ()
    assert classify_price(entries["b"].load(), {"n": 5}).words == ("n=5",)


def test_X1_nothing_is_written_through_a_link(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "kirin-models").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="symbolic link"):
        add_model_file(tmp_path / "kirin-models", "m", "model: m\n", replace=False)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_file_is_written_once_and_replaced_only_when_asked(tmp_path):
    folder = tmp_path / "kirin-models"
    path = add_model_file(folder, "vendor/x", "model: one\n", replace=False)
    assert path.parent == folder
    with pytest.raises(UsageError, match="is there already"):
        add_model_file(folder, "vendor/x", "model: two\n", replace=False)
    assert path.read_text() == "model: one\n"
    assert add_model_file(folder, "vendor/x", "model: two\n", replace=True) == path
    assert path.read_text() == "model: two\n"
    assert files_called(folder, path.stem) == [path]
    assert files_called(folder, "../" + path.name) == []
    remove_model_file(path)
    assert not path.exists()


@pytest.mark.parametrize(("model_id", "command"), [("a", "x"), ("x", "run"), ("run", "x"), ("x", "a"), ("a", "run")])
@pytest.mark.parametrize("is_own_first", [True, False])
def test_X3_a_checkout_takes_neither_id_nor_command_of_a_persons_own_model(tmp_path, model_id, command, is_own_first):
    own, theirs = tmp_path / "own", tmp_path / "theirs"
    write(own, "z.yaml", "a", "run")
    write(theirs, "a.yaml", model_id, command)
    write(theirs, "b.yaml", "b", "bee")
    folders = [own, theirs] if is_own_first else [theirs, own]
    entries = find_model_files(folders, (), own)
    assert {name: (one.command, one.path) for name, one in entries.items()} == {
        "a": ("run", own / "z.yaml"),
        "b": ("bee", theirs / "b.yaml"),
    }
    [(path, message)] = unusable_files(folders, entries.values(), own)
    assert path == theirs / "a.yaml"
    assert "in conflict" in message
    assert str(own / "z.yaml") in message


@pytest.mark.parametrize("tail", [" " * 8100, "\t" * 8100, " " * 8100 + "\x00", " x" * 4000, " " * 4000 + "#" * 4000])
@pytest.mark.parametrize("line", ["help: a", "command: a", 'help: "a"'])
def test_a_heading_of_blanks_costs_no_time(tmp_path, line, tail):
    for number in range(5):
        write(tmp_path, f"{number}.yaml", f"m{number}", text=f"model: {{id}}\n{line}{tail}\n")
    start = process_time()
    find_model_files([tmp_path], ())
    assert process_time() - start < 2  # seconds; quadratic in the blanks it was 1.5 a file


def test_X1_no_model_is_read_or_removed_through_a_linked_folder(tmp_path):
    write(tmp_path / "elsewhere", "m.yaml")
    link = tmp_path / "kirin-models"
    link.symlink_to(tmp_path / "elsewhere")
    assert find_model_files([link], ()) == {}
    assert ["symbolic link" in message for _, message in unusable_files([link], ())] == [True]
    with pytest.raises(UsageError, match="symbolic link"):
        remove_model_file(link / "m.yaml")
    assert (tmp_path / "elsewhere" / "m.yaml").exists()
