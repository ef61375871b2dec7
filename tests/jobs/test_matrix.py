"""Combinations as GitHub Actions makes them: the examples of its documentation, and its rules as an oracle."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st
from support.cpu_time import work_within

from kirin_cli.jobs.matrix import MAX_COMBINATIONS_COUNTED, MAX_MATRIX_STEPS, Matrix, MatrixValue, combination_labels
from kirin_cli.jobs.placeholders import short_label, to_text


def value(given):
    return MatrixValue(given, to_text(given), 0)


def entry(**values):
    return {key: value(one) for key, one in values.items()}


def combinations(vectors, exclude=(), include=()):
    matrix = Matrix({key: [value(one) for one in values] for key, values in vectors.items()})
    matrix.exclude = [entry(**one) for one in exclude]
    matrix.include = [entry(**one) for one in include]
    return [{key: one.value for key, one in combination.items()} for combination in matrix.combinations()]


def test_every_value_meets_every_other_and_the_last_changes_fastest():
    assert combinations({"version": [10, 12, 14], "os": ["ubuntu", "windows"]}) == [
        {"version": 10, "os": "ubuntu"}, {"version": 10, "os": "windows"},
        {"version": 12, "os": "ubuntu"}, {"version": 12, "os": "windows"},
        {"version": 14, "os": "ubuntu"}, {"version": 14, "os": "windows"},
    ]  # fmt: skip


def test_include_adds_to_combinations_or_makes_its_own_as_documented_by_github():
    vectors = {"fruit": ["apple", "pear"], "animal": ["cat", "dog"]}
    include = [
        {"color": "green"}, {"color": "pink", "animal": "cat"}, {"fruit": "apple", "shape": "circle"},
        {"fruit": "banana"}, {"fruit": "banana", "animal": "cat"},
    ]  # fmt: skip
    assert combinations(vectors, include=include) == [
        {"fruit": "apple", "animal": "cat", "color": "pink", "shape": "circle"},
        {"fruit": "apple", "animal": "dog", "color": "green", "shape": "circle"},
        {"fruit": "pear", "animal": "cat", "color": "pink"},
        {"fruit": "pear", "animal": "dog", "color": "green"},
        {"fruit": "banana"},
        {"fruit": "banana", "animal": "cat"},
    ]


def test_include_expands_one_combination_as_documented_by_github():
    found = combinations(
        {"os": ["windows", "ubuntu"], "node": [14, 16]}, include=[{"os": "windows", "node": 16, "npm": 6}]
    )
    assert found[1] == {"os": "windows", "node": 16, "npm": 6}
    assert len(found) == 4


def test_include_alone_is_a_list_of_combinations():
    include = [{"site": "production"}, {"site": "staging"}, {"site": "production", "x": 1}]
    assert combinations({}, include=include) == include


def test_exclude_takes_away_partial_matches_before_include_comes_as_documented_by_github():
    vectors = {"os": ["macos", "windows"], "version": [12, 14, 16], "environment": ["staging", "production"]}
    exclude = [{"os": "macos", "version": 12, "environment": "production"}, {"os": "windows", "version": 16}]
    found = combinations(vectors, exclude)
    assert len(found) == 9
    assert combinations(vectors, exclude, [{"os": "windows", "version": 16}])[9] == {"os": "windows", "version": 16}


def test_values_that_read_the_same_are_the_same():
    assert combinations({"duration": [5, 10]}, [{"duration": "5"}]) == [{"duration": 10}]
    assert combinations({"x": [1.0, True]}, [{"x": 1}]) == [{"x": True}]
    assert combinations({"x": [{"a": [1]}, None]}, [{"x": {"a": [1]}}]) == [{"x": None}]


def oracle(vectors, exclude, include):
    """The rules of GitHub, sentence by sentence."""
    original = [dict(zip(vectors, values, strict=True)) for values in product(*vectors.values())] if vectors else []
    kept = [one for one in original if not any(all(one[k] == v for k, v in out.items()) for out in exclude)]
    added = [dict(one) for one in kept]
    own = []
    for extra in include:
        fits = [i for i, one in enumerate(kept) if not any(k in one and one[k] != v for k, v in extra.items())]
        for i in fits:
            added[i].update(extra)
        own += [] if fits else [extra]
    return added + own


VALUES = st.integers(0, 2)
VECTORS = st.dictionaries(st.sampled_from("abc"), st.lists(VALUES, min_size=1, max_size=3, unique=True))
ENTRIES = st.lists(st.dictionaries(st.sampled_from("abcde"), VALUES, min_size=1), max_size=4)


@given(VECTORS, ENTRIES, ENTRIES)
def test_any_matrix_is_as_the_rules_say(vectors, exclude, include):
    known = [{key: one for key, one in out.items() if key in vectors} for out in exclude]
    exclude = [out for out in known if out]
    assert combinations(vectors, exclude, include) == oracle(vectors, exclude, include)


def test_I5_the_size_is_known_without_making_any():
    values = [value(number) for number in range(100)]
    matrix = Matrix({str(key): values for key in range(50)}, include=[entry(a=1)])
    with work_within(0.1):
        assert matrix.size == MAX_COMBINATIONS_COUNTED
        assert Matrix({"a": values, "b": values}, include=[entry(a=1)]).size == 100**2 + 1
    assert Matrix().size == 0
    assert Matrix(include=[entry(a=1)] * 3).size == 3


def test_I5_what_takes_too_long_to_compare_is_refused():
    values = [value(number) for number in range(1000)]
    assert not Matrix({"a": values}, exclude=[entry(a=1)] * (MAX_MATRIX_STEPS // 1000)).is_too_large()
    words = Matrix({"a": values}, exclude=[entry(a=1)] * (MAX_MATRIX_STEPS // 1000 + 1)).is_too_large()
    assert words.startswith("1,000 combinations and so many entries")


def test_names_show_values_as_they_are_written():
    given = {"mode": "std", "cfg": 0.3, "n": 7, "whole": 1.0, "on": True, "no": None, "tree": {"a": ["b"]}}
    assert combination_labels(entry(**given)) == {
        "mode": "std", "cfg": "0.3", "n": "7", "whole": "1", "on": "true", "no": "null", "tree": '{"a": ["b"]}',
    }  # fmt: skip


def test_long_and_untidy_values_are_cut_and_still_differ():
    assert short_label(" a\n\tb ") == "a b"
    long = [short_label("Neon rain over the harbour at night, camera " + end) for end in ("left", "right")]
    assert long[0].startswith("Neon rain over the harbour at night")
    assert len(set(long)) == 2
    assert all(len(one) <= 40 for one in long)
    assert short_label("x" * 40) == "x" * 40
    assert to_text(float("inf")) == "Infinity"
    assert to_text(1e300) == "1e+300"
    assert short_label("\ud800" * 50).startswith("\ud800")
