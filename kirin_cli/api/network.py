"""Proxies and certificates as the environment has them, resolved once. Opens no connection."""

import ipaddress
import ssl
import threading
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from kirin_cli.api.exchange import Resolver, system_resolver
from kirin_cli.api.reach import is_loopback
from kirin_cli.api.sockets import BoundedTlsSocket
from kirin_cli.errors import UsageError

BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


class Network:
    """How this process reaches others. `environ` is read at construction and never again; thread-safe."""

    def __init__(self, environ: Mapping[str, str], resolver: Resolver = system_resolver) -> None:
        self.resolver = resolver
        self._lock = threading.Lock()
        self._bundle = next((environ[name] for name in BUNDLES if environ.get(name)), DEFAULT_CA_BUNDLE_PATH)
        everything = _variable(environ, "all_proxy")
        # A CGI server sets HTTP_PROXY from a header of its visitor's.
        plain = "" if "REQUEST_METHOD" in environ else _variable(environ, "http_proxy")
        self._proxies = {"http": plain or everything, "https": _variable(environ, "https_proxy") or everything}
        self._direct = [entry.strip().lower() for entry in _variable(environ, "no_proxy").split(",") if entry.strip()]

    def proxy_for(self, scheme: str, host: str, port: int | None) -> str | None:
        """The URL of the proxy to `host`, None for a direct connection; this machine never needs one.

        Raises UsageError for a proxy that speaks neither HTTP nor HTTPS.
        """
        proxy = self._proxies[scheme]
        if not proxy or is_loopback(host) or any(_covers(entry, host.lower(), port) for entry in self._direct):
            return None
        proxy = proxy if "://" in proxy else f"http://{proxy}"
        if not proxy.lower().startswith(("http://", "https://")):
            hint = "set HTTPS_PROXY to an http:// address, or NO_PROXY to the service's host"
            raise UsageError(f"only http and https proxies can be used, not {proxy.partition(':')[0]}", hint=hint)
        return proxy

    @property
    def tls(self) -> ssl.SSLContext:
        """The one TLS context, made when it is first needed; raises UsageError for an unusable CA bundle."""
        with self._lock:
            return self._tls

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        file, folder = (None, self._bundle) if Path(self._bundle).is_dir() else (self._bundle, None)
        try:
            context = ssl.create_default_context(cafile=file, capath=folder)
        except OSError as error:  # ssl.SSLError is one
            hint = "correct or unset " + ", ".join(BUNDLES)
            raise UsageError(f"the CA bundle {self._bundle} cannot be used: {error}", hint=hint) from error
        context.sslsocket_class = BoundedTlsSocket
        return context


def _variable(environ: Mapping[str, str], name: str) -> str:
    return (environ.get(name) or environ.get(name.upper()) or "").strip()


def _covers(entry: str, host: str, port: int | None) -> bool:
    """Whether an entry of NO_PROXY means `host`: *, a name and all below it, a network; with :port if given."""
    name, colon, wanted = entry.rpartition(":")
    if colon and wanted.isdigit() and ":" not in name:
        if int(wanted) != port:
            return False
        entry = name
    if entry == "*" or host == entry.lstrip(".") or host.endswith("." + entry.lstrip(".")):
        return True
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False
