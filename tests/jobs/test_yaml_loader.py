"""YAML text becomes documents of plain data, and every flaw has its line and column."""

import gc

import pytest
import yaml

from kirin_cli.jobs.yaml_loader import parse_yaml, pause_gc
from kirin_cli.jobs.yaml_nodes import find_position, line_column, split_path

PARSERS = [yaml.CSafeLoader, yaml.SafeLoader]


@pytest.fixture(params=PARSERS, ids=["libyaml", "pure"])
def read(request):
    return lambda text: parse_yaml(text, parser=request.param)


def position_of(root, path):
    """Line and column, from 1, of the innermost key or item that exists on the path."""
    return line_column(find_position(root, split_path(path))[0])


def root(stream):
    assert stream.problems == []
    (document,) = stream.documents
    return document.root


def only(stream):
    (problem,) = stream.problems
    return problem


def test_order_of_keys_and_kinds_of_quotes_survive(read):
    text = "b: 'it''s'\na: \"\\u00e9\\t\"\nc: |\n  two\n  lines\nd: >-\n  one\n  line\n"
    assert list(root(read(text)).items()) == [("b", "it's"), ("a", "é\t"), ("c", "two\nlines\n"), ("d", "one line")]


def test_anchors_and_aliases_name_one_object(read):
    data = root(read("a: &x {k: 1}\nb: *x\nc: [&y t, *y, *x]\n"))
    assert data == {"a": {"k": 1}, "b": {"k": 1}, "c": ["t", "t", {"k": 1}]}
    assert data["a"] is data["b"]


def test_an_anchor_may_be_given_anew_and_stand_on_a_key(read):
    assert root(read("a: &x 1\nb: &x 2\nc: *x\n")) == {"a": 1, "b": 2, "c": 2}
    assert root(read("&k key: 1\nb: *k\n*k : 3\n".replace("*k :", "? other\n:"))) == {"key": 1, "b": "key", "other": 3}
    assert root(read("key: 1\nx: {&k key: 2}\nb: *k\n")) == {"key": 1, "x": {"key": 2}, "b": "key"}


def test_an_alias_of_text_may_be_a_key(read):
    assert root(read("a: &k name\n*k : 1\n")) == {"a": "name", "name": 1}


def test_merge_keys_fill_in_what_is_not_there(read):
    text = "base: &b {x: 1, y: 2}\nother: &o {y: 3, z: 4}\none: {<<: *b, y: 9}\ntwo:\n  <<: [*o, *b]\n  w: 0\n"
    data = root(read(text))
    assert data["one"] == {"y": 9, "x": 1}
    assert data["two"] == {"w": 0, "y": 3, "z": 4, "x": 1}


def test_what_is_merged_stands_where_it_was_written(read):
    data = root(read("base: &b\n  x: 1\n  y: [1, 2]\none:\n  z: 0\n  <<: *b\n  w: 5\n"))
    assert position_of(data, "one.x") == (2, 3)
    assert position_of(data, "one.y[1]") == (3, 10)
    assert position_of(data, "one.z") == (5, 3)
    assert position_of(data, "one.w") == (7, 3)


def test_a_mapping_in_place_can_be_merged(read):
    assert root(read("a: {<<: {x: 1}, y: 2}\n")) == {"a": {"y": 2, "x": 1}}


@pytest.mark.parametrize("merged", ["5", "[1]", "[{a: 1}, x]", "~"])
def test_only_mappings_can_be_merged(read, merged):
    problem = only(read(f"a:\n  b: 1\n  <<: {merged}\n"))
    assert (problem.line, problem.column) == (3, 3)


def test_I2_a_duplicate_key_is_an_error_at_the_second_that_names_the_first(read):
    stream = read("a: 1\nb:\n  c: 1\n  d: 2\n  c: [3, {x: {y: 1}}]\n  e: 4\n<<: {}\n<<: {}\n")
    assert [(p.line, p.column) for p in stream.problems] == [(5, 3), (8, 1)]
    assert stream.problems[0].message == 'duplicate key "c"; the first is on line 3'
    assert stream.documents[0].root == {"a": 1, "b": {"c": 1, "d": 2, "e": 4}}


@pytest.mark.parametrize("key", ["1", "1.5", "true", "~", "[a]", "{a: b}", "? [x, {y: 1}]\n", "!!int 3"])
def test_keys_must_be_text(read, key):
    stream = read(f"a: 1\n{key}: 2\nb: 3\n")
    problem = only(stream)
    assert problem.line == 2
    assert "must be text" in problem.message
    assert stream.documents[0].root == {"a": 1, "b": 3}


