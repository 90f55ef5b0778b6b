"""SwitchServer: a node's end of the switch: socket and FIFO in its run's folder, and signals."""

from __future__ import annotations

import os
import signal
import socket
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from adapters.process.stop_signals import SWITCH_SIGNALS, call_soon, take_early_signals
from live.switching.switch_words import (
    FIFO_NAME,
    LONGEST_BYTES,
    SOCKET_NAME,
    BadRequestError,
    Request,
    encode_answer,
    user_name,
)

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from pathlib import Path
    from types import FrameType

_CREDENTIALS: Final = struct.Struct("3i")
_WAITING: Final = 16
SIGNALS: Final = dict(zip(SWITCH_SIGNALS, ("halt", "flat"), strict=True))
"""What a signal asks for."""


class SwitchServer:
    """Hears requests and answers them; all of it on the node's loop, and nothing blocks.

    Parameters
    ----------
    loop : AbstractEventLoop
        The node's loop.
    folder : Path
        The run's folder, of mode 0700.
    carry_out : callable
        Takes a request and who made it; returns the answer.
    tell : callable
        Takes a line for the user.

    Notes
    -----
    Signals that came since the process's first lines are carried out too. The kernel says who is
    at the other end of the socket; of the FIFO only that it is this user, whose folder it lies in.

    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        folder: Path,
        carry_out: Callable[[Request, str], dict[str, Any]],
        tell: Callable[[str], object],
    ) -> None:
        self._tell: Final = tell
        self._loop: Final = loop
        self._carry_out: Final = carry_out
        self._handlers: dict[int, Any] = {}
        self._peers: Final[dict[socket.socket, bytes]] = {}
        self._socket: Final = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.setblocking(False)  # noqa: FBT003 - the socket module's own way
        self._socket.bind(str(folder / SOCKET_NAME))
        self._socket.listen(_WAITING)
        fifo = folder / FIFO_NAME
        os.mkfifo(fifo, 0o600)
        # Open to write too: otherwise it would be at its end whenever nobody writes.
        self._fifo = os.open(fifo, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self._unread = b""
        loop.add_reader(self._socket, self._on_connection)
        loop.add_reader(self._fifo, self._on_fifo)
        for number in SIGNALS:
            self._handlers[number] = signal.signal(number, self._on_signal)
        # What came before there was anything to switch; the higher number is the stronger command.
        for early in sorted(take_early_signals()):
            self._on_signal(early, None)

    def _on_connection(self) -> None:
        with suppress(BlockingIOError, ConnectionError):
            peer, _ = self._socket.accept()
            peer.setblocking(False)  # noqa: FBT003
            if len(self._peers) >= _WAITING:
                # Whoever connects and says nothing must not keep others out.
                self._forget(next(iter(self._peers)))
            self._peers[peer] = b""
            self._loop.add_reader(peer, self._on_request, peer)

    def _on_request(self, peer: socket.socket) -> None:
        try:
            more = peer.recv(LONGEST_BYTES)
        except BlockingIOError:
            return
        except OSError:
            more = b""
        text = self._peers[peer] + more
        if not more or len(text) > LONGEST_BYTES:
            self._forget(peer)
            return
        self._peers[peer] = text
        line, found, _ = text.partition(b"\n")
        if found:
            pid, uid, _ = _CREDENTIALS.unpack(
                peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
            )
            answer = self._answer(line, f"{user_name(uid)} (pid {pid})")
            with suppress(OSError):
                peer.send(encode_answer(**answer))
            self._forget(peer)

    def _forget(self, peer: socket.socket) -> None:
        self._loop.remove_reader(peer)
        del self._peers[peer]
        peer.close()

    def _on_fifo(self) -> None:
        with suppress(BlockingIOError):
            self._unread += os.read(self._fifo, LONGEST_BYTES)
        *lines, self._unread = self._unread.split(b"\n")
        self._unread = self._unread[-LONGEST_BYTES:]
        answers = [self._answer(n, f"{user_name(os.getuid())} (file)") for n in lines if n.strip()]
        # Nobody waits for an answer here: a misspelt word must not pass for a command.
        if wrong := next((a["error"] for a in answers if "error" in a), ""):
            self._tell(f"switch.fifo: {wrong}; nothing was done")

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        name = signal.Signals(number).name
        call_soon(self._loop, self._carry_out, Request(SIGNALS[signal.Signals(number)]), name)

    def _answer(self, line: bytes, who: str) -> dict[str, Any]:
        try:
            request = Request.decode(line)
        except BadRequestError as error:
            return {"error": str(error)}
        return self._carry_out(request, who)

    def close(self) -> None:
        """Hear nothing more."""
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        for peer in [*self._peers]:
            self._forget(peer)
        self._loop.remove_reader(self._socket)
        self._loop.remove_reader(self._fifo)
        self._socket.close()
        os.close(self._fifo)
