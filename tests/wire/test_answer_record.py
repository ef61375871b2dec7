"""What is kept of answers: whole within bounds, and what has no field of its own (promise 12)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kirin_cli.redaction import hide_values, show_all_values
from kirin_cli.wire.answer_record import (
    MAX_DEPTH,
    MAX_ITEMS,
    MAX_RECORD_LENGTH,
    MAX_TEXT_LENGTHS,
    _cut,
    answer_of,
    record_answer,
    service_facts,
    without_signatures,
)

ANSWER = {
    "id": "d758",
    "status": "completed",
    "model": "kirin_v1_t2v",
    "created_at": 1710000000,
    "output": [{"content": [{"type": "video", "url": "https://c/x.mp4", "duration": "5.1", "jobId": "j1", "size": 9}]}],
    "usage": {"cost": "0.28", "discount": 1, "quantity": 1, "unit_price": "0.28"},
    "metadata": {"region": "eu"},
    "queue": "fast",
}


def list_of(depth):
    """Lists in each other, so many."""
    return [list_of(depth - 1)] if depth > 1 else [0]


def record(answer, request_id="r-1"):
    return record_answer(answer, status=200, request_id=request_id)


def test_an_answer_is_kept_as_it_came():
    assert answer_of(record(ANSWER)) == ANSWER
    assert answer_of("") is None


def test_what_has_no_field_of_its_own_is_a_fact_of_the_service():
    assert service_facts(record(ANSWER)) == {
        "jobId": "j1",
        "size": 9,
        "discount": 1,
        "quantity": 1,
        "unit_price": "0.28",
        "metadata": {"region": "eu"},
        "queue": "fast",
        "request_id": "r-1",
    }
    assert service_facts(record({"data": ANSWER})) == service_facts(record(ANSWER))
    assert service_facts(record({"id": "a", "status": "in_progress"}, "")) == {}
    assert service_facts("") == {}


def test_of_several_files_each_keeps_its_own():
    items = [{"url": "https://c/1", "jobId": "a"}, {"url": "https://c/2", "jobId": "b", "width": 9}]
    facts = service_facts(record({"id": "t", "output": items}))
    assert (facts["jobId"], facts["width"]) == ("a", 9)
    assert facts["outputs"] == [{"jobId": "a"}, {"jobId": "b", "width": 9}]


def test_an_error_beside_a_result_is_kept():
    facts = service_facts(record({"id": "t", "output": "https://c/1", "error": {"code": 7}}))
    assert facts["error"] == {"code": 7}


@pytest.mark.parametrize("answer", [None, 7, "text", [], [1], {"output": 5, "usage": [], "metadata": None}])
def test_an_odd_answer_is_kept_and_says_what_it_can(answer):
    assert answer_of(record(answer)) == answer
    assert service_facts(record(answer))["request_id"] == "r-1"


def test_base64_and_what_is_too_long_is_left_out():
    picture = "iVBORw0KGgo" * 1000
    kept = answer_of(record({"a": picture, "b": f"data:image/png;base64,{picture}", "c": "word " * 3000}))
    assert kept["a"].endswith("… (11000 characters of Base64)")
    assert kept["b"].startswith("data:image/png;base64,")
    assert len(kept["b"]) < 100
    assert kept["c"].endswith("… (15000 characters)")


deep: object = "x"
for _ in range(500):
    deep = {"a": [deep]}

LARGE = {
    "many": {f"name {number}": "v" * 90 for number in range(5000)},
    "long": ["word " * 1000] * 1000,
    "deep": deep,
    "wide": [[["x" * 150] * 20] * 20] * 20,
}


@pytest.mark.parametrize("name", LARGE)
def test_a_record_is_bounded_and_stays_json(name):
    text = record({"id": "t", "metadata": LARGE[name], "queue": "fast"})
    assert len(text) <= MAX_RECORD_LENGTH
    json.loads(text)
    service_facts(text)


def test_X2_hidden_values_are_masked_in_an_answer_however_deeply_it_is_nested():
    hide_values(["a-secret-value"])
    try:
        text = record({"id": "t", "metadata": deep, "echo": ["of a-secret-value", {"x": "a-secret-value" * 900}]})
    finally:
        show_all_values()
    assert ("a-secret" in text, answer_of(text)["echo"][0]) == (False, "of ***")


def test_X2_a_hidden_value_of_few_letters_is_masked_behind_a_line_break_too():
    hide_values(["abc"])
    try:
        assert answer_of(record({"id": "t", "echo": "\nabc"})) == {"id": "t", "echo": "\n***"}
    finally:
        show_all_values()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://u:pw@c.example/x.mp4?X-Amz-Signature=abc#t", "https://c.example/x.mp4"),
        ("https://c.example/x.mp4", "https://c.example/x.mp4"),
        ("no URL ?a=b", "no URL ?a=b"),
        ("http://[", "http://["),
        (7, 7),
    ],
)
def test_urls_lose_what_signs_them(url, expected):
    assert without_signatures({"a": [url]}) == {"a": [expected]}
    assert service_facts(record({"metadata": {"cover": url}}))["metadata"] == {"cover": expected}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_nothing_that_is_json_breaks_it(answer):
    text = record(answer)
    assert text.isascii()
    service_facts(text)


NEAR_A_LIMIT = [
    "A" * 399, "A" * 400, "data:x," + "A" * 400, "word " * 1638, "word " * 1639, ['"' * 4100], "\u00fc" * 1500,
    list(range(999)), list(range(1000)), list(range(1001)), {str(n): "," for n in range(1001)}, {"n" * 9000: 1},
]  # fmt: skip
NEAR_A_LIMIT += [nested for depth in (28, 31, 32, 33) for nested in (list_of(depth), {"a": list_of(depth - 1)})]


@pytest.mark.parametrize("answer", NEAR_A_LIMIT, ids=lambda answer: f"{type(answer).__name__}{len(str(answer))}")
def test_what_is_short_is_kept_as_what_is_cut_would_be(answer):
    """The short way and the long one agree wherever the short one is taken."""
    cut = _cut(answer, MAX_TEXT_LENGTHS[0], MAX_ITEMS[0], MAX_DEPTH)
    assert answer_of(record(answer)) == cut
