"""JSON is read strictly, what two readers could understand differently is refused; and written as others write it."""

import json
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kirin_cli.json_text import NestedTooDeeply, dump_json, escape_ci_commands, indented_json, parse_json
from kirin_cli.redaction import redact_tree


def test_text_and_bytes_are_read_with_and_without_a_mark():
    assert parse_json('{"a": [1, 0.5, null]}') == {"a": [1, 0.5, None]}
    assert parse_json('\ufeff"ä"'.encode()) == parse_json('"ä"') == "ä"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1, "a": 1}', "a name stands twice in one object"),
        ("[NaN]", "NaN is no number"),
        ("-Infinity", "-Infinity is no number"),
        ("1e999", "a number is out of range"),
        ("1" * 5000, "digits"),
        (b'"\xff"', "utf-8"),
    ],
    ids=["twice", "nan", "infinity", "range", "digits", "bytes"],
)
def test_what_json_does_not_have_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        parse_json(text)


def test_a_name_may_stand_twice_where_it_decides_nothing_or_says_the_same():
    decisive = frozenset({"id"})
    text = '{"id": 1, "more": {"a": 1, "a": 2}, "id": 1}'
    assert parse_json(text, decisive=decisive) == {"id": 1, "more": {"a": 2}}
    with pytest.raises(ValueError, match="twice"):
        parse_json('[{"id": 1, "id": 2}]', decisive=decisive)


def test_wrong_syntax_says_where():
    with pytest.raises(json.JSONDecodeError) as raised:
        parse_json('{"a": \n')
    assert (raised.value.lineno, raised.value.colno) == (2, 1)


def test_a_document_that_does_not_fit_the_stack_is_refused():
    with pytest.raises(NestedTooDeeply):
        parse_json("[" * 200_000)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a": ', "}"), ('[{"a": ', "}]")])
def test_a_document_is_as_deep_as_what_recurses_over_it_can_bear(opening, closing):
    def document(depth):
        count = depth // (1 + opening.startswith("[{"))
        return opening * count + "[]" * (depth > 0) + closing * count

    assert parse_json(document(126)) == parse_json(document(126), max_depth=None)
    assert indented_json(parse_json(document(126)))
    for depth in (128, 400):
        with pytest.raises(NestedTooDeeply, match="more than 128 deep"):
            parse_json(document(depth))
    with pytest.raises(NestedTooDeeply, match="more than 64 deep"):
        parse_json(document(64), max_depth=64)
    assert parse_json(document(400), max_depth=None)


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text('aä\n\x00\u2028\ud800😀"\\', max_size=5)
NAMES = st.text(max_size=3)
TREES = st.recursive(
    LEAVES, lambda some: st.lists(some, max_size=3) | st.dictionaries(NAMES, some, max_size=3), max_leaves=6
)


@pytest.mark.parametrize("count", [50, pytest.param(1000, marks=pytest.mark.slow)])
def test_indented_json_is_what_the_standard_library_writes(count):
    @settings(max_examples=count)
    @given(st.dictionaries(NAMES, TREES, max_size=3))
    def holds(data):
        assert dump_json(data) == escape_ci_commands(json.dumps(data, indent=2))

    holds()


def test_X4_indented_json_is_that_of_the_tree_whose_urls_are_redacted():
    tree = {"url": "https://me:pw@cdn.example/x?Signature=abc&page=2", "of": (1, MappingProxyType({"n": ()}), {}, [])}
    tree["of"] += (tree["url"], True, -0.0, 10**30, "ä\x7f")
    assert indented_json(tree) == json.dumps(redact_tree(tree), indent=2)
    assert "pw" not in indented_json(tree)
    assert "abc" not in indented_json(tree)
