"""Generated files: none is stale, and one that is gets found and written."""

from pathlib import Path

from support.sample_commands import COMMANDS

from kirin_cli.cli.app import all_commands
from kirin_cli.cli.generated import environment_variables
from kirin_cli.docgen.generated_files import MAN_FOLDER, PAGES_WITH_TABLES, generate_files, stale_files, write_files

ROOT = Path(__file__).parents[2]


def test_no_generated_file_of_the_repository_is_stale() -> None:
    assert stale_files(ROOT, generate_files(ROOT, all_commands(), environment_variables())) == []


def test_what_is_written_is_no_longer_stale(tmp_path: Path) -> None:
    for page in PAGES_WITH_TABLES:
        (tmp_path / page).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / page).write_text("<!-- begin: models -->\n<!-- end: models -->\n", encoding="utf-8")
    texts = generate_files(tmp_path, COMMANDS)
    assert stale_files(tmp_path, texts) == list(texts)
    assert write_files(tmp_path, texts) == list(texts)
    assert stale_files(tmp_path, generate_files(tmp_path, COMMANDS)) == []
    assert "kirin_v1_t2v" in (tmp_path / "README.md").read_text(encoding="utf-8")


def test_a_changed_file_and_the_page_of_a_command_that_is_no_more_are_stale_and_the_page_goes(tmp_path: Path) -> None:
    texts = generate_files(tmp_path, COMMANDS)
    write_files(tmp_path, texts)
    gone, changed = tmp_path / MAN_FOLDER / "kirin-gone.1", tmp_path / "completions" / "kirin.fish"
    gone.write_text("", encoding="utf-8")
    changed.write_text("# mine\n", encoding="utf-8")
    stale = ["completions/kirin.fish", f"{MAN_FOLDER}/kirin-gone.1"]
    assert sorted(stale_files(tmp_path, texts)) == stale
    assert write_files(tmp_path, texts) == ["completions/kirin.fish"]
    assert not gone.exists()


def test_every_text_is_the_same_each_time_and_ends_with_one_newline(tmp_path: Path) -> None:
    texts = generate_files(tmp_path, COMMANDS)
    assert texts == generate_files(tmp_path, COMMANDS)
    assert not [path for path, text in texts.items() if text and (not text.endswith("\n") or text.endswith("\n\n"))]
