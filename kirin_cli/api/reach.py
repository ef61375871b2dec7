"""Which addresses may be talked to: the base URL of the service, and how private an address is. Opens no connection."""

import ipaddress
from enum import IntEnum
from urllib.parse import SplitResult, urlsplit

from kirin_cli.errors import UsageError

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class Reach(IntEnum):
    """How far into this machine an address leads; a download never leads further in than its origin (D10)."""

    PUBLIC = 0
    PRIVATE = 1
    LOOPBACK = 2
    FORBIDDEN = 3  # link-local (cloud metadata), multicast, unspecified


def reach_of(address: str) -> Reach:
    """The reach of an IP address in text; raises ValueError for anything else."""
    ip = _unmapped(ipaddress.ip_address(address.partition("%")[0]))
    if ip.is_loopback:
        return Reach.LOOPBACK
    if ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip == ipaddress.ip_address("255.255.255.255"):
        return Reach.FORBIDDEN
    return Reach.PUBLIC if ip.is_global else Reach.PRIVATE


def literal_reach(host: str) -> Reach | None:
    """The reach of a host that needs no resolver: an IP address or localhost; None for any other name."""
    if is_localhost(host):
        return Reach.LOOPBACK
    try:
        return reach_of(host)
    except ValueError:
        return None


def is_localhost(host: str) -> bool:
    """Whether `host` is a name of this machine by definition (RFC 6761)."""
    name = host.lower().rstrip(".")
    return name == "localhost" or name.endswith(".localhost")


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine without asking a resolver: the only place where the key may go without TLS."""
    return literal_reach(host) is Reach.LOOPBACK


def split_url(url: str) -> SplitResult:
    """The parts of an absolute http(s) URL; raises ValueError for any other, with a sentence."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"}:
        raise ValueError("it must begin with https:// or http://")
    if not parts.hostname or parts.port == 0:  # `port` raises ValueError itself where it is no number
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


def _unmapped(ip: IpAddress) -> IpAddress:
    """The IPv4 address inside an IPv6 one (mapped, 6to4, NAT64), which is where the packets go."""
    if ip.version == 4:
        return ip
    nat64 = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in ipaddress.ip_network("64:ff9b::/96") else None
    return ip.ipv4_mapped or ip.sixtofour or nat64 or ip
