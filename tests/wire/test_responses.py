"""Tasks, failures and JSON as broken and hostile services send them."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kirin_cli.wire.responses import (
    MalformedResponse,
    OutputContent,
    ServiceFailure,
    TaskState,
    is_known_status,
    parse_error,
    parse_response,
    parse_task,
    task_state,
    valid_id,
)

COMPLETED = {
    "id": "d758",
    "status": "completed",
    "model": "kirin_v1_t2v",
    "created_at": 1710000000,
    "output": [{"content": [{"type": "video", "url": "https://cdn.example/x.mp4", "duration": "5.1", "jobId": "j"}]}],
    "usage": {"cost": "0.28", "discount": 1, "quantity": 1, "unit_price": "0.28"},
    "metadata": {},
}


def output_of(*contents: object) -> tuple[OutputContent, ...]:
    return parse_task({"id": "a", "output": [{"content": list(contents)}]}).outputs


def test_a_completed_task_is_read_in_full():
    task = parse_task(COMPLETED)
    assert (task.id, task.status, task.state, task.created_at) == ("d758", "completed", TaskState.COMPLETED, 1710000000)
    assert task.outputs == (OutputContent("video", "https://cdn.example/x.mp4", "5.1"),)
    assert task.cost == Decimal("0.28")
    assert (task.failure, task.progress) == (None, None)
    assert task.raw["model"] == "kirin_v1_t2v"


@pytest.mark.parametrize("twice", ['"metadata": {"a": 1, "a": 2}', '"discount": 2', '"status": "completed"'])
def test_S8_what_stands_twice_and_decides_nothing_hides_no_result(twice):
    answer = json.dumps(COMPLETED | {"discount": 1})[:-1] + f", {twice}}}"
    assert parse_task(parse_response(answer.encode())).outputs == parse_task(COMPLETED).outputs


@pytest.mark.parametrize("twice", ['"id": "other"', '"status": "failed"', '"output": []', '"error": "no"'])
def test_S8_an_answer_that_contradicts_itself_is_none(twice):
    answer = json.dumps(COMPLETED | {"error": None})[:-1] + f", {twice}}}"
    with pytest.raises(MalformedResponse):
        parse_response(answer.encode())


def test_a_running_task_has_progress():
    task = parse_task({"id": "a", "status": "in_progress", "progress": 0.35})
    assert (task.state, task.progress) == (TaskState.RUNNING, 0.35)


@pytest.mark.parametrize("word", ["COMPLETED", "Completed", " completed "])
def test_P3_the_case_of_a_status_does_not_matter(word):
    assert parse_task({"id": "a", "status": word}).state is TaskState.COMPLETED


@pytest.mark.parametrize("word", ["finalizing", "completed?", "in_queue", "", None, 7, {"code": 200}, ["completed"]])
def test_P3_any_other_word_means_still_running(word):
    assert parse_task({"id": "a", "status": word}).state is TaskState.RUNNING


@pytest.mark.parametrize("word", ["completed", "Success", "succeeded", " DONE "])
def test_P10_a_word_for_success_is_completed_but_for_an_error_without_a_url(word):
    output, error = [{"content": [{"url": "https://x"}]}], {"code": 5, "message": "no"}
    assert parse_task({"id": "a", "status": word}).state is TaskState.COMPLETED
    assert parse_task({"id": "a", "status": word, "output": output, "error": error}).state is TaskState.COMPLETED
    assert parse_task({"id": "a", "status": word, "error": error}).state is TaskState.FAILED
    assert parse_task({"id": "a", "status": word, "error": {"code": 0, "message": "OK"}}).state is TaskState.COMPLETED


@pytest.mark.parametrize("word", ["failed", "error", "Cancelled", "canceled", "expired", "REJECTED"])
def test_P10_a_word_for_failure_fails_with_what_the_answer_says(word):
    assert parse_task({"id": "a", "status": word, "message": "full"}).failure == ServiceFailure("", "full")
    failure = parse_task({"id": "a", "status": word}).failure
    assert failure == (None if word == "failed" else ServiceFailure("", word))


@pytest.mark.parametrize(
    ("payload", "state"),
    [
        ({"output": "https://x"}, TaskState.COMPLETED),
        ({"output": "https://x", "progress": 1}, TaskState.COMPLETED),
        ({"output": "https://x", "progress": 0.5}, TaskState.RUNNING),
        ({"error": "no"}, TaskState.FAILED),
        ({"error": "no", "progress": 0.5}, TaskState.RUNNING),
        ({}, TaskState.RUNNING),
    ],
)
def test_P10_without_a_word_the_rest_decides(payload, state):
    assert parse_task({"id": "a"} | payload).state is state


def test_P3_unknown_words_can_be_told_from_known_ones():
    assert is_known_status("In_Progress")
    assert is_known_status("")
    assert not is_known_status("transmogrifying")
    assert task_state("FAILED") is TaskState.FAILED


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (0, 0.0),
        (1, 1.0),
        (0.5, 0.5),
        (-3, 0.0),
        (35, 1.0),
        (True, None),
        ("0.5", None),
        (float("nan"), None),
        (10**400, None),
    ],
)
def test_progress_is_clamped_or_none(given, expected):
    assert parse_task({"id": "a", "progress": given}).progress == expected


@pytest.mark.parametrize(
    ("given", "expected"), [(5, 5), (5.0, 5), ("5", None), (-1, None), (2**60, None), (None, None), (True, None)]
)
def test_created_at_is_whole_seconds_or_none(given, expected):
    assert parse_task({"id": "a", "created_at": given}).created_at == expected


@pytest.mark.parametrize(
    "bad", [None, 7, "", " ", "x" * 257, "a\x00b", "a\nb", "a\x9bb", "\ud800", ".", "..", {"x": 1}, ["a"]]
)
def test_S8_a_creation_without_a_usable_id_is_malformed(bad):
    with pytest.raises(MalformedResponse):
        parse_task({"id": bad}, created=True)
    assert parse_task({"id": bad, "status": "completed"}).id == ""


@pytest.mark.parametrize("good", ["a", "x" * 256, "../../x?y=", "a b", "ä"])
def test_any_other_text_is_an_id(good):
    assert parse_task({"id": good}, created=True).id == valid_id(good) == good


@pytest.mark.parametrize("payload", [None, 5, "x", [], [{"id": "a"}], {"data": {"id": "a"}, "id": 7}])
def test_S8_what_names_no_task_is_malformed(payload):
    with pytest.raises(MalformedResponse):
        parse_task(payload, created=True)


def test_an_answer_wrapped_in_data_is_unwrapped_only_without_an_id_outside():
    assert parse_task({"data": {"id": "in"}}).id == "in"
    assert parse_task({"id": "out", "data": {"id": "in"}}).id == "out"
    assert parse_task({"id": "out", "data": {}}).id == "out"


def test_output_is_a_list_or_one_object_and_so_is_content():
    entry = {"type": "Video", "url": " https://x/a.mp4 ", "duration": 5}
    expected = (OutputContent("video", "https://x/a.mp4", "5"),)
    for output in ([{"content": [entry]}], {"content": entry}, [{"content": entry}], [entry], entry):
        assert parse_task({"id": "a", "output": output}).outputs == expected


def test_D16_the_label_of_an_item_does_not_decide_and_a_url_counts_once():
    items = [
        {"url": "https://x/1"},
        {"type": "Video_Watermark", "url": "https://x/2"},
        {"type": "v", "url": "https://x/1"},
    ]
    assert output_of(*items) == (OutputContent("v", "https://x/1"), OutputContent("video_watermark", "https://x/2"))
    nested: object = items
    for _ in range(100):
        nested = [nested]
    assert parse_task({"id": "a", "output": nested}).outputs == ()


def test_several_contents_keep_their_order_and_lose_their_duplicates():
    first, second = {"type": "video", "url": "https://x/1"}, {"type": "image", "url": "https://x/2", "duration": 1.5}
    task = parse_task({"id": "a", "output": [{"content": [second, first, second]}, {"content": [first]}]})
    assert task.outputs == (OutputContent("image", "https://x/2", "1.5"), OutputContent("video", "https://x/1", ""))


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"type": "video"},
        {"type": "video", "url": ""},
        {"type": "video", "url": 5},
        {"type": "video", "url": "https://x/" + "a" * 9000},
        "x.mp4",
        "ftp://x",
        None,
    ],
)
def test_P4_contents_without_a_usable_url_are_left_out(entry):
    assert output_of(entry) == ()
    assert output_of(entry, {"type": "video", "url": "https://x"}) == (OutputContent("video", "https://x"),)


@pytest.mark.parametrize("output", [None, 5, "x", [], [None], {}, [[]]])
def test_P4_odd_outputs_are_no_outputs(output):
    assert parse_task({"id": "a", "output": output}).outputs == ()


@pytest.mark.parametrize(
    ("cost", "expected"),
    [
        ("0.28", "0.28"),
        (0.28, "0.28"),
        (1, "1"),
        ("0", "0"),
        ("0.2800", "0.2800"),
        ("NaN", None),
        ("-1", None),
        ("inf", None),
        ("1e999999", None),
        ("1e-999999", None),
        ("x", None),
        (None, None),
        (True, None),
        ("9" * 50, None),
        ([], None),
    ],
)
def test_cost_is_a_decimal_or_unknown(cost, expected):
    found = parse_task({"id": "a", "usage": {"cost": cost}}).cost
    assert (None if found is None else str(found)) == expected


@pytest.mark.parametrize("usage", [None, [], "0.28"])
def test_usage_that_is_no_object_has_no_cost(usage):
    assert parse_task({"id": "a", "usage": usage}).cost is None


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"code": "002001095", "error_message": "Internal"}, ServiceFailure("002001095", "Internal")),
        ({"code": 5, "message": "words"}, ServiceFailure("5", "words")),
        ({"message": "words"}, ServiceFailure("", "words")),
        ({"code": "7"}, ServiceFailure("7", "")),
        ("bare words", ServiceFailure("", "bare words")),
        (None, None),
        ("", None),
        ({}, None),
        ([], None),
        ({"code": None, "message": {"a": 1}}, None),
    ],
)
def test_P5_an_error_is_an_object_a_string_or_null(error, expected):
    assert parse_task({"id": "a", "status": "failed", "error": error}).failure == expected


def test_P5_a_message_of_a_megabyte_is_cut_and_can_be_encoded():
    failure = parse_task({"id": "a", "status": "failed", "error": "\ud800" + "x" * 1_000_000}).failure
    assert failure is not None
    assert len(failure.message) == 300
    assert failure.message.encode().endswith("…".encode())


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"message": "m"}, ServiceFailure("", "m")),
        ({"error": "m"}, ServiceFailure("", "m")),
        ({"error": {"code": 7, "message": "m"}}, ServiceFailure("7", "m")),
        ({"error": {"code": "c"}, "message": "m"}, ServiceFailure("c", "m")),
        ({"status": {"code": 404, "message": "m"}}, ServiceFailure("404", "m")),
        ({"code": 40001, "message": "m", "status": 400}, ServiceFailure("40001", "m")),
        ({"error": "Bad Request", "message": "m"}, ServiceFailure("", "m")),
        ({"detail": "m"}, ServiceFailure("", "m")),
        ("m", ServiceFailure("", "m")),
        ([], ServiceFailure("", "")),
        ({}, ServiceFailure("", "")),
    ],
)
def test_error_bodies_of_every_shape(body, expected):
    assert parse_error(json.dumps(body).encode()) == expected


def test_a_page_of_html_is_read_as_its_text():
    page = b"<html><head><style>a{b}</style></head><body><h1>502 Bad\n Gateway</h1>nginx</body></html>"
    assert parse_error(page) == ServiceFailure("", "502 Bad Gateway nginx")
    assert parse_error(b"\xff\xfe") == ServiceFailure("", "\ufffd\ufffd")
    assert len(parse_error(b"x" * 10_000).message) == 300
    assert len(parse_error(b"x" * 10_000, max_length=4000).message) == 4000


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"a": 1',
        b"NaN",
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"id": "a", "id": "b"}',
        b"\xff",
        b'{"a": ' + b"7" * 5000 + b"}",
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b"<html>",
    ],
)
def test_P9_hostile_json_is_malformed(body):
    with pytest.raises(MalformedResponse) as caught:
        parse_response(body)
    assert len(str(caught.value)) < 300


def test_good_json_is_read():
    assert parse_response(b'\xef\xbb\xbf{"a": [1, 2.5, null, "\xc3\xa4"]}') == {"a": [1, 2.5, None, "ä"]}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "id",
                    "status",
                    "progress",
                    "output",
                    "content",
                    "type",
                    "url",
                    "usage",
                    "cost",
                    "error",
                    "code",
                    "data",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_nothing_but_a_task_or_malformed_answer_comes_of_any_payload(payload):
    try:
        task = parse_task(payload)
    except MalformedResponse:
        return
    assert task.progress is None or 0 <= task.progress <= 1
    assert task.cost is None or task.cost >= 0


@given(st.binary(max_size=200))
def test_an_error_body_never_fails(body):
    assert len(parse_error(body).message) <= 300
