"""The one failure of an HTTP exchange: what happened, and whether anything can have reached the other side."""

import ssl
from typing import Literal

Kind = Literal[
    "refused",  # nobody listens, no route, or a proxy said no
    "dns",
    "connect_timeout",
    "tls",  # the other side could not prove who it is; never tried again (S2)
    "forbidden_address",  # the connection would lead somewhere it must not (D10)
    "reset",  # cut, or closed without an answer
    "read_timeout",
    "deadline",  # the exchange as a whole took too long (P6)
    "stalled",  # slower than a download may be (D12)
    "too_large",
    "broken",  # what came is no HTTP
]


class TransportFault(Exception):
    """An exchange that ended without a whole answer: a fact for callers to judge, no error for the person yet.

    `certainly_not_sent` is true only where not one byte of the request can have left.
    """

    def __init__(self, kind: Kind, message: str, *, certainly_not_sent: bool = False) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.certainly_not_sent = certainly_not_sent


def tls_words(error: ssl.SSLError) -> str:
    """Say in words why TLS failed (S2)."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the server's certificate is not valid: {error.verify_message or error.reason}"
    reason = getattr(error, "reason", None) or "the handshake failed"  # absent where OpenSSL gave no code
    return f"no secure connection: {reason.replace('_', ' ').lower()}"
