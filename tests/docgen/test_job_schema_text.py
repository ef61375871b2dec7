"""JSON to read: the same value, on lines that fit."""

import json

from kirin_cli.json_text import WIDTH, format_json


def test_short_values_stand_on_one_line() -> None:
    assert format_json({"a": [1, None, "é"]}) == '{"a": [1, null, "é"]}'


def test_long_values_are_spread_and_mean_the_same() -> None:
    value = {"list": list(range(100)), "deep": {"er": [{"word": "x" * 50, "other": "y" * 50}, []]}, "none": {}}
    text = format_json(value)
    assert json.loads(text) == value
    assert max(map(len, text.splitlines())) <= WIDTH


def test_a_line_may_be_just_as_wide_as_allowed() -> None:
    for length in range(WIDTH - 30, WIDTH + 30):
        text = format_json({"key": ["x" * 20, "y" * length]})
        assert all(len(line) <= WIDTH or line.strip(' ",') == "y" * length for line in text.splitlines())
