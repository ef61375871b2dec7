"""What follows a POST (ledger/README.md, After a POST): every row, first time and again."""

import pytest

from kirin_cli.api.client import CreateStatus, classify_create, classify_denial, is_about_balance, says_duplicate
from kirin_cli.api.exchange import TransportError, TransportErrorKind
from kirin_cli.wire.responses import ServiceFailure

SILENT = ServiceFailure("", "")
V = CreateStatus


def judged(status: int | None, message: str = "", code: str = "", *, task: bool = False) -> CreateStatus:
    return classify_create(status, ServiceFailure(code, message), has_task=task, error=None)


@pytest.mark.parametrize("kind", ["refused", "dns", "connect_timeout", "tls"])
def test_S1_S2_what_certainly_never_left_may_be_sent_again(kind: TransportErrorKind):
    fault = TransportError(kind, "words", certainly_not_sent=True)
    assert classify_create(None, SILENT, has_task=False, error=fault) is V.NOT_SENT


@pytest.mark.parametrize("kind", ["reset", "read_timeout", "deadline", "too_large", "broken"])
def test_S4_S6_what_may_have_been_heard_is_ambiguous(kind: TransportErrorKind):
    fault = TransportError(kind, "words")
    assert classify_create(None, SILENT, has_task=False, error=fault) is V.AMBIGUOUS
    assert classify_create(None, SILENT, has_task=False, error=None) is V.AMBIGUOUS


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, V.AMBIGUOUS),
        (202, V.AMBIGUOUS),
        *[(status, V.AMBIGUOUS) for status in (101, 204, 301, 302, 304, 307, 308, 405, 408, 410, 418, 425)],
        *[(status, V.REFUSED) for status in (400, 404, 413, 415, 422)],
        *[(status, V.AMBIGUOUS) for status in (500, 501, 502, 503, 504, 520, 599)],
        (401, V.DENIED),
        (402, V.NO_BALANCE),
        (403, V.DENIED),
        (409, V.DUPLICATE),
        (429, V.RATE_LIMITED),
    ],
)
def test_S7_S9_S10_S14_every_status_without_words(status, verdict):
    assert judged(status) is verdict


@pytest.mark.parametrize("status", [200, 201, 202, 299])
def test_a_task_in_a_success_is_accepted_whatever_else_it_says(status):
    assert judged(status, "duplicate already exists", task=True) is V.ACCEPTED
    assert judged(status, task=True) is V.ACCEPTED


DUPLICATES = [
    ("", "external_task_id already exists"),
    ("", "External Task ID 'krn1-x' has already been used"),
    ("", "Duplicate request"),
    ("", "E11000 duplicate key error, dup key: { external_task_id }"),
    ("", "a task with this image was already submitted: duplicate task"),
    ("DUPLICATE_EXTERNAL_ID", ""),
    ("ResourceAlreadyExists", ""),
    ("resource_already_exists", ""),
    ("", "external_task_id must be unique under a single user"),
    ("", "conflict on external-task-id"),
    ("", "external id krn1-0123456789 conflicts with another task"),
    ("", "the value is repeated: external_task_id"),
    ("", "任务重复"),
]


@pytest.mark.parametrize(("code", "message"), DUPLICATES)
def test_S11_duplicates_are_recognised_by_words_and_codes(code, message):
    results = {status: judged(status, message, code) for status in (200, 400, 403, 422, 429, 500)}
    assert results == dict.fromkeys(results, V.DUPLICATE)


@pytest.mark.parametrize(
    "message",
    [
        "prompt is too long",
        "camera_control conflicts with image_tail",
        "a unique image is needed",
        "model does not exist",
        "external_task_id is too long",
        "duplicate image in image_list",
        "this picture already exists in your media",
        "DUPLICATE_ELEMENT_ID",
        "the prompt was already used",
        "图片重复",
        "duration must be 5 or 10",
        "",
    ],
)
def test_S10_other_refusals_are_no_duplicates(message):
    assert not says_duplicate(ServiceFailure("1201", message))
    assert judged(400, message) is V.REFUSED


def test_S9_a_redirect_that_says_duplicate_is_still_ambiguous():
    assert judged(302, "duplicate") is V.AMBIGUOUS


@pytest.mark.parametrize(
    "message",
    [
        "Insufficient balance",
        "account balance not enough",
        "insufficient_funds",
        "credits used up",
        "You exceeded your current quota",
        "please check your plan and billing details",
        "payment required",
        "top-up needed",
        "账户余额不足",
        "账户欠费",
    ],
)
@pytest.mark.parametrize("status", [402, 403, 429])
def test_S14_balance_and_quota_stop_the_batch(status, message):
    assert judged(status, message) is V.NO_BALANCE


@pytest.mark.parametrize(
    "message",
    [
        "rate limit exceeded",
        "Too many requests",
        "concurrency quota exceeded",
        "request quota per minute exceeded",
        "slow down",
        "",
    ],
)
def test_S15_rate_and_concurrency_only_wait(message):
    assert judged(429, message) is V.RATE_LIMITED


@pytest.mark.parametrize(
    "message", ["Forbidden", "insufficient permissions", "insufficient_scope", "model not enabled for this key"]
)
def test_S14_permission_is_no_matter_of_money(message):
    assert not is_about_balance(ServiceFailure("", message))
    assert classify_denial(403, ServiceFailure("", message)) is V.DENIED
    assert classify_denial(401, ServiceFailure("", "balance")) is V.DENIED
