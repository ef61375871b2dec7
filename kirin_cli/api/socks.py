"""A connection through a SOCKS5 proxy (RFC 1928, RFC 1929), within the bounds of the current exchange."""

import ipaddress
from typing import Final
from urllib.parse import unquote, urlsplit

from kirin_cli.api.exchange import BoundedSocket, TransportError, current_exchange, open_socket, resolve
from kirin_cli.api.proxies import PROXY_HINT

DEFAULT_PORT: Final = 1080
_VERSION: Final = b"\x05"
_NO_LOGIN, _LOGIN = 0, 2
_ADDRESS_LENGTHS: Final = {1: 4, 4: 16}
_REPLIES: Final = {
    1: "it failed", 2: "its rules forbid it", 3: "the network cannot be reached", 4: "the host cannot be reached",
    5: "the connection was refused", 6: "it took too long", 7: "it cannot do that", 8: "it knows no such address",
}  # fmt: skip
_LOGIN_HINT: Final = "in ALL_PROXY they stand before the host, as USER:PASSWORD and an @"


def open_through_socks(proxy: str, host: str, port: int) -> BoundedSocket:
    """A socket on which `host` can be spoken to. With socks5h:// the proxy looks the name up, with socks5:// we do.

    Raises TransportError: whatever goes wrong here, nothing of the request was sent.
    """
    exchange = current_exchange()
    parts = urlsplit(proxy)
    where = f"the proxy {parts.hostname}:{parts.port or DEFAULT_PORT}"
    try:
        sock = open_socket(parts.hostname or "", parts.port or DEFAULT_PORT, admit=False)
    except TransportError as error:
        raise exchange.error(error.kind, f"the proxy does not answer: {error.message}", hint=PROXY_HINT) from error
    try:
        target = resolve(host, port, exchange)[0][1][0] if parts.scheme == "socks5" else host
        _log_in(sock, where, unquote(parts.username or ""), unquote(parts.password or ""))
        _ask_for(sock, where, _address(host, target) + port.to_bytes(2), f"{host}:{port}")
    except (OSError, IndexError) as error:
        sock.close()
        raise exchange.error("refused", f"{where} speaks no SOCKS5, or hung up", hint=PROXY_HINT) from error
    except BaseException:
        sock.close()
        raise
    return sock


def _ask_for(sock: BoundedSocket, where: str, address: bytes, name: str) -> None:
    sock.sendall(_VERSION + b"\x01\x00" + address)
    version, reply, _, kind = _read(sock, 4)
    if version != _VERSION[0]:
        raise ConnectionError("another protocol")
    if reply:
        why = _REPLIES.get(reply, f"it answers {reply}")
        raise current_exchange().error("refused", f"{where} does not lead to {name}: {why}", hint=PROXY_HINT)
    _read(sock, (_ADDRESS_LENGTHS.get(kind) or _read(sock, 1)[0]) + 2)


def _log_in(sock: BoundedSocket, where: str, user: str, password: str) -> None:
    methods = bytes((_NO_LOGIN, _LOGIN)) if user else bytes((_NO_LOGIN,))
    sock.sendall(_VERSION + bytes((len(methods),)) + methods)
    version, method = _read(sock, 2)
    if version != _VERSION[0]:
        raise ConnectionError("another protocol")
    if method == _LOGIN and user:
        names = [text.encode()[:255] for text in (user, password)]
        sock.sendall(b"\x01" + b"".join(bytes((len(name),)) + name for name in names))
        if _read(sock, 2)[1]:
            raise current_exchange().error("proxy", f"{where} refuses the user name or password", hint=_LOGIN_HINT)
    elif method != _NO_LOGIN:
        raise current_exchange().error("proxy", f"{where} asks for a user name and a password", hint=_LOGIN_HINT)


def _address(host: str, target: str) -> bytes:
    """An address as SOCKS writes it: of four bytes, of sixteen, or a name."""
    try:
        ip = ipaddress.ip_address(target.partition("%")[0])
    except ValueError:
        name = host.encode("idna")
        return b"\x03" + bytes((len(name),)) + name
    return (b"\x01" if ip.version == 4 else b"\x04") + ip.packed


def _read(sock: BoundedSocket, count: int) -> bytes:
    """So many bytes; raises ConnectionError where the proxy hangs up before."""
    data = b""
    while len(data) < count:
        piece = sock.recv(count - len(data))
        if not piece:
            raise ConnectionError("closed")
        data += piece
    return data
