"""Which addresses may be talked to."""

import pytest

from kirin_cli.api.url_policy import check_base_url, is_loopback, literal_scope, split_url
from kirin_cli.errors import UsageError


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("a.localhost", True),
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost.example", False),
        ("127.0.0.1.example", False),
        ("example", False),
        ("8.8.8.8", False),
        ("", False),
        ("notlocalhost", False),
        ("::ffff:127.0.0.1", True),
        ("64:ff9b::7f00:1", False),  # a translator stands between
        ("2002:7f00:1::", False),
        ("::127.0.0.1", False),
    ],
)
def test_loopback_is_known_without_a_resolver(host, loopback):
    assert is_loopback(host) is loopback
    assert literal_scope("name.example") is None


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://cloud.example/", "https://cloud.example"),
        (" https://cloud.example/a/b// ", "https://cloud.example/a/b"),
        ("http://127.0.0.1:80", "http://127.0.0.1:80"),
        ("http://[::1]:9/", "http://[::1]:9"),
        ("http://localhost:9", "http://localhost:9"),
        ("HTTPS://Cloud.example", "https://Cloud.example"),
    ],
)
def test_good_base_urls(given, kept):
    assert check_base_url(given) == kept


@pytest.mark.parametrize(
    "given",
    [
        "",
        "cloud.example",
        "ftp://cloud.example",
        "file:///etc/passwd",
        "http://cloud.example",
        "http://10.0.0.1",
        "https://user@cloud.example",
        "https://user:word@cloud.example",
        "https://@cloud.example",
        "https://cloud.example?x=1",
        "https://cloud.example#x",
        "https://",
        "https://cloud.example:99999",
        "https://cloud.example:x",
        "https://[::1",
        "https://a b/",
        "https://a/\x01",
        "https://cloud.example:0",
    ],
)
def test_bad_base_urls_are_usage_errors(given):
    with pytest.raises(UsageError):
        check_base_url(given)


def test_an_absolute_url_is_split():
    assert split_url("https://a.example:9/b?c").port == 9
