"""The certificates that are trusted: those that the environment names, else the operating system's."""

import os
import ssl
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from kirin_cli.api.exchange import BoundedTlsSocket
from kirin_cli.errors import UsageError

BUNDLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
# Where Linux distributions and the BSDs keep their certificates, for an OpenSSL that was built to look elsewhere.
SYSTEM_BUNDLES: Final = (
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem",
    "/etc/pki/tls/cert.pem", "/etc/ssl/ca-bundle.pem", "/usr/local/share/certs/ca-root-nss.crt",
)  # fmt: skip


def find_bundles(environ: Mapping[str, str]) -> dict[str, str]:
    """What the environment names for certificates, by variable: the first of them, or both of SSL_CERT_…."""
    names = [name for name in BUNDLES if environ.get(name)]
    return {name: environ[name] for name in (names if names[:1] == ["SSL_CERT_FILE"] else names[:1])}


def make_tls_context(bundles: Mapping[str, str]) -> ssl.SSLContext:
    """A TLS context that trusts `bundles` (files, or folders of hashed names), the system where there are none.

    Raises UsageError for one that cannot be used.
    """
    if not bundles:
        return _system_context()
    context = _new_context()
    for name, path in bundles.items():
        try:
            folders = path.split(os.pathsep) if name == "SSL_CERT_DIR" else [path]
            for folder in folders:
                os.stat(folder)  # noqa: PTH116  (OpenSSL takes a folder that is not there for an empty one)
            is_folder = os.path.isdir(folders[0])  # noqa: PTH112
            context.load_verify_locations(None if is_folder else path, path if is_folder else None)
        except OSError as error:  # ssl.SSLError is one
            reason = "it holds no certificates" if isinstance(error, ssl.SSLError) else error.strerror
            hint = f"correct or unset {name}"
            raise UsageError(f"the CA bundle of {name}, {path}, cannot be used: {reason}", hint=hint) from error
    return context


def _system_context() -> ssl.SSLContext:
    """The keychain of macOS, the store of Windows; elsewhere what OpenSSL finds, or else the libraries' own bundle.

    On those two only the library truststore asks the system at each handshake; elsewhere it does what stands here, but
    reads all certificates anew for each connection.
    """
    if sys.platform in {"darwin", "win32"}:
        return _platform_context()
    context = _new_context()
    paths = ssl.get_default_verify_paths()
    if paths.cafile or (paths.capath and any(Path(paths.capath).iterdir())):
        context.set_default_verify_paths()
        return context
    from requests.utils import DEFAULT_CA_BUNDLE_PATH  # noqa: PLC0415  (a system with certificates has no need of it)

    bundle = next(filter(os.path.isfile, SYSTEM_BUNDLES), DEFAULT_CA_BUNDLE_PATH)
    context.load_verify_locations(bundle)
    return context


def _platform_context() -> ssl.SSLContext:
    import truststore  # noqa: PLC0415  (only for TLS, and only where it does more than OpenSSL)

    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    inner = context._ctx  # noqa: SLF001  (the library has no other way to have sockets of our own)
    inner.sslsocket_class = type("PlatformTlsSocket", (BoundedTlsSocket, inner.sslsocket_class), {})
    return context


def _new_context() -> ssl.SSLContext:
    """As ssl.create_default_context makes it, without certificates, and as strict as curl and browsers are.

    Many companies' roots lack extensions that VERIFY_X509_STRICT asks for, the default from Python 3.13 on.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags = (context.verify_flags | ssl.VERIFY_X509_TRUSTED_FIRST) & ~ssl.VERIFY_X509_STRICT
    context.sslsocket_class = BoundedTlsSocket
    return context
