"""The syntax of `${…}`: what is literal, what is asked for, what cannot be understood."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kirin_cli.jobs.placeholders import (
    MAX_PLACEHOLDERS,
    Placeholder,
    escape,
    may_interpolate,
    needs_interpolation,
    parse_template,
    referenced_names,
)

READ = {
    "": (),
    "plain": ("plain",),
    "5 $": ("5 $",),
    "$5 and $name": ("$5 and $name",),
    "$$": ("$",),
    "$$$$": ("$", "$"),
    "$${x}": ("$", "{x}"),
    "$$$${x}": ("$", "$", "{x}"),
    "$$${x}": ("$", Placeholder("x")),
    "${x}": (Placeholder("x"),),
    "${ x }": (Placeholder("x"),),
    "a${x}b${y_2}": ("a", Placeholder("x"), "b", Placeholder("y_2")),
    "${x}${x}": (Placeholder("x"), Placeholder("x")),
    "${x:-}": (Placeholder("x", "-", ""),),
    "${x:-a: b}": (Placeholder("x", "-", "a: b"),),
    "${x:-a:-b:?c}": (Placeholder("x", "-", "a:-b:?c"),),
    "${x:?}": (Placeholder("x", "?", ""),),
    "${x:?set x\nplease}": (Placeholder("x", "?", "set x\nplease"),),
    "${row.Prompt (en)}": (Placeholder("row.Prompt (en)"),),
    "${row.a:b}": (Placeholder("row.a:b"),),
    "${env.HOME:-/}": (Placeholder("env.HOME", "-", "/"),),
    "${jobs.cup[mode=std,cfg_scale=0.3].url}": (Placeholder("jobs.cup[mode=std,cfg_scale=0.3].url"),),
}  # fmt: skip


@pytest.mark.parametrize(("text", "pieces"), READ.items(), ids=READ)
def test_a_value_is_read_as_text_and_placeholders(text, pieces):
    assert parse_template(text) == pieces


@pytest.mark.parametrize(
    ("text", "words"),
    {
        "${": "does not end",
        "a ${x": "does not end",
        "${x:-${y}}": "has a brace inside",
        "${x:-{y}}": "has a brace inside",
        "${x{}": "has a brace inside",
        "${}": "has no name",
        "${ }": "has no name",
        "${x-default}": "has no name as it must be",
        "${x:default}": "has no name as it must be",
        "${1x}": "has no name",
        "${a b}": "has no name",
        "${é}": "has no name",
        "${:-x}": "has no name",
        "${x}" * (MAX_PLACEHOLDERS + 1): "more than 1,000 placeholders",
    }.items(),
    ids=lambda text: text[:20],
)
def test_what_cannot_be_understood_is_refused_with_a_sentence(text, words):
    with pytest.raises(ValueError, match=words):
        parse_template(text)


@given(st.text(alphabet="${}:-?ab. "))
def test_any_text_is_read_or_refused(text):
    if "${" in text:
        with suppress(ValueError):
            assert parse_template(text)
    else:
        assert "".join(parse_template(text)) == text.replace("$$", "$")


@given(st.recursive(st.text(alphabet="${}ab:-."), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_escaped_text_stands_for_itself(tree):
    def read(part):
        if isinstance(part, dict):
            return {name: read(inner) for name, inner in part.items()}
        return [read(inner) for inner in part] if isinstance(part, list) else "".join(parse_template(part))

    assert read(escape(tree)) == tree


def test_what_is_no_text_is_not_escaped():
    assert escape({"a": [1, None, "$", "$a", "$$", "${"]}) == {"a": [1, None, "$", "$a", "$$$", "$${"]}


def test_names_are_found_wherever_they_are_asked_for():
    tree = {"a": ["${x} ${row.y}", 1, {"b": "${x:-z}"}], "c": "$x $${q}", "${k}": "${broken"}
    assert list(referenced_names(tree)) == ["x", "row.y", "x"]
    assert list(referenced_names(None)) == []


def test_a_tree_is_asked_whether_it_holds_a_dollar():
    assert needs_interpolation({"a": [1, {"b": "c$"}]})
    assert not needs_interpolation({"$": [1, None, "a", {"b": 2.5}]})


@pytest.mark.parametrize("text", ["a: $", r'a: "\x24{x}"', r'a: "\u0024{x}"', r'a: "\U00000024{x}"'])
def test_a_dollar_is_seen_however_yaml_writes_it(text):
    assert may_interpolate(text)


def test_a_text_without_dollars_cannot_interpolate():
    assert not may_interpolate("a: b\n")
