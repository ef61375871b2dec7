"""Networks of companies: proxies, firewalls and bundles of certificates, by the real command line."""

import socket

import pytest
from faults.bench import Bench
from faults.processes import judge, run_process
from loopback import faults
from loopback.service import CERTIFICATES, Service

RUN = ("run", "jobs.yaml")
FAR = "https://service.example"
PAGE = b"<!DOCTYPE html>\n<html><head><title>Access denied</title></head><body>Blocked by policy 7</body></html>"


def page(status: int) -> faults.Fault:
    return faults.answer(status, PAGE, {"Content-Type": "text/html"})


def test_S17_a_proxy_that_asks_for_a_login_is_3_at_once_and_named(machine: Bench) -> None:
    with Service(patience=2) as proxy:
        proxy.script("CONNECT", faults.answer(407))
        code, kirin = run_process(machine, *RUN, KIRIN_BASE_URL=FAR, HTTPS_PROXY=proxy.origin)
        assert (code, len(proxy.truth.requests)) == (3, 1), kirin.err
    assert "asks for a user name and a password (407)" in kirin.err
    assert "in HTTPS_PROXY they stand before the host, as USER:PASSWORD and an @" in kirin.err
    judge(machine, kirin)


def test_S1_a_dead_proxy_is_3_and_named(machine: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        proxy = f"127.0.0.1:{server.getsockname()[1]}"
    code, kirin = run_process(machine, *RUN, "--timeout", "1s", KIRIN_BASE_URL=FAR, HTTPS_PROXY=proxy)
    assert code in {3, 8}, kirin.err
    assert f"the proxy does not answer: {proxy}: Connection refused" in kirin.err


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("SSL_CERT_FILE", "/nowhere/ca.pem", "SSL_CERT_FILE, /nowhere/ca.pem, cannot be used: No such file"),
        ("SSL_CERT_DIR", "/nowhere", "SSL_CERT_DIR, /nowhere, cannot be used"),
        ("REQUESTS_CA_BUNDLE", "/etc/hostname", "it holds no certificates"),
        ("HTTPS_PROXY", "http://me:secret@p:port", "HTTPS_PROXY is no address of a proxy"),
        ("ALL_PROXY", "socks4://p:1", "a proxy of the kind socks4 cannot be used"),
    ],
)
@pytest.mark.parametrize("command", [RUN, ("v1-t2v", "hi"), ("wait", "x"), ("resume",)], ids=" ".join)
def test_S17_a_wrong_setting_is_2_before_anything_is_noted(
    machine: Bench, variable: str, value: str, words: str, command: tuple[str, ...]
) -> None:
    code, kirin = run_process(machine, *command, KIRIN_BASE_URL=FAR, **{variable: value})
    assert (code, words in kirin.err, "secret" in kirin.output) == (2, True, False), kirin.err
    assert machine.entries() == []


@pytest.mark.parametrize("status", [401, 403])
def test_S14_the_page_of_a_firewall_is_no_refused_key(machine: Bench, status: int) -> None:
    machine.write_jobs("a", "b")
    machine.api.script("POST", page(status))
    code, kirin = run_process(machine, *RUN, "-j", "1")
    assert (code, machine.posts) == (3, 1), kirin.err
    assert "something on the way to the service refuses the request" in kirin.err
    assert "Blocked by policy 7" in kirin.err
    assert "refuses the key" not in kirin.err
    second, again = run_process(machine, *RUN)
    assert (second, machine.api.truth.created()) == (0, 2)
    judge(machine, kirin, again)


def test_S2_a_certificate_that_nobody_knows_names_the_variables(machine: Bench) -> None:
    with Service(tls="localhost", patience=2) as api:
        url = api.url("", host="localhost")
        code, kirin = run_process(machine, *RUN, KIRIN_BASE_URL=url)
        assert (code, "SSL_CERT_FILE or REQUESTS_CA_BUNDLE" in kirin.err) == (3, True), kirin.err
        api.serve_api()
        bundle = str(CERTIFICATES / "localhost.pem")
        code, kirin = run_process(machine, *RUN, "--no-wait", KIRIN_BASE_URL=url, SSL_CERT_FILE=bundle)
        assert (code, api.truth.created()) == (0, 1), kirin.err


def test_the_doctor_names_what_is_wrong_with_the_network(machine: Bench) -> None:
    code, kirin = run_process(machine, "doctor", KIRIN_BASE_URL=FAR, SSL_CERT_FILE="/nowhere/ca.pem", COLUMNS="200")
    assert (code, "cannot be used" in kirin.out, "Traceback" in kirin.err) == (3, True, False)
    machine.api.script("GET", page(403))
    code, kirin = run_process(machine, "doctor", COLUMNS="200")
    assert (code, "something on the way refuses the request" in kirin.out) == (3, True), kirin.output
