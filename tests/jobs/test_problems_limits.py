"""Fault I3: what is too large, too deep or a bomb is refused in under a second, by its size or what it would become."""

import tracemalloc

import pytest
import yaml
from support.cpu_time import work_within

from kirin_cli.jobs.parser import read_job_file
from kirin_cli.jobs.problems import InputLimits
from kirin_cli.jobs.yaml_loader import parse_yaml

ALIAS_BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 30)
)
MAPPING_BOMB = "- &a0 {k: v}\n" + "".join(f"- &a{i} {{l: *a{i - 1}, r: *a{i - 1}}}\n" for i in range(1, 50))
MERGE_BOMB = (
    "a: &a {"
    + ", ".join(f"k{i}: 1" for i in range(500))
    + "}\n"
    + "".join(f"b{i}: {{<<: *a}}\n" for i in range(10_000))
)
ALIASES = ", ".join(["*a"] * 500)
MERGE_LISTS = "a: &a {k: 1}\n" + "".join(f"b{i}: {{<<: [{ALIASES}]}}\n" for i in range(1000))
MERGE_IN_PLACE = "{<<: " * 60 + "{" + ",".join(f"k{i}: 1" for i in range(5000)) + "}" + "}" * 60
ALIAS_CHAIN = "- &a0 [x]\n" + "".join(f"- &a{i} [*a{i - 1}]\n" for i in range(1, 20_000))

BOMBS = {
    "alias bomb": (lambda: ALIAS_BOMB, "add more than 100,000 nodes"),
    "mapping bomb": (lambda: MAPPING_BOMB, "add more than 100,000 nodes"),
    "merge bomb": (lambda: MERGE_BOMB, "add more than 100,000 nodes"),
    "merge of long lists": (lambda: MERGE_LISTS, "add more than 100,000 nodes"),
    "merge bomb without aliases": (lambda: MERGE_IN_PLACE, "add more than 100,000 nodes"),
    "depth by aliases": (lambda: ALIAS_CHAIN, "nested more than 64 deep"),
    "self-alias": (lambda: "a: &a [*a]\n", "inside the very thing"),
    "self-merge": (lambda: "a: &a {<<: [*a]}\n", "inside the very thing"),
    "depth 20,000 in lists": (lambda: "[" * 20_000, "nested more than 64 deep"),
    "depth 20,000 in mappings": (lambda: "{a: " * 20_000, "nested more than 64 deep"),
    "depth 20,000 in block style": (lambda: "- " * 20_000, "nested more than 64 deep"),
    "depth 20,000 of keys": (lambda: "? " * 20_000, "nested more than 64 deep"),
    "depth 20,000 below a duplicate key": (lambda: "a: 1\na: " + "[" * 20_000, "nested more than 64 deep"),
    "8 MiB of depth": (lambda: "[" * (8 << 20), "nested more than 64 deep"),
    "duplicate keys without end": (lambda: "{" + "a," * 400_000 + "}", "more than 1,000 problems"),
    "unknown tags without end": (lambda: "- !x y\n" * 400_000, "more than 1,000 problems"),
    "documents without end": (lambda: "---\n" * 1_000_000, "more than 10,000 documents"),
    "tag directives without end": (
        lambda: "".join(f"%TAG !{i}! tag:x\n" for i in range(400_000)) + "---\na\n",
        "%TAG directives",
    ),
}


@pytest.mark.parametrize(("write", "words"), BOMBS.values(), ids=BOMBS)
def test_I3_bombs_are_refused_in_under_a_second_of_work(write, words):
    text = write()
    with work_within(1):
        problems = parse_yaml(text).problems
    assert any(words in problem.message for problem in problems)
    assert problems[-1].line >= 1
    assert problems[-1].column >= 1


@pytest.mark.parametrize("level", ["flow", "block"])
def test_I3_a_parser_with_a_limit_of_its_own_says_our_sentence(level):
    class Cautious(yaml.SafeLoader):
        """Refuses as libyaml does from 0.2.6 on; older releases read any depth."""

        def get_event(self):
            mark = yaml.Mark("<unicode string>", 0, 0, 1000, None, None)
            raise yaml.scanner.ScannerError(
                f"while increasing {level} level", mark, "exceeded maximum nesting depth", mark
            )

    (problem,) = parse_yaml("[]", InputLimits(depth=7), Cautious).problems
    assert (problem.line, problem.column) == (1, 1001)
    assert problem.message == "nested more than 7 deep, aliases written out"


def test_I3_a_bomb_takes_no_memory():
    tracemalloc.start()
    parse_yaml(ALIAS_BOMB)
    parse_yaml(MERGE_BOMB)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 << 20


def test_I3_a_hundred_megabytes_are_refused_unread(tmp_path):
    path = tmp_path / "huge.yaml"
    with path.open("wb") as file:
        file.truncate(100 << 20)
    with work_within(0.1):
        (problem,) = read_job_file(path, {}).problems
    assert problem.message == "is larger than the limit of 8,388,608 bytes for a job file"


def test_limits_are_the_largest_that_is_accepted():
    limits = InputLimits(bytes=1, depth=3, nodes=6, entries=6, documents=2)
    for good, bad in (
        ("[[[x]]]", "[[[[x]]]]"),
        ("[&a [1, 2], *a, *a]", "[&a [1, 2], *a, *a, *a]"),
        ("[&a [[1]], *a]", "[&a [[1]], [*a]]"),
        ("[1, 2, 3, 4, 5, 6]", "[1, 2, 3, 4, 5, 6, 7]"),
        ("{a: 1, b: 2, c: [3, 4], d: 5}", "{a: 1, b: 2, c: [3, 4], d: 5, e: 6}"),
        ("{a: 1, b: 2, c: 3, d: 4, e: 5, f: 6}", "{a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7}"),
        ("- {a: 1, b: 2}\n- {a: 1, b: 2}", "- {a: 1, b: 2}\n- {a: 1, b: 2}\n- {a: 1}"),
        ("--- 1\n--- 2\n", "--- 1\n--- 2\n--- 3\n"),
    ):
        assert parse_yaml(good, limits).problems == []
        assert len(parse_yaml(bad, limits).problems) == 1


def test_ten_thousand_jobs_of_twenty_lines_are_no_bomb():
    job = "  - name: job-{}\n    params:\n" + "".join(f"      key{i}: value\n" for i in range(18))
    stream = parse_yaml("jobs:\n" + "".join(job.format(i) for i in range(10_000)))
    assert stream.problems == []
    assert len(stream.documents[0].root["jobs"]) == 10_000


@pytest.mark.parametrize("length", range(0, 60, 7))
def test_any_prefix_of_a_file_is_read_or_refused(length):
    text = 'a: &x {b: "c\\u00e9", <<: {d: [1, ~]}}\n? e\n: *x\n--- |\n  f\n...\n'
    for parsed in (parse_yaml(text[:length]), parse_yaml(text[length:]), parse_yaml(text[length::-1])):
        assert all(problem.line >= 1 and problem.column >= 1 for problem in parsed.problems)
