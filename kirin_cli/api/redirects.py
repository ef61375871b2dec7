"""The redirects of one download: which hosts results and redirects may lead to (fault D10). Opens no connection."""

from collections.abc import Callable
from functools import cached_property
from urllib.parse import urldefrag, urljoin

from kirin_cli.api.exchange import Resolver, TransportError
from kirin_cli.api.special_addresses import AddressScope, address_scope
from kirin_cli.api.url_policy import literal_scope, split_url
from kirin_cli.errors import ResultUnavailable

MAX_REDIRECTS = 5
REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})


class RedirectChain:
    """The hops of one download; raises ResultUnavailable or TransportError where one leads astray.

    No hop leads further into this machine than the one before it, the first no further than the service itself
    (`origin`); none leaves https.
    """

    def __init__(self, url: str, origin: Callable[[], AddressScope]) -> None:
        self._origin = origin
        self.hops = 0
        self._reached: AddressScope | None = None
        self._enter(url)

    def follow(self, location: str) -> None:
        """Go where a redirect points."""
        self.hops += 1
        if self.hops > MAX_REDIRECTS:
            raise ResultUnavailable(f"the address of the file was redirected more than {MAX_REDIRECTS} times")
        secure = self.parts.scheme == "https"
        self.limit = min(self.limit, AddressScope.PUBLIC if self._reached is None else self._reached)
        self._reached = None
        self._enter(self.url, location.encode("latin-1", "replace").decode("utf-8", "replace"))
        if secure and self.parts.scheme != "https":
            raise ResultUnavailable("the address of the file was redirected from https to http")

    def allow_address(self, address: str) -> None:
        """Allow or refuse a connection to an IP address."""
        scope = address_scope(address)
        if scope is not AddressScope.PUBLIC and (scope is AddressScope.FORBIDDEN or scope > self.limit):
            raise TransportError("forbidden_address", f"the address of the file leads to {address}, where it must not")
        self._reached = scope

    @cached_property
    def limit(self) -> AddressScope:
        """How far the next connection may lead; asked for only where one leads inside."""
        return self._origin()

    def _enter(self, url: str, location: str = "") -> None:
        try:
            self.url = urldefrag(urljoin(url, location)).url if location else url
            self.parts = split_url(self.url)
        except ValueError as error:
            raise ResultUnavailable(f"the address of the file cannot be used: {error}") from None
        scope = literal_scope(self.parts.hostname or "")
        if scope is AddressScope.FORBIDDEN or (scope and scope > self.limit):
            raise ResultUnavailable(f"the address of the file leads to {self.parts.hostname}, where it must not")


def origin_scope(host: str, resolver: Resolver) -> AddressScope:
    """How private the service itself is: the most public of its addresses."""
    literal = literal_scope(host)
    if literal is not None:
        return literal
    try:
        return min((address_scope(address[0]) for _, address in resolver(host, 443)), default=AddressScope.PUBLIC)
    except (OSError, ValueError):
        return AddressScope.PUBLIC
