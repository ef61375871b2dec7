"""Where the redirects of a download may lead: never further into this machine, never off https, never on and on."""

import pytest

from kirin_cli.api.exchange import TransportError
from kirin_cli.api.redirects import MAX_REDIRECTS, RedirectChain, origin_scope
from kirin_cli.api.special_addresses import AddressScope
from kirin_cli.errors import ResultUnavailable


def chain(url="https://files.example/x.mp4", origin=AddressScope.PUBLIC):
    return RedirectChain(url, lambda: origin)


def test_a_relative_redirect_stays_on_its_host():
    hops = chain()
    hops.follow("/y.mp4#part")
    assert (hops.url, hops.hops) == ("https://files.example/y.mp4", 1)


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("http://files.example/x.mp4", "from https to http"),
        ("https://127.0.0.1/x.mp4", "where it must not"),
        ("https://169.254.169.254/", "where it must not"),
        ("ftp://files.example/x.mp4", "cannot be used"),
    ],
)
def test_a_redirect_that_leads_astray_is_refused(location, message):
    with pytest.raises(ResultUnavailable, match=message):
        chain().follow(location)


def test_no_hop_leads_further_in_than_the_one_before():
    hops = chain("https://inside.example/x.mp4", AddressScope.PRIVATE)
    hops.allow_address("10.0.0.1")
    hops.follow("https://other.example/x.mp4")
    hops.allow_address("8.8.8.8")
    hops.follow("https://inside.example/x.mp4")
    with pytest.raises(TransportError):
        hops.allow_address("10.0.0.1")


def test_redirects_end_somewhere():
    hops = chain()
    for _ in range(MAX_REDIRECTS):
        hops.follow("/again")
    with pytest.raises(ResultUnavailable, match="more than"):
        hops.follow("/again")


def test_the_service_is_as_public_as_the_most_public_of_its_addresses():
    def resolver(*_):
        return [(0, ("10.0.0.1", 443)), (0, ("8.8.8.8", 443))]

    assert origin_scope("service.example", resolver) is AddressScope.PUBLIC
    assert origin_scope("127.0.0.1", resolver) is AddressScope.LOOPBACK
