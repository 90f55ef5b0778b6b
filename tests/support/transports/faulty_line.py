"""A line between a client and a member that can fall silent, be slow, be cut, or use TLS."""

from __future__ import annotations

import select
import shutil
import socket
import ssl
import subprocess
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from pathlib import Path

_SLICE_S: Final = 0.005


class FaultyLine:
    """Forward TCP from a port of its own to a real member, with the faults of a network.

    Attributes
    ----------
    is_mute : bool
        Both ends stay connected and hear nothing.
    delay_s : float
        How late each byte from the member arrives.
    is_cut : bool
        Connections are closed, and new ones at once after they were made.

    """

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self.is_mute = self.is_cut = False
        self.delay_s = 0.0
        self._to: Final = ("127.0.0.1", port)
        self._tls: Final = tls
        self._is_open = True
        self._listener: Final = socket.create_server(("127.0.0.1", 0))
        self.address: Final = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while self._is_open:
            if not select.select([self._listener], [], [], _SLICE_S)[0]:
                continue
            client, _ = self._listener.accept()
            thread = threading.Thread(target=self._carry, args=(client,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _carry(self, client: socket.socket) -> None:
        with suppress(OSError), client:
            if self._tls is not None:
                client.settimeout(5)
                client = self._tls.wrap_socket(client, server_side=True)
            with client, socket.create_connection(self._to) as member:
                late: list[tuple[float, bytes]] = []
                while self._is_open and not self.is_cut:
                    self._forward(client, member, late)

    def _forward(
        self, client: socket.socket, member: socket.socket, late: list[tuple[float, bytes]]
    ) -> None:
        if self.is_mute:
            time.sleep(_SLICE_S)
            return
        pending = isinstance(client, ssl.SSLSocket) and client.pending()
        ready = select.select([client, member], [], [], 0 if pending else _SLICE_S)[0]
        if client in ready or pending:
            member.sendall(_received(client))
        if member in ready:
            late.append((time.monotonic() + self.delay_s, _received(member)))
        while late and late[0][0] <= time.monotonic():
            client.sendall(late.pop(0)[1])

    def cut(self) -> None:
        """Cut it; nothing passes any more when this returns."""
        self.is_cut = True
        for thread in self._threads[1:]:
            thread.join(5)

    def close(self) -> None:
        """Close everything."""
        self._is_open = False
        for thread in self._threads:
            thread.join(5)
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _received(end: socket.socket) -> bytes:
    content = end.recv(65536)
    if not content:
        raise OSError("closed by the other end")
    return content


def make_certificate(folder: Path, name: str = "localhost") -> tuple[ssl.SSLContext, Path]:
    """Return a server's TLS context with a new certificate, and the file to trust."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [
            shutil.which("openssl") or "openssl", "req", "-x509",
            "-newkey", "rsa:2048", "-nodes", "-days", "2",
            "-keyout", str(key), "-out", str(certificate), "-subj", f"/CN={name}",
            "-addext", f"subjectAltName=DNS:{name}",
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context, certificate
