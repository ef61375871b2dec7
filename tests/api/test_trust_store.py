"""Which certificates are trusted: those that variables name, else the operating system's."""

import shutil
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
from loopback.answers import answer
from loopback.service import CERTIFICATES, Service

from kirin_cli.api import trust_store
from kirin_cli.api.connections import NetworkSettings
from kirin_cli.api.exchange import BoundedTlsSocket, TransportError, tls_hint
from kirin_cli.api.transport import HttpRequest, Transport
from kirin_cli.api.trust_store import BUNDLES, find_bundles, make_tls_context
from kirin_cli.errors import UsageError

OWN = str(CERTIFICATES / "localhost.pem")


def status_of(environ: dict[str, str]) -> int:
    with Service(tls="localhost") as service:
        service.script("GET", answer(200, {}))
        transport = Transport(NetworkSettings(environ))
        try:
            return transport.send(HttpRequest("GET", service.url("/", host="localhost")), deadline=4).status
        finally:
            transport.close()


def hashed_folder(folder: Path) -> str:
    """A folder of certificates as OpenSSL wants it: by the hash of their subject."""
    name = subprocess.run(
        ["openssl", "x509", "-hash", "-noout", "-in", OWN], check=True, capture_output=True, text=True
    )
    shutil.copy(OWN, folder / f"{name.stdout.strip()}.0")
    return str(folder)


@pytest.mark.parametrize("name", [name for name in BUNDLES if name != "SSL_CERT_DIR"])
def test_S2_each_variable_names_a_file(name):
    assert status_of({name: OWN}) == 200


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl to name a certificate by its hash")
@pytest.mark.parametrize("name", BUNDLES)
def test_S2_each_variable_names_a_folder(name, tmp_path):
    assert status_of({name: hashed_folder(tmp_path)}) == 200
    (tmp_path / "empty").mkdir()
    if name == "SSL_CERT_DIR":
        assert status_of({name: f"{tmp_path / 'empty'}:{tmp_path}"}) == 200


def test_the_first_variable_holds_and_the_two_of_openssl_go_together():
    every = {name: name.lower() for name in BUNDLES}
    assert list(find_bundles(every)) == ["REQUESTS_CA_BUNDLE"]
    both = {name: every[name] for name in ("SSL_CERT_DIR", "SSL_CERT_FILE")}
    assert list(find_bundles(both)) == ["SSL_CERT_FILE", "SSL_CERT_DIR"]
    assert find_bundles({"SSL_CERT_DIR": "d"}) == {"SSL_CERT_DIR": "d"}
    assert find_bundles({"SSL_CERT_FILE": ""}) == {}


@pytest.mark.parametrize("name", BUNDLES)
def test_a_bundle_that_is_not_there_is_a_usage_error_that_names_the_variable(name, tmp_path):
    with pytest.raises(UsageError, match=f"{name}, .*No such file or directory") as caught:
        make_tls_context({name: str(tmp_path / "missing.pem")})
    assert caught.value.hint == f"correct or unset {name}"


def test_a_bundle_without_certificates_is_a_usage_error(tmp_path):
    (tmp_path / "empty.pem").write_text("nothing\n")
    with pytest.raises(UsageError, match="it holds no certificates"):
        make_tls_context({"SSL_CERT_FILE": str(tmp_path / "empty.pem")})


@pytest.mark.skipif(sys.platform in {"darwin", "win32"}, reason="they ask the system at each handshake")
def test_the_system_is_trusted_where_no_variable_says_otherwise(monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", OWN)  # OpenSSL's own way to say where the system's certificates are
    context = make_tls_context({})
    assert [entry["subject"] for entry in context.get_ca_certs()]
    assert status_of({}) == 200


@pytest.mark.skipif(sys.platform in {"darwin", "win32"}, reason="they always have some")
@pytest.mark.parametrize("files", [[], [OWN]])
def test_an_openssl_that_finds_nothing_takes_the_usual_places_and_then_the_bundle_of_the_libraries(
    monkeypatch, tmp_path, files
):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    monkeypatch.setattr(trust_store, "SYSTEM_BUNDLES", files)
    count = len(make_tls_context({}).get_ca_certs())
    assert count == 1 if files else count > 50


def test_the_library_for_macos_and_windows_makes_sockets_of_ours(monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", OWN)  # elsewhere it does as OpenSSL does
    context = trust_store._platform_context()
    with Service(tls="localhost") as service:
        service.script("GET", answer(200, {}))
        network = NetworkSettings({})
        network.__dict__["_tls"] = context
        transport = Transport(network)
        assert transport.send(HttpRequest("GET", service.url("/", host="localhost")), deadline=4).status == 200
        transport.close()
    assert issubclass(context._ctx.sslsocket_class, BoundedTlsSocket)


def test_nothing_of_tls_is_loaded_before_it_is_used():
    code = (
        "import sys\nfrom kirin_cli.api.connections import NetworkSettings\n"
        "network = NetworkSettings({})\nnetwork.check('http://127.0.0.1:9')\n"
        "assert 'truststore' not in sys.modules and '_tls' not in network.__dict__"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_roots_of_companies_need_no_extensions_that_curl_does_not_ask_for_either():
    context = make_tls_context({"SSL_CERT_FILE": OWN})
    assert not context.verify_flags & ssl.VERIFY_X509_STRICT
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


@pytest.mark.parametrize(("certificate", "environ", "is_told"), [
    ("localhost", {}, True),
    ("expired", {"SSL_CERT_FILE": str(CERTIFICATES / "expired.pem")}, False),
    ("stranger", {"SSL_CERT_FILE": str(CERTIFICATES / "stranger.pem")}, False),
])  # fmt: skip
def test_S2_the_variables_are_named_where_they_would_help(certificate, environ, is_told):
    transport = Transport(NetworkSettings(environ))
    with Service(tls=certificate) as service:
        request = HttpRequest("GET", service.url("/", host="localhost"))
        with pytest.raises(TransportError) as caught:
            transport.send(request, deadline=4)
    assert caught.value.kind == "tls"
    assert ("SSL_CERT_FILE or REQUESTS_CA_BUNDLE" in caught.value.hint) is is_told
    assert tls_hint(ssl.SSLError()) == ""
