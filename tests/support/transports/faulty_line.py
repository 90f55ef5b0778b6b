"""A line between a client and a member: silent, one-way, slow, narrow, cut, or with TLS."""

from __future__ import annotations

import math
import select
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from pathlib import Path

_SLICE_S: Final = 0.005
_RESET: Final = struct.pack("ii", 1, 0)
"""Closing sends a reset instead of the rest."""


class FaultyLine:
    """Forward TCP from a port of its own to a real member, with the faults of a network.

    Attributes
    ----------
    is_mute : bool
        Both ends stay connected and hear nothing.
    hears_client, hears_member : bool
        Half of it: whether what this end sends passes.
    delay_s : float
        How late each byte from the member arrives.
    bytes_per_s : float
        How many bytes from the member pass in a second.
    is_cut : bool
        Connections are closed, and new ones at once after they were made.
    breaks_messages : bool
        Connections are reset in the middle of what the member sends next.

    """

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self.is_mute = self.is_cut = self.breaks_messages = False
        self.hears_client = self.hears_member = True
        self.delay_s = 0.0
        self.bytes_per_s = math.inf
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
            thread.start()
            self._threads.append(thread)

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
        heard = [e for e, is_heard in ((client, self.hears_client), (member, self.hears_member))
                 if is_heard]  # fmt: skip
        ready = select.select(heard, [], [], 0 if pending else _SLICE_S)[0]
        if client in ready or (pending and self.hears_client):
            member.sendall(_received(client))
        if member in ready:
            late.append((time.monotonic(), self._from(member, client)))
        while late and late[0][0] + self.delay_s <= time.monotonic():
            client.sendall(late.pop(0)[1])

    def _from(self, member: socket.socket, client: socket.socket) -> bytes:
        if (bytes_per_s := self.bytes_per_s) != math.inf:
            time.sleep(max(_SLICE_S, 1 / bytes_per_s))
            return _received(member, max(1, int(bytes_per_s * _SLICE_S)))
        content = _received(member)
        if self.breaks_messages:
            client.sendall(content[: len(content) // 2])
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            raise OSError("reset by the line")
        return content

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


def _received(end: socket.socket, limit: int = 65536) -> bytes:
    content = end.recv(limit)
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
