"""How values and names read in messages."""

from datetime import date

import pytest

from kirin_cli.modelspec.fields import INVALID
from kirin_cli.modelspec.text import did_you_mean, join_or, near_file, pluralize, quote

CIRCLE: list[object] = []
CIRCLE.append(CIRCLE)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", '"a"'),
        ("é\n\x1b", '"é\\n\\u001b"'),
        (None, "null"),
        (True, "true"),
        (1e2, "100.0"),
        (float("nan"), "NaN"),
        ({"a": [1]}, '{"a": [1]}'),
        (date(2026, 1, 1), '"2026-01-01"'),
        (b"a", "\"b'a'\""),
    ],
    ids=str,
)
def test_values_are_shown_as_they_are_written_in_json(value, text):
    assert quote(value) == text


def test_long_values_are_cut_and_stay_closed():
    assert quote("x" * 58) == '"' + "x" * 58 + '"'
    assert quote("x" * 59) == '"' + "x" * 56 + '…"'
    assert quote([1] * 99).endswith("…]")


def test_what_json_cannot_say_is_shown_all_the_same():
    values = {"int": 10**5000, "dict": {("a",): 1}, "list": CIRCLE}
    for name, value in values.items():
        assert quote(value) == f"a value that cannot be shown ({name})"
    deep: object = []
    for _ in range(100_000):
        deep = [deep]
    assert quote(deep) == "a value that cannot be shown (list)"


def test_counts_and_lists_read_as_sentences():
    assert [pluralize(number) for number in (0, 1, 2)] == ["0 items", "1 item", "2 items"]
    assert [join_or(words) for words in (("a",), ("a", "b"), ("a", "b", "c"))] == ["a", "a or b", "a, b or c"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("promt", '; did you mean "prompt"?'),
        ("scale", '; did you mean "cfg_scale"?'),
        ("my_mode_", '; did you mean "mode"?'),
        ("", "; known are prompt, mode, cfg_scale"),
        ("zzz", "; known are prompt, mode, cfg_scale"),
    ],
)
def test_A2_a_wrong_name_is_answered_with_the_nearest_or_with_all(name, words):
    assert did_you_mean(name, ["prompt", "mode", "cfg_scale"]) == words


def test_a_name_of_a_letter_or_two_is_near_to_nothing():
    assert did_you_mean("CITY_NAME", ["_", "A", "NA"]) == "; known are _, A, NA"
    assert did_you_mean("MODE", ["mode", "x"]) == '; did you mean "mode"?'
    assert did_you_mean("cup", ["x", "cup[mode=std]"]) == '; did you mean "cup[mode=std]"?'


@pytest.mark.parametrize(
    ("value", "text"),
    {
        "kirin\u00a0": '"kirin\\xa0" (with a no-break space, U+00A0)',
        "a\u202fb": '"a\\u202fb" (with a narrow no-break space, U+202F)',
        "\ufeffa": '"\\ufeffa" (with a byte order mark, U+FEFF)',
        "a b": '"a b"',
    }.items(),
)
def test_a_blank_that_is_none_is_written_as_an_escape_and_named(value, text):
    assert quote(value) == text


@pytest.mark.parametrize("value", [INVALID, [INVALID], {"a": [INVALID, object()]}, print, pytest])
def test_objects_of_the_program_are_not_shown(value):
    assert quote(value).replace('"a": ', "").strip('[]{}"') in {"…", '…", "…'}


def test_a_file_of_nearly_that_name_is_found(tmp_path):
    (tmp_path / "Cup.png").touch()
    assert near_file(tmp_path / "cup.pgn") == '; did you mean "Cup.png"?'
    assert near_file(tmp_path / "zebra.mp4") == ""
    assert near_file(tmp_path / "hat.png") == ""
    assert near_file(tmp_path / "none" / "cup.png") == ""
