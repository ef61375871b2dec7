"""Errors of YAML's syntax, told where their cause stands, with what to do."""

import pytest

from kirin_cli.jobs.yaml_loader import parse_yaml

HEAD = "jobs:\n- name: a\n  params:\n"
ESCAPE = "begins an escape that YAML does not know; use single quotes, or / in a path"
NEEDS = "a blank is missing behind "
CAUSES = {
    "placeholder in a mapping": (
        "a: {mode: ${x}, prompt: a}\n", (1, 11), 'inside of {…} and […] a placeholder needs quotes: "${x}"',
    ),
    "placeholder at the end": ("a: {mode: ${x:-b}}\n", (1, 11), "inside of {…} and […] a placeholder needs quotes: "),
    "placeholder in a list": ("a: [${x}, b]\n", (1, 5), 'inside of {…} and […] a placeholder needs quotes: "${x}"'),
    "colon without blank": (f"{HEAD}    mode: std\n    prompt:slow\n    duration: 5\n", (5, 12), NEEDS + '"prompt:"'),
    "the last": (f"{HEAD}    mode: std\n    prompt:slow\n", (5, 12), NEEDS + '"prompt:"'),
    "the first": (f"{HEAD}    prompt:slow\n    mode: std\n", (4, 12), NEEDS + '"prompt:"'),
    "dash without blank": ("jobs:\n  -name: a\n   model: b\n", (2, 3), NEEDS + '"-"'),
    "second dash": ("jobs:\n  - name: a\n  -name: b\n", (3, 3), NEEDS + '"-"'),
    "no-break space": (
        f"{HEAD}    prompt: x\n    mode:\u00a0 pro\n", (5, 10),
        'the blank behind "mode:" is a no-break space, U+00A0: type a plain one',
    ),
    "narrow no-break space": (
        f"{HEAD}    mode:\u202fpro\n    prompt: x\n", (4, 10), 'the blank behind "mode:" is a narrow',
    ),
    "git": ("a: 1\n<<<<<<< HEAD\nb: 2\n=======\nb: 3\n>>>>>>> x\n", (2, 1), "a conflict that git could not merge"),
    "git with windows ends": ("<<<<<<< HEAD\r\nb: 2\r\n=======\r\n>>>>>>> x", (1, 1), "a conflict that git"),
    "backslash": ('a: "C:\\media\\x"\n', (1, 7), f"in double quotes \\m {ESCAPE}"),
    "users": ('a: "C:\\Users\\x"\n', (1, 7), f"in double quotes \\U {ESCAPE}"),
    "x": ('a: "media\\xylo.png"\n', (1, 10), f"in double quotes \\x {ESCAPE}"),
    "open quote": ('a: "neon\nb: 2\n', (1, 4), "the quote that opens here is never closed"),
    "open quote of a key": ('a: 1\n"b: 2\nc: 3\n', (2, 1), "the quote that opens here is never closed"),
    "closed by the next": (
        'a: 1\nprompt: "neon rain\nmode: "std"\nx: 1\n', (2, 9), "the quote that opens here is closed",
    ),
    "closed by the next single one": ("a: 'neon\nb: 'std'\n", (1, 4), "the quote that opens here is closed on line 2"),
    "closed by the next in braces": ('a: {b: "neon, c: "d"}\n', (1, 18), "the quote ends here and the text goes on"),
    "quote inside": ("a: 'it's'\nc: 1\n", (1, 7), "the quote ends here and the text goes on; a quote inside"),
    "text behind a quote": ('a: "x" y\n', (1, 6), "the quote ends here and the text goes on; a quote inside"),
    "bracket": ("a: [1, 2\nb: 3\n", (1, 4), "the [ that opens here is never closed"),
    "brace": ("a: 1\np: {prompt: a\njobs: 3\n", (2, 4), "the { that opens here is never closed"),
    "hash in braces": (
        "p: {prompt: neon #ff00ff pink}\njobs: 3\n", (1, 4),
        "the { that opens here is never closed; # begins a comment there, text with # in it needs quotes",
    ),
    "no colon": ("a: 1\nb\nc: 2\n", (2, 1), "could not find expected ':'"),
    "typographic quotes": ("a: “x: y”\n", (1, 6), "mapping values are not allowed in this context"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "place", "words"), CAUSES.values(), ids=CAUSES)
def test_an_error_stands_at_its_cause(text, place, words):
    (problem,) = parse_yaml(text).problems
    assert (problem.line, problem.column) == place
    assert problem.message.startswith(words)


def test_typographic_quotes_are_named():
    (problem,) = parse_yaml("a: “x: y”\n").problems
    assert problem.message.endswith("; “ ” are no quotes to YAML")


@pytest.mark.parametrize(
    "text", ["a: '<<<<<<<'\n", "a: |\n  <<<<<<< x\n  =======\n  >>>>>>> y\n", "a: https://x.y\nb: 12:30\n"]
)
def test_what_only_looks_like_a_mistake_is_none(text):
    assert parse_yaml(text).problems == []
