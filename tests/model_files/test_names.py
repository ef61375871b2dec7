"""What is taken as a name and what is made harmless: everything here may come from anywhere."""

import pytest

from kirin_cli.model_files.names import (
    clean_text,
    command_for,
    file_stem,
    first_sentence,
    is_model_id,
    is_parameter_name,
)


@pytest.mark.parametrize("text", ["kirin_v1_t2v", "vendor/model-4.0:fast", "A", "x" * 128, "a+b@c"])
def test_ids_of_models(text):
    assert is_model_id(text)


@pytest.mark.parametrize(
    "text", ["", "../x", "a/../b", "/etc", "a//b", "a b", "a\n", "a\x1b", "-x", ".x", "x" * 129, None, 7, "ä"]
)
def test_what_is_no_id_of_a_model(text):
    assert not is_model_id(text)


@pytest.mark.parametrize("text", ["", "a.b", "a[0]", "a b", "-a", "1a", "x" * 65, "ä", "a\n", None])
def test_what_is_no_name_of_a_parameter(text):
    assert not is_parameter_name(text)


def test_texts_have_nothing_that_acts_on_a_terminal_or_a_ci_system():
    assert clean_text("\x1b[31mred\x07\r\n  \u202etwo\u200b\x00 words") == "[31mred two words"
    assert clean_text("::error::x") == ": :error::x"
    assert clean_text("say ##vso[task] now") == "say # #vso[task] now"


def test_long_texts_are_cut_at_a_word_and_a_megabyte_is_not_looked_through():
    assert clean_text("word " * 300_000, 30) == "word word word word word…"
    assert clean_text("x" * 1_000_000, 10) == "x" * 9 + "…"
    assert first_sentence("Makes 4.0 videos. And more. " * 9) == "Makes 4.0 videos."


def test_commands_leave_the_family_out_and_take_no_name_of_another():
    assert command_for("kirin_v2_t2v") == "v2-t2v"
    assert command_for("Vendor/Model:4.0") == "vendor-model-4.0"
    assert command_for("run", {"run"}) == "model-run"
    assert command_for("kirin_run", {"run"}) == "kirin-run"
    assert command_for("run", {"run", "model-run"}) == ""


def test_files_are_called_by_names_that_every_system_takes_and_no_two_ids_share_one():
    assert file_stem("kirin_v2") == "kirin_v2"
    ids = ["a/b", "a:b", "a_b", "A_b", "con", "nul.x", "a.", "x" * 128, "aux"]
    stems = [file_stem(text) for text in ids]
    assert len({stem.casefold() for stem in stems}) == len(ids)
    assert all("/" not in stem and ":" not in stem and len(stem) <= 100 for stem in stems)
    assert file_stem("con") != "con"
