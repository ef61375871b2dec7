"""A loopback HTTP server with a thread of its own that stops quickly and cleanly. Knows no route."""

import sys
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR, socket
from socketserver import TCPServer
from typing import Final

HOST: Final = "127.0.0.1"
LOOK_UP: Final = 0.02
LONGEST_GOODBYE: Final = 2.0


class Listener(ThreadingHTTPServer):
    """An HTTP server with a thread of its own, which knows its open connections and can end them.

    `crashes` holds what a handler raised besides the troubles of a connection: always a bug.
    """

    request_queue_size = 128
    daemon_threads = True
    # On Windows it would let two servers have one port.
    allow_reuse_address = sys.platform != "win32"

    def __init__(self, port: int) -> None:
        super().__init__((HOST, port), BaseHTTPRequestHandler)
        self.crashes: list[BaseException] = []
        self._connections: set[socket] = set()
        self._change = threading.Condition()
        self._thread = threading.Thread(target=self.serve_forever, args=(LOOK_UP,), name="sandbox", daemon=True)

    def start(self, handler: type[BaseHTTPRequestHandler]) -> None:
        """Begin to answer; until then clients wait."""
        self.RequestHandlerClass = handler
        self._thread.start()

    def stop(self) -> None:
        """Stop listening, end what is open, and wait until it has ended (at most 2 s)."""
        if self._thread.is_alive():
            self.shutdown()
            self._thread.join()
        with self._change:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(SHUT_RDWR)
            self._change.wait_for(lambda: not self._connections, LONGEST_GOODBYE)
        self.server_close()

    @property
    def url(self) -> str:
        """Its origin, without a slash at the end."""
        return f"http://{HOST}:{self.server_address[1]}"

    def server_bind(self) -> None:
        """Bind without asking the name service for this machine's name."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    def get_request(self) -> tuple[socket, object]:
        """Accept a connection and remember it."""
        connection, address = super().get_request()
        with self._change:
            self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: object) -> None:
        """Close a connection and forget it."""
        super().shutdown_request(request)  # type: ignore[arg-type]
        with self._change:
            self._connections.discard(request)
            self._change.notify_all()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that go away; keep everything else."""
        fault = sys.exception()
        if fault and not isinstance(fault, OSError):
            self.crashes.append(fault)
