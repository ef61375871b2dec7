"""Two spellings of one thing are one: origins of services, line ends, names."""

import pytest

from kirin_cli.normal_forms import normalize_line_ends, normalize_name, normalize_origin


@pytest.mark.parametrize(
    "url",
    [
        "https://cloud.example", "https://cloud.example/", "https://cloud.example:443", "https://CLOUD.example",
        "HTTPS://cloud.example.", "https://cloud.example.:443/some/path", "https://me:secret@cloud.example",
    ],
)  # fmt: skip
def test_one_service_has_one_origin(url):
    assert normalize_origin(url) == "https://cloud.example"


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://cloud.example:8443", "https://cloud.example:8443"),
        ("http://cloud.example:443", "http://cloud.example:443"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://[::1]:8080/x", "http://[::1]:8080"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://XN--Bcher-kva.example", "https://xn--bcher-kva.example"),
        ("sandbox:abc", "sandbox:abc"),
        ("https://cloud.example:port", "https://cloud.example:port"),
        ("", ""),
    ],
)
def test_what_differs_stays_different(url, origin):
    assert normalize_origin(url) == origin


def test_line_ends_are_line_feeds_and_names_are_composed():
    assert normalize_line_ends("a\r\nb\rc\nd") == "a\nb\nc\nd"
    assert normalize_line_ends(7) == 7
    assert normalize_name("cafe\u0301\r\n") == "caf\u00e9\n"
