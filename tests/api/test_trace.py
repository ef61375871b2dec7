"""The trace of exchanges: what is told of each, and what never is."""

import json
from pathlib import Path

import pytest
from support.command_line import Home
from support.pictures import png

from kirin_cli.api.trace import MAX_BODY_LENGTH, Tracer
from kirin_cli.redaction import hide_values, show_all_values
from kirin_cli.sandbox.server import Sandbox

KEY = "sk-test-0123456789abcdef"
BEARER = {"Authorization": f"Bearer {KEY}"}


class Outlined:
    """A body that says what it is like."""

    outline = '{"prompt": "rain"}'

    def __len__(self):
        return 1000


@pytest.fixture
def told():
    return []


@pytest.fixture
def tracer(told):
    times = iter(range(100))
    return Tracer(told.append, lambda: float(next(times)))


def test_a_request_and_its_answer_share_a_number(tracer, told):
    first = tracer.begin("POST", "https://x.example/v1", BEARER, Outlined())
    second = tracer.begin("GET", "https://x.example/v1/task/7", BEARER)
    first.show_answer(200, {"Content-Type": "application/json", "X-Request-Id": "r-1"}, b'{"id": "t"}')
    second.show_failure("it was cut")
    assert told == [
        '#1 > POST https://x.example/v1 {"prompt": "rain"}',
        "#2 > GET https://x.example/v1/task/7",
        '#1 < 200 in 2.00 s X-Request-Id: r-1 {"id": "t"}',
        "#2 < no answer after 2.00 s: it was cut",
    ]


def test_of_a_file_the_range_and_the_length_are_told_and_no_bytes(tracer, told):
    traced = tracer.begin("GET", "https://cdn.example/x.mp4?sig=abcdef&size=1", {"Range": "bytes=5-"})
    traced.show_answer(206, {"Content-Type": "video/mp4", "Content-Length": "77"})
    tracer.begin("POST", "https://x.example/up", BEARER, b"1234567").show_answer(
        200, {"Content-Type": "image/png"}, b"12"
    )
    assert told == [
        "#1 > GET https://cdn.example/x.mp4?sig=***&size=1 Range: bytes=5-",
        "#1 < 206 in 1.00 s (77 bytes, video/mp4)",
        "#2 > POST https://x.example/up (7 bytes)",
        "#2 < 200 in 1.00 s (2 bytes, image/png)",
    ]


@pytest.mark.parametrize(
    ("echo", "gone"),
    [
        (f'{{"seen": "Bearer {KEY}"}}', KEY), (json.dumps({"k": KEY}).replace("-", r"\u002d"), "0123456789abcdef"),
        ('{"url": "https://me:pw@x.example/a?token=0123456789"}', "pw@"),
        ('{"url": "https://me:pw@x.example/a?token=0123456789"}', "0123456789"),
        (f'{{"image": "{"QUJD" * 100}"}}', "QUJDQUJD"), ('{"prompt": "of-the-environment"}', "of-the-environment"),
    ],
)  # fmt: skip
def test_key_passwords_signatures_and_base64_are_told_of_nothing(tracer, told, echo, gone):
    hide_values(["of-the-environment"])
    try:
        traced = tracer.begin("POST", "https://x.example/v1", BEARER, type("Body", (), {"outline": echo})())
        traced.show_answer(400, {"Content-Type": "application/json"}, echo.encode())
        traced.show_failure(f"it echoes {KEY}")
    finally:
        show_all_values()
    assert len(told) == 3
    assert gone not in str(told[1:])
    assert KEY not in str(told)


def test_a_long_body_is_cut(tracer, told):
    tracer.begin("GET", "https://x.example/", {}).show_answer(200, {"Content-Type": "text/html"}, b"a " * 10_000)
    assert len(told[1]) < MAX_BODY_LENGTH + 10
    assert told[1].endswith("…")


@pytest.mark.parametrize("verb", ["flags", "file"])
def test_with_v_a_command_shows_every_exchange_on_standard_error(tmp_path, verb):
    home = Home(tmp_path)
    Path(home.work / "cup.png").write_bytes(png(400, 400))
    (home.work / "jobs.yaml").write_text("jobs: [{name: a, model: kirin_v1_5_i2v, params: {image: cup.png}}]\n")
    command = {"flags": ("v1-5-i2v", "-i", "cup.png"), "file": ("run", "jobs.yaml")}[verb]
    with Sandbox(speed=5000) as served:
        env = {"KIRIN_BASE_URL": served.base_url, "KIRIN_API_KEY": served.key, "KIRIN_POLL_SECONDS": "0.02"}
        done = home.kirin(*command, "-v", env=env)
        quiet = home.kirin(*command, "-v", "-q", env=env)
    lines = [line for line in done.stderr.splitlines() if line.startswith("#")]
    assert done.exit_code == 0, done.stderr
    assert [line for line in lines if "> POST " in line and "characters of Base64>" in line]
    assert [line for line in lines if '"status": "completed"' in line]
    assert [line for line in lines if "/video.mp4" in line]
    assert served.key not in done.stderr
    assert len(done.stdout.splitlines()) == 1
    assert (quiet.exit_code, "give one of them" in quiet.stderr) == (2, True)
