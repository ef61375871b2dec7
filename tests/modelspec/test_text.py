"""How values and names read in messages."""

from datetime import date

import pytest

from kirin_cli.modelspec.text import did_you_mean, join_or, pluralize, quote

CIRCLE: list[object] = []
CIRCLE.append(CIRCLE)
DEEP: object = []
for _ in range(100_000):
    DEEP = [DEEP]


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
    assert quote(DEEP) == "a value that cannot be shown (list)"


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
