"""Where the URL of a result may lead: schemes, redirects, addresses (D10). Opens no connection."""

from collections.abc import Callable
from functools import cached_property
from urllib.parse import SplitResult, urldefrag, urljoin

from kirin_cli.api.exchange import Resolver
from kirin_cli.api.faults import TransportFault
from kirin_cli.api.reach import Reach, literal_reach, reach_of, split_url
from kirin_cli.errors import ResultUnavailable

MOST_HOPS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Trail:
    """The hops of one download; raises ResultUnavailable or TransportFault where one leads astray.

    No hop leads further into this machine than the one before it, the first no further than the service itself
    (`origin`); none leaves https.
    """

    def __init__(self, url: str, origin: Callable[[], Reach]) -> None:
        self._origin = origin
        self.hops = 0
        self._reached: Reach | None = None
        self.url = url
        self.parts = self._parts(url)

    def follow(self, location: str) -> None:
        """Go where a redirect points."""
        self.hops += 1
        if self.hops > MOST_HOPS:
            raise ResultUnavailable(f"the address of the file was redirected more than {MOST_HOPS} times")
        secure = self.parts.scheme == "https"
        self.url = self._joined(location.encode("latin-1", "replace").decode("utf-8", "replace"))
        self.limit = min(self.limit, Reach.PUBLIC if self._reached is None else self._reached)
        self._reached = None
        self.parts = self._parts(self.url)
        if secure and self.parts.scheme != "https":
            raise ResultUnavailable("the address of the file was redirected from https to http")

    def admit(self, address: str) -> None:
        """Allow or refuse a connection to an IP address."""
        reach = reach_of(address)
        if reach is not Reach.PUBLIC and (reach is Reach.FORBIDDEN or reach > self.limit):
            raise TransportFault("forbidden_address", f"the address of the file leads to {address}, where it must not")
        self._reached = reach

    @cached_property
    def limit(self) -> Reach:
        """How far the next connection may lead; asked for only where one leads inside."""
        return self._origin()

    def _joined(self, location: str) -> str:
        try:
            return urldefrag(urljoin(self.url, location)).url
        except ValueError as error:
            raise _unusable(error) from None

    def _parts(self, url: str) -> SplitResult:
        try:
            parts = split_url(url)
        except ValueError as error:
            raise _unusable(error) from None
        reach = literal_reach(parts.hostname or "")
        if reach is Reach.FORBIDDEN or (reach and reach > self.limit):
            raise ResultUnavailable(f"the address of the file leads to {parts.hostname}, where it must not")
        return parts


def _unusable(error: ValueError) -> ResultUnavailable:
    return ResultUnavailable(f"the address of the file cannot be used: {error}")


def origin_reach(host: str, resolver: Resolver) -> Reach:
    """How private the service itself is: the most public of its addresses."""
    literal = literal_reach(host)
    if literal is not None:
        return literal
    try:
        return min((reach_of(address[0]) for _, address in resolver(host, 443)), default=Reach.PUBLIC)
    except (OSError, ValueError):
        return Reach.PUBLIC
