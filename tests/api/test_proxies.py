"""Proxies by the environment, else by the system, without opening a connection."""

import pytest

from kirin_cli.api.proxies import ProxySettings, system_proxies
from kirin_cli.errors import UsageError

SYSTEM = ({"http": "http://sys:1", "https": "http://sys:2"}, lambda host: host == "intranet")


def find(environ: dict[str, str], host: str = "service.example", scheme: str = "https") -> str | None:
    return ProxySettings(environ, lambda: SYSTEM).find(scheme, host, None)


@pytest.mark.parametrize(
    ("environ", "scheme", "host", "expected"),
    [
        ({}, "https", "service.example", "http://sys:2"),
        ({}, "http", "service.example", "http://sys:1"),
        ({}, "https", "intranet", None),
        ({}, "https", "localhost", None),
        ({"HTTPS_PROXY": "http://env:3"}, "https", "intranet", "http://env:3"),
        ({"HTTPS_PROXY": "http://env:3"}, "http", "service.example", None),
        ({"NO_PROXY": "*"}, "https", "service.example", None),
        ({"no_proxy": "other.example"}, "https", "service.example", None),
        ({"http_proxy": ""}, "https", "service.example", "http://sys:2"),
    ],
)
def test_S17_the_system_is_asked_where_no_variable_says_anything(environ, scheme, host, expected):
    assert find(environ, host, scheme) == expected


def test_a_system_without_settings_of_its_own_has_no_proxies(monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    assert system_proxies()[0] == {}
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setattr("urllib.request.getproxies", lambda: SYSTEM[0])
    assert system_proxies()[0] == SYSTEM[0]


@pytest.mark.parametrize("proxy", ["socks5://p:1", "SOCKS5H://p", "socks5h://me:word@p:1", "https://p", "p:3128"])
def test_S17_every_kind_of_proxy_that_can_be_used(proxy):
    assert find({"ALL_PROXY": proxy}) == (proxy if "://" in proxy else f"http://{proxy}")


@pytest.mark.parametrize("proxy", ["socks4://p:1", "socks4a://p:1", "ftp://p:1", "file:///p", "quic://p"])
def test_S17_a_kind_that_cannot_be_used_is_refused_when_it_would_be_used(proxy):
    assert find({"ALL_PROXY": proxy}, "localhost") is None
    with pytest.raises(UsageError, match=r"cannot be used \(ALL_PROXY\)") as caught:
        find({"ALL_PROXY": proxy})
    assert "socks5h://" in caught.value.hint


@pytest.mark.parametrize(
    "proxy",
    ["http://", "http://:3128", "http://p:99999", "http://me:secret@p:port", "http://[::1", "http://a b", "p:0"],
)
def test_S17_what_is_no_address_is_refused_without_its_password(proxy):
    with pytest.raises(UsageError, match="https_proxy is no address of a proxy") as caught:
        find({"https_proxy": proxy})
    assert "secret" not in str(caught.value) + caught.value.hint
