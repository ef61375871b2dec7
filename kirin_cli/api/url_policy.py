"""The URL policy: what a base URL and the hosts in URLs may be (fault D10). Opens no connection, asks no resolver."""

from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

from kirin_cli.api.special_addresses import AddressScope, address_scope, is_loopback_address
from kirin_cli.errors import UsageError


@lru_cache(maxsize=1024)
def literal_scope(host: str) -> AddressScope | None:
    """The reach of a host that needs no resolver: an IP address or localhost; None for any other name."""
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):  # by definition (RFC 6761)
        return AddressScope.LOOPBACK
    try:
        return address_scope(host)
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine without asking a resolver: the only place where the key may go without TLS."""
    if literal_scope(host) is not AddressScope.LOOPBACK:
        return False
    try:
        return is_loopback_address(host)
    except ValueError:  # localhost
        return True


@lru_cache(maxsize=1024)
def host_and_port(netloc: str) -> tuple[str, int | None]:
    """The host, in lower case, and the port of the middle of a URL: the library takes it apart at every look.

    Raises ValueError for a port that is no number up to 65535.
    """
    parts = SplitResult("", netloc, "", "", "")
    return parts.hostname or "", parts.port


def split_url(url: str) -> SplitResult:
    """The parts of an absolute http(s) URL; raises ValueError for any other, with a sentence."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"}:
        raise ValueError("it must begin with https:// or http://")
    host, port = host_and_port(parts.netloc)
    if not host or port == 0:
        raise ValueError("it names no host")
    return parts


def check_base_url(url: str) -> str:
    """The base URL without a closing slash: https anywhere, http to this machine only.

    Raises UsageError for user names, passwords, queries and fragments in it, and for what is no URL at all.
    """
    try:
        parts = split_url(url.strip())
    except ValueError as error:
        raise UsageError(f"the base URL cannot be used: {error}", hint="give one like https://host.example") from None
    if "@" in parts.netloc:
        raise UsageError("the base URL must not hold a user name or password", hint="the key comes from KIRIN_API_KEY")
    if parts.query or parts.fragment or any(ord(letter) <= 32 for letter in parts.geturl()):
        raise UsageError("the base URL must not hold a query, a fragment or white space")
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise UsageError("the key goes over https only, except to this machine", hint="write https:// in the base URL")
    return parts.geturl().rstrip("/")
