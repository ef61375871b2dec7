"""Values follow the YAML 1.2 core schema, but for integers with leading zeros."""

import math

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kirin_cli.jobs.yaml_loader import parse_yaml
from kirin_cli.jobs.yaml_nodes import parse_scalar, parse_tagged

WORDS = [
    "16:9", "yes", "no", "on", "off", "y", "017", "-017", "00", "1_000", "2026-01-01", "=", "0b1", "1e", "0x", "0o8",
    "+0x1", "nil", "tRue", "1.2.3", ".", "-", "..", "e5", "+", "12:30:45", "- 1", "1 ", "inf", "NaN", "-.nan",
    "1\u0662",
]  # fmt: skip
VALUES = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
    "0": 0, "-0": 0, "+5": 5, "-12": -12, "0o17": 15, "0xfF": 255,
    "0.5": 0.5, "-.5": -0.5, "1.": 1.0, "1e3": 1000.0, "+1.5E-2": 0.015, "01.5": 1.5,
    ".inf": math.inf, "+.INF": math.inf, "-.Inf": -math.inf,
}  # fmt: skip


def value(text):
    stream = parse_yaml(f"a: {text}\n")
    assert not stream.problems
    return stream.documents[0].root["a"]


@pytest.mark.parametrize("word", WORDS)
def test_I1_these_words_are_text_as_written(word):
    assert parse_scalar(word) == word


@pytest.mark.parametrize("word", ["16:9", "yes", "no", "on", "017", "1_000", "2026-01-01", "="])
def test_I1_unquoted_in_a_file_they_are_text_too(word):
    assert value(word) == word


@pytest.mark.parametrize(("word", "expected"), VALUES.items())
def test_these_words_are_values_with_their_type(word, expected):
    assert parse_scalar(word) == expected
    assert type(parse_scalar(word)) is type(expected)


@pytest.mark.parametrize("word", [".nan", ".NaN", ".NAN"])
def test_not_a_number_is_a_float(word):
    assert math.isnan(parse_scalar(word))


def test_digits_by_the_hundred_stay_text_and_cost_nothing():
    for text in ("9" * 251, "0x" + "f" * 5000, "1." + "0" * 9000):
        assert parse_scalar(text) == text
    assert parse_scalar("9" * 250) == int("9" * 250)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("!!str 16", "16"), ("! 16", "16"), ("!!int 16", 16), ('!!int "0x10"', 16), ("!!float 2", 2.0),
        ("!!float .5", 0.5),
        ("!!bool true", True), ("!!null ~", None), ("!!str", ""), ('! "x"', "x"), ("!!map {b: 1}", {"b": 1}),
        ("!!seq [1]", [1]), ("! [1]", [1]), ("!<tag:yaml.org,2002:str> 5", "5"),
    ],
)  # fmt: skip
def test_explicit_tags_are_honoured(text, expected):
    assert value(text) == expected
    assert type(value(text)) is type(expected) or isinstance(expected, dict | list)


@pytest.mark.parametrize("tag", ["!!binary", "!!set", "!!timestamp", "!!python/object:os.system", "!env", "!!merge"])
def test_I2_unknown_tags_are_errors_with_line_and_column(tag):
    (problem,) = parse_yaml(f"a: 1\nb: {tag} x\n").problems
    assert (problem.line, problem.column) == (2, 4)
    assert f'unknown tag "{tag}"' in problem.message


@pytest.mark.parametrize("text", ["!env {a: 1}", "!!seq {a: 1}", "!!map [1]", "!!str [1]", "!x [1]"])
def test_I2_containers_take_no_foreign_tag(text):
    (problem,) = parse_yaml(f"a: {text}").problems
    assert (problem.line, problem.column) == (1, 4)


@pytest.mark.parametrize(
    ("tag", "text"), [("int", "x"), ("int", "1.5"), ("bool", "yes"), ("null", "0"), ("float", "x"), ("int", "017")]
)
def test_a_tag_that_the_text_does_not_suit_is_an_error(tag, text):
    with pytest.raises(ValueError, match=f'"{text}" is not !!{tag}'):
        parse_tagged(f"tag:yaml.org,2002:{tag}", text)


UNICODE = st.characters(exclude_categories=["Cs"])
KEYS = st.text(UNICODE, max_size=12).filter("<<".__ne__)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(UNICODE, max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


def tagged_leaves(node):
    """The same data as a person would write it who quotes all text and nothing else."""
    if isinstance(node, dict):
        return "{" + ", ".join(f"? {quoted(key)} : {tagged_leaves(part)}" for key, part in node.items()) + "}"
    if isinstance(node, list):
        return "[" + ", ".join(map(tagged_leaves, node)) + "]"
    if isinstance(node, str):
        return quoted(node)
    if isinstance(node, float) and math.isinf(node):
        return ".inf" if node > 0 else "-.inf"
    if node is None or isinstance(node, bool):
        return str(node).lower().replace("none", "null")
    return repr(node)


def quoted(text):
    return yaml.dump(text, default_style='"', allow_unicode=True, width=10**9).strip()


@settings(deadline=None)
@given(PLAIN)
def test_data_with_its_text_quoted_comes_back_equal(data):
    stream = parse_yaml(tagged_leaves(data))
    assert not stream.problems
    root = stream.documents[0].root
    assert root == data
    assert repr(root) == repr(data)  # 1 is not True and not 1.0


@settings(deadline=None)
@given(
    st.dictionaries(
        KEYS,
        st.text(max_size=60).filter(str.isprintable),
    )
)
def test_a_mapping_of_text_that_pyyaml_wrote_in_quotes_comes_back_equal(data):
    stream = parse_yaml(yaml.dump(data, default_style='"', sort_keys=False))
    assert not stream.problems
    assert list(stream.documents[0].root.items()) == list(data.items())