@pytest.mark.parametrize("key", ['"1"', "'true'", "!!str 5", "yes", "017", "16:9", "on", '""'])
def test_quoted_and_schemaless_keys_are_text(read, key):
    text = key.removeprefix("!!str ").strip("\"'")
    assert root(read(f"{key} : 2\n")) == {text: 2}


def test_a_number_is_no_key_even_after_the_same_word_in_quotes(read):
    assert "must be text" in only(read('"1": a\nb: {1: c}\n')).message


def test_I2_a_recursive_alias_is_an_error_with_line_and_column(read):
    for text, place in (("a: &a\n  b: *a\n", (2, 6)), ("&a [1, [*a]]", (1, 9)), ("a: &a {<<: *a}", (1, 12))):
        problem = read(text).problems[0]
        assert (problem.line, problem.column) == place
        assert "inside the very thing" in problem.message


def test_an_alias_without_anchor_is_an_error(read):
    problem = only(read("a: 1\nprompt: *bold* text\n".replace("* text", "")))
    assert (problem.line, problem.column) == (2, 9)
    assert "*bold has no anchor" in problem.message


def test_anchors_end_with_their_document(read):
    assert "*x has no anchor" in only(read("a: &x 1\n---\nb: *x\n")).message


def test_several_documents_come_one_by_one_with_their_places(read):
    stream = read("# first\na: 1\n---\n- b\n--- text\n...\n---\n")
    assert [document.root for document in stream.documents] == [{"a": 1}, ["b"], "text", None]
    assert [line_column(document.position)[0] for document in stream.documents][:3] == [2, 4, 5]


def test_an_error_of_syntax_keeps_the_documents_before_it_and_the_problems(read):
    stream = read("a: 1\na: 2\n---\nb: [\n")
    assert [document.root for document in stream.documents] == [{"a": 1}]
    assert [problem.line for problem in stream.problems] == [2, 5]


def test_an_empty_text_has_no_document(read):
    for text in ("", "# nothing\n", "\n\n"):
        assert read(text).documents == []
        assert read(text).problems == []


SYNTAX = {
    "tab for indentation": ("a:\n\tb: 1\n", (2, 1), "never with a tab"),
    "colon in text": ("a: 1\nprompt: Neon: rain\n", (2, 13), "needs quotes"),
    "unclosed list": ("a: [1, 2\nb: 3\n", None, ""),
    "unclosed quote": ("a: 'x\nb: 3\n", None, "closing quote"),
    "wrong indentation": ("a: 1\n  b: 2\n", (2, 4), "needs quotes"),
    "percent": ("a: %x\n", (1, 4), "needs quotes"),
    "undeclared tag handle": ("a: !e!x 1\n", (1, 4), "needs quotes"),
    "list among keys": ("a: 1\n- b\n", (2, 1), "indented differently"),
    "control character": ("a: 1\nb: x\x01y\n", (2, 5), "U+0001"),
    "NUL": ("a: 1\nb: \0\n", (2, 4), "U+0000"),
    "DEL": ("a: \x7f\n", (1, 4), "U+007F"),
}


@pytest.mark.parametrize(("text", "place", "words"), SYNTAX.values(), ids=SYNTAX)
def test_errors_of_syntax_say_where_and_what_to_do(text, place, words):
    problem = only(parse_yaml(text))
    assert place in {None, (problem.line, problem.column)}
    assert words in problem.message


@pytest.mark.parametrize("text", [text for text, _, _ in SYNTAX.values()], ids=SYNTAX)
def test_the_pure_parser_stops_at_the_same_errors(text):
    assert only(parse_yaml(text, parser=yaml.SafeLoader)).line >= 1


def test_an_escape_beyond_unicode_is_a_problem_not_a_traceback(read):
    for escape in ("\\U00110000", "\\UFFFFFFFF"):
        assert only(read(f'a: "{escape}"\n')).line == 1


def test_the_sentence_names_where_an_unfinished_thing_began():
    problem = only(parse_yaml("jobs:\n  - a: 1\n    b: [1,\n      2\n  - c\n"))
    assert (problem.line, problem.column) == (3, 8)
    assert problem.message == "the [ that opens here is never closed"


def test_windows_line_ends_and_a_last_line_without_end_count_as_usual(read):
    data = root(read("a: 1\r\nb:\r\n  c: 2"))
    assert position_of(data, "b.c") == (3, 3)
    assert data == {"a": 1, "b": {"c": 2}}


def test_columns_count_characters_not_bytes(read):
    assert position_of(root(read("{é🎬é: 1, b: 2}")), "b") == (1, 10)


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_afterwards_as_it_was(enabled):
    before = gc.isenabled()
    (gc.enable if enabled else gc.disable)()
    try:
        with pause_gc():
            assert not gc.isenabled()
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if before else gc.disable)()
