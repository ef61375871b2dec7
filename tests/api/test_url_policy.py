"""Which addresses may be talked to."""

import pytest

from kirin_cli.api.url_policy import AddressScope, address_scope, check_base_url, is_loopback, literal_scope, split_url
from kirin_cli.errors import UsageError


@pytest.mark.parametrize(
    ("address", "reach"),
    [
        ("8.8.8.8", AddressScope.PUBLIC),
        ("2606:4700::1", AddressScope.PUBLIC),
        ("10.1.2.3", AddressScope.PRIVATE),
        ("192.168.0.1", AddressScope.PRIVATE),
        ("172.16.0.1", AddressScope.PRIVATE),
        ("100.64.0.1", AddressScope.PRIVATE),
        ("fd00::1", AddressScope.PRIVATE),
        ("127.0.0.1", AddressScope.LOOPBACK),
        ("127.9.9.9", AddressScope.LOOPBACK),
        ("::1", AddressScope.LOOPBACK),
        ("::ffff:127.0.0.1", AddressScope.LOOPBACK),
        ("2002:7f00:1::", AddressScope.LOOPBACK),
        ("64:ff9b::7f00:1", AddressScope.LOOPBACK),
        ("169.254.169.254", AddressScope.FORBIDDEN),
        ("fe80::1%eth0", AddressScope.FORBIDDEN),
        ("::ffff:169.254.169.254", AddressScope.FORBIDDEN),
        ("0.0.0.0", AddressScope.FORBIDDEN),
        ("::", AddressScope.FORBIDDEN),
        ("224.0.0.1", AddressScope.FORBIDDEN),
        ("255.255.255.255", AddressScope.FORBIDDEN),
    ],
)
def test_D10_every_address_has_its_reach(address, reach):
    assert address_scope(address) is reach


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
