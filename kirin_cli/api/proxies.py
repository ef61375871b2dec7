"""Which proxy a request goes through: the environment's, else the system's on macOS and Windows. Connects to none."""

import ipaddress
import sys
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from kirin_cli.api.url_policy import is_loopback
from kirin_cli.errors import UsageError

Bypass = Callable[[str], object]
SystemProxies = tuple[Mapping[str, str], Bypass]
"""Proxies by scheme, and what tells whether a host needs none."""
SOCKS: Final = ("socks5://", "socks5h://")
SCHEMES: Final = ("http://", "https://", *SOCKS)
PROXY_HINT: Final = "the proxy is that of HTTPS_PROXY or ALL_PROXY; a host in NO_PROXY needs none"
VARIABLES: Final = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


def system_proxies() -> SystemProxies:
    """What the network settings of macOS and Windows say; nothing elsewhere."""
    if sys.platform not in {"darwin", "win32"}:
        return {}, lambda _: False
    return urllib.request.getproxies(), urllib.request.proxy_bypass


class ProxySettings:
    """The proxies of this process, read once. A variable of the environment goes before all that the system says."""

    def __init__(self, environ: Mapping[str, str], find_system: Callable[[], SystemProxies] = system_proxies) -> None:
        self._no_proxy = _variable(environ, "no_proxy")[1]
        everything = _variable(environ, "all_proxy")
        # A CGI server sets HTTP_PROXY from a header of its visitor's.
        plain = ("", "") if "REQUEST_METHOD" in environ else _variable(environ, "http_proxy")
        secure = _variable(environ, "https_proxy")
        self._proxies = {"http": plain if plain[1] else everything, "https": secure if secure[1] else everything}
        self._bypass: Bypass = lambda _: False
        if not any(_variable(environ, name)[1] for name in VARIABLES):
            found, self._bypass = find_system()
            self._proxies = {scheme: ("the system's settings", found.get(scheme, "")) for scheme in ("http", "https")}

    def find(self, scheme: str, host: str, port: int | None) -> str | None:
        """The URL of the proxy to `host`, None for a direct connection; this machine never needs one.

        Raises UsageError for a proxy that cannot be one; never quotes its password.
        """
        source, proxy = self._proxies[scheme]
        if not proxy or is_loopback(host) or _is_direct(self._no_proxy, host, port) or self._bypass(host):
            return None
        proxy = proxy if "://" in proxy else f"http://{proxy}"
        name = proxy.partition("://")[0]
        if not proxy.lower().startswith(SCHEMES):
            hint = f"set {source} to an http://, https:// or socks5h:// address, or NO_PROXY to the service's host"
            raise UsageError(f"a proxy of the kind {name} cannot be used ({source})", hint=hint)
        try:
            parts = urlsplit(proxy)
            usable = bool(parts.hostname) and parts.port != 0 and proxy.isprintable() and " " not in proxy
        except ValueError:  # a port that is no number, a bracket without its partner
            usable = False
        if not usable:
            hint = f"it is like {name}://host:3128; NO_PROXY may name the service's host"
            raise UsageError(f"{source} is no address of a proxy", hint=hint)
        return proxy


def _variable(environ: Mapping[str, str], name: str) -> tuple[str, str]:
    """The name that is set, in lower case before upper, and what it is set to."""
    for spelling in (name, name.upper()):
        if environ.get(spelling):
            return spelling, environ[spelling].strip()
    return name.upper(), ""


def _is_direct(no_proxy: str, host: str, port: int | None) -> bool:
    """Whether NO_PROXY means `host`: by name, as the standard library reads it, or by * or a network in the list."""
    bypasses = urllib.request.proxy_bypass_environment  # type: ignore[attr-defined] # not in typeshed
    if bypasses(f"{host}:{port}" if port else host, {"no": no_proxy}):
        return True
    for entry in no_proxy.split(","):
        with suppress(ValueError):  # no address, or no network
            if entry.strip() == "*" or ipaddress.ip_address(host) in ipaddress.ip_network(entry.strip(), strict=False):
                return True
    return False
