"""Words of command lines: what is quoted is read back, by a POSIX shell and as Windows programs read arguments."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kirin_cli.shell_words import NO_COMMAND, OMITTED_WORD, join_words, quote_word, split_words

WORDS = (
    "jobs.yaml",
    "a b.yaml",
    r"clips\rain.mp4",
    r"C:\my clips" + "\\",
    'say "hi"',
    "it's",
    "$HOME",
    "a&b",
    "",
    "%x%",
    "a,b",
)
EXPANDED = '"$%!^`\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\n\r'
"""Characters that cmd or PowerShell makes something of, in quotes too."""


def windows_arguments(line):
    """How C programs on Windows take their command line apart: backslashes count before a quote only."""
    arguments, word, quoted, begun, position = [], "", False, False, 0
    while position < len(line):
        letter = line[position]
        if letter == "\\":
            count = len(line) - position - len(line[position:].lstrip("\\"))
            position += count
            if line[position : position + 1] == '"':
                word += "\\" * (count // 2)
                if count % 2:
                    word, position = word + '"', position + 1
            else:
                word += "\\" * count
            begun = True
            continue
        if letter == '"':
            quoted, begun = not quoted, True
        elif letter == " " and not quoted:
            arguments, word, begun = [*arguments, word] if begun else arguments, "", False
        else:
            word, begun = word + letter, True
        position += 1
    return [*arguments, word] if begun else arguments


@pytest.mark.parametrize("word", WORDS)
def test_a_word_is_read_back_as_it_was(word):
    assert shlex.split(quote_word(word, "linux")) == [word]
    quoted = quote_word(word, "win32")
    assert quoted == OMITTED_WORD if set(word) & set(EXPANDED) else windows_arguments(quoted) == [word]


@pytest.mark.parametrize("evil", ["a$(calc)", 'b" & calc & "', "%USERNAME%", "a`calc", *EXPANDED])
def test_no_line_for_windows_has_a_word_that_quotes_do_not_make_harmless(evil):
    assert quote_word(evil, "win32") == OMITTED_WORD
    assert join_words(("kirin", "run", "jobs.yaml", "--only", evil), "win32") == NO_COMMAND
    assert not set(OMITTED_WORD + NO_COMMAND) & set(EXPANDED + "&|<>;")
    assert shlex.split(join_words(("kirin", "run", evil), "linux")) == ["kirin", "run", evil]


@given(st.lists(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=8), max_size=4))
def test_a_line_is_taken_apart_again(words):
    assert split_words(join_words(words, "linux"), "linux") == words
    line = join_words(words, "win32")
    assert line == NO_COMMAND if set("".join(words)) & set(EXPANDED) else windows_arguments(line) == words


def test_what_needs_no_quotes_has_none_and_windows_knows_no_single_ones():
    assert join_words(("kirin", "run", r"clips\jobs.yaml"), "win32") == r"kirin run clips\jobs.yaml"
    assert join_words(("kirin", "run", "my jobs.yaml", "it's"), "win32") == 'kirin run "my jobs.yaml" "it\'s"'
    assert split_words('kirin wait "a b" c', "win32") == ["kirin", "wait", "a b", "c"]
