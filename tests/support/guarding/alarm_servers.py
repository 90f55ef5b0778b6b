"""A webhook and a mail server on this machine, which keep what they are sent."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from socketserver import TCPServer


@contextmanager
def webhook(*statuses: int) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Answer POSTs with these statuses, the last one for good; give the URL and what came."""
    found: list[dict[str, Any]] = []
    left = [*statuses] or [204]

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.append(json.loads(body))
            status = left.pop(0) if len(left) > 1 else left[0]
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with _running(HTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield f"http://127.0.0.1:{port}/secret-token", found


@contextmanager
def mail_server() -> Iterator[tuple[str, list[str]]]:
    """Take mails by the commands of RFC 5321; give the URL and the mails."""
    found: list[str] = []

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            while line := self.rfile.readline().decode().strip().upper():
                if line.startswith("DATA"):
                    self.wfile.write(b"354 go on\r\n")
                    rows: list[str] = []
                    while (row := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                        rows.append(row)
                    found.append("\n".join(rows))
                self.wfile.write(b"221 bye\r\n" if line == "QUIT" else b"250 yes\r\n")
                if line == "QUIT":
                    return

    with _running(ThreadingTCPServer(("127.0.0.1", 0), Handler)) as port:
        yield f"smtp://127.0.0.1:{port}", found


@contextmanager
def _running(server: TCPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.socket.getsockname()[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
