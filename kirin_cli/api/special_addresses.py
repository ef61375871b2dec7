"""Special-purpose addresses: how far into this machine or network an IP address leads (fault D10).

The table is that of IANA's registries "IPv4 Special-Purpose Address Space" and "IPv6 Special-Purpose Address Space"
(https://www.iana.org/assignments/iana-ipv4-special-registry, …/iana-ipv6-special-registry, as of October 2025), with
what they leave out: multicast (RFC 1112, RFC 4291), site-local (RFC 3879), IPv4-compatible (RFC 4291) and
IPv4-translated addresses (RFC 2765), and where clouds answer their machines. Of two rows that fit, the narrower holds.
"""

import ipaddress
from enum import IntEnum
from functools import lru_cache
from typing import Final

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


class AddressScope(IntEnum):
    """How far into this machine an address leads; a download never leads further in than its origin (fault D10)."""

    PUBLIC = 0
    PRIVATE = 1
    LOOPBACK = 2
    FORBIDDEN = 3  # link-local and other places of cloud metadata, multicast, unspecified


_PUBLIC, _PRIVATE, _LOOPBACK, _FORBIDDEN = AddressScope
SPECIAL: Final[tuple[tuple[str, AddressScope], ...]] = (
    ("0.0.0.0/8", _FORBIDDEN),  # "this network": Linux takes 0.0.0.0 for this machine
    ("10.0.0.0/8", _PRIVATE),
    ("100.64.0.0/10", _PRIVATE),  # shared by carriers
    ("100.100.100.200/32", _FORBIDDEN),  # metadata (Alibaba)
    ("127.0.0.0/8", _LOOPBACK),
    ("168.63.129.16/32", _FORBIDDEN),  # the host of a machine (Azure)
    ("169.254.0.0/16", _FORBIDDEN),  # link-local; metadata (nearly all)
    ("172.16.0.0/12", _PRIVATE),
    ("192.0.0.0/24", _FORBIDDEN),  # protocol assignments; metadata (Oracle: 192.0.0.192)
    ("192.0.2.0/24", _PRIVATE),  # documentation
    ("192.88.99.0/24", _PRIVATE),  # 6to4 relays, deprecated
    ("192.168.0.0/16", _PRIVATE),
    ("198.18.0.0/15", _PRIVATE),  # benchmarks
    ("198.51.100.0/24", _PRIVATE),  # documentation
    ("203.0.113.0/24", _PRIVATE),  # documentation
    ("224.0.0.0/4", _FORBIDDEN),  # multicast
    ("240.0.0.0/4", _PRIVATE),  # reserved
    ("255.255.255.255/32", _FORBIDDEN),  # everybody here
    ("::/0", _PRIVATE),  # whatever lies outside of 2000::/3 is given to nobody
    ("2000::/3", _PUBLIC),
    ("::/128", _FORBIDDEN),
    ("::1/128", _LOOPBACK),
    ("64:ff9b::/96", _PUBLIC),  # NAT64: as public as what is embedded
    ("64:ff9b:1::/48", _PRIVATE),  # NAT64 of one network
    ("100::/64", _PRIVATE),  # discarded
    ("2001::/23", _PRIVATE),  # protocol assignments, Teredo and benchmarks among them
    ("2001:1::1/128", _PUBLIC),
    ("2001:1::2/128", _PUBLIC),
    ("2001:1::3/128", _PUBLIC),
    ("2001:3::/32", _PUBLIC),
    ("2001:4:112::/48", _PUBLIC),
    ("2001:20::/28", _PUBLIC),
    ("2001:30::/28", _PUBLIC),
    ("2001:db8::/32", _PRIVATE),  # documentation
    ("2002::/16", _PRIVATE),  # 6to4
    ("3fff::/20", _PRIVATE),  # documentation
    ("fc00::/7", _PRIVATE),
    ("fd00:ec2::254/128", _FORBIDDEN),  # metadata (Amazon)
    ("fd20:ce::254/128", _FORBIDDEN),  # metadata (Google)
    ("fe80::/10", _FORBIDDEN),  # link-local
    ("fec0::/10", _PRIVATE),  # site-local, deprecated
    ("ff00::/8", _FORBIDDEN),  # multicast
)


@lru_cache(maxsize=1024)
def address_scope(address: str) -> AddressScope:
    """How far an IP address in text leads, by itself and by the IPv4 addresses inside of it. ValueError for none."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped  # an IPv4 address in another spelling
    inner = _embedded(ip) if isinstance(ip, ipaddress.IPv6Address) else []
    return max(map(_own_scope, [ip, *inner]))


@lru_cache(maxsize=1024)
def is_loopback_address(address: str) -> bool:
    """Whether an IP address in text is this machine itself, by no tunnel or translator. ValueError for no address."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return _own_scope(mapped or ip) is AddressScope.LOOPBACK


@lru_cache(maxsize=1)
def _table() -> dict[int, list[tuple[IpNetwork, AddressScope]]]:
    """The rows by version of the protocol, the narrowest first."""
    rows = [(ipaddress.ip_network(text), scope) for text, scope in SPECIAL]
    rows.sort(key=lambda row: row[0].prefixlen, reverse=True)
    return {version: [row for row in rows if row[0].version == version] for version in (4, 6)}


def _own_scope(ip: IpAddress) -> AddressScope:
    return next((scope for network, scope in _table()[ip.version] if ip in network), AddressScope.PUBLIC)


def _embedded(ip: ipaddress.IPv6Address) -> list[IpAddress]:
    """The IPv4 addresses that packets to an IPv6 one may go to: 6to4, Teredo, NAT64, compatible, translated."""
    number = int(ip)
    high, last = number >> 96, number & 0xFFFFFFFF
    found = []
    if high >> 16 == 0x2002:
        found.append((number >> 80) & 0xFFFFFFFF)
    elif high == 0x20010000:
        found += [(number >> 64) & 0xFFFFFFFF, last ^ 0xFFFFFFFF]  # Teredo: the server, the client
    elif number >> 80 == 0x0064FF9B0001:
        after_48_bits = (number >> 64 & 0xFFFF) << 16 | number >> 40 & 0xFFFF  # RFC 6052, 2.2; else after 96
        found += [value for value in (after_48_bits, last) if value] or [0]
    elif number >> 32 == 0x0064FF9B << 64 or number >> 32 == 0xFFFF << 16 or (number >> 32 == 0 and last > 1):
        found.append(last)
    return [ipaddress.IPv4Address(value) for value in found]
