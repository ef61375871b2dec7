"""How far an address leads: one table, and IPv4 addresses inside of others (fault D10)."""

import ipaddress

import pytest

from kirin_cli.api.special_addresses import SPECIAL, AddressScope, address_scope, is_loopback_address

PUBLIC, PRIVATE, LOOPBACK, FORBIDDEN = AddressScope
PUBLIC_ADDRESSES = (
    "8.8.8.8", "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0",
    "192.0.1.0", "192.31.196.1", "192.175.48.1", "198.17.255.255", "198.20.0.0", "223.255.255.255", "2606:4700::1",
    "2400:cb00::1", "2001:4860::8888", "2001:1::1", "2001:3::1", "2001:20::1", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8",
)  # fmt: skip
PRIVATE_ADDRESSES = (
    "10.1.2.3", "192.168.0.1", "172.16.0.1", "172.31.255.255", "100.64.0.1", "100.127.255.255", "192.0.2.1",
    "192.88.99.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.7", "240.0.0.1", "255.255.255.254",
    "fd00::1", "fc00::1", "fec0::1", "feff::1", "100::1", "2001:0:808:808::f7f7:f7f7", "2001:2::1", "2001:10::1",
    "2001:db8::1",
    "2002:808:808::1", "3fff::1", "5f00::1", "4000::1", "::8.8.8.8", "::ffff:0:8.8.8.8", "64:ff9b::10.0.0.1",
    "64:ff9b:1::8.8.8.8", "::ffff:192.168.0.1", "64:ff9b:2::1", "1::1",
)  # fmt: skip
LOOPBACK_ADDRESSES = (
    "127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1", "2002:7f00:1::", "64:ff9b::127.0.0.1",
    "64:ff9b:1:7f00:0:100::", "64:ff9b:1::127.0.0.1", "::127.0.0.1", "::ffff:0:127.0.0.1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
)  # fmt: skip
FORBIDDEN_ADDRESSES = (
    "169.254.169.254", "fe80::1%eth0", "febf::1", "::ffff:169.254.169.254", "0.0.0.0", "0.1.2.3", "::", "224.0.0.1",
    "239.1.1.1", "255.255.255.255", "192.0.0.192", "192.0.0.1", "100.100.100.200", "168.63.129.16", "fd00:ec2::254",
    "fd20:ce::254", "ff02::1", "64:ff9b::169.254.169.254", "64:ff9b::192.0.0.192", "64:ff9b:1::169.254.169.254",
    "64:ff9b:1:a9fe:a9:fe00::", "2002:a9fe:a9fe::", "::169.254.169.254", "2001:0:4136:e378:8000:63bf:5601:5601",
    "2001:0:a9fe:a9fe::1", "::ffff:0:a9fe:a9fe",
)  # fmt: skip
EXPECTED = {
    PUBLIC: PUBLIC_ADDRESSES,
    PRIVATE: PRIVATE_ADDRESSES,
    LOOPBACK: LOOPBACK_ADDRESSES,
    FORBIDDEN: FORBIDDEN_ADDRESSES,
}


@pytest.mark.parametrize("scope", EXPECTED)
def test_D10_every_address_has_its_reach(scope):
    scopes = {address: address_scope(address) for address in EXPECTED[scope]}
    assert scopes == dict.fromkeys(scopes, scope)


def test_D10_nothing_is_public_that_python_knows_to_be_special():
    """Python has its own copy of the registry; where that says no, so do we."""
    networks = [ipaddress.ip_network(text) for text, _ in SPECIAL]
    edges = [str(edge) for network in networks if network.version == 4 for edge in (network[0], network[-1])]
    assert [one for one in edges if not ipaddress.ip_address(one).is_global and address_scope(one) is PUBLIC] == []


def test_every_row_is_a_network_that_stands_there_once():
    networks = [ipaddress.ip_network(text) for text, _ in SPECIAL]
    assert len(set(networks)) == len(networks)


def test_this_machine_is_meant_by_no_tunnel():
    assert [one for one in LOOPBACK_ADDRESSES if is_loopback_address(one)] == list(LOOPBACK_ADDRESSES[:4])


@pytest.mark.parametrize("text", ["", "host", "1.2.3", "::g", "1.2.3.4.5"])
def test_what_is_no_address_is_said(text):
    with pytest.raises(ValueError, match="does not appear"):
        address_scope(text)
