"""LossyLine: a UDP relay between a publisher and a receiver that loses, delays and cuts."""

from __future__ import annotations

import heapq
import random
import selectors
import socket
import threading
import time
from typing import Final, Self

HOST: Final = "127.0.0.1"
_SIZE: Final = 1 << 16
_LONGEST_WAIT_S: Final = 0.05
_ROOM: Final = 4 << 20


class LossyLine:
    """Forward packets to ``target``, and back what it answers.

    Parameters
    ----------
    target : int
        The receiver's port on the loopback.
    loss : float
        Share of the packets that is dropped, in each direction; 1 cuts the line.
    delay_s : float
        Seconds that each packet takes, in each direction.
    seed : int
        Of the random choices.

    Attributes
    ----------
    forwarded, dropped : int
        Packets, of both directions.
    loss, delay_s : float
        May be set while it runs.

    """

    def __init__(
        self, target: int, *, loss: float = 0.0, delay_s: float = 0.0, seed: int = 0
    ) -> None:
        self.loss, self.delay_s = loss, delay_s
        self.forwarded = self.dropped = 0
        self._random: Final = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
        self._front: Final = _socket((HOST, 0))
        self._back: Final = _socket((HOST, 0))
        self._target: Final = (HOST, target)
        self._publisher: tuple[str, int] | None = None
        self._on_their_way: Final[list[tuple[float, int, socket.socket, bytes]]] = []
        self._count = 0
        self._closing: Final = threading.Event()
        self._thread: Final = threading.Thread(target=self._run, name="lossy line", daemon=True)
        self._thread.start()

    @property
    def endpoint(self) -> str:
        """Where the publisher sends to."""
        return f"{HOST}:{self._front.getsockname()[1]}"

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            for each in (self._front, self._back):
                selector.register(each, selectors.EVENT_READ)
            while not self._closing.is_set():
                for key, _ in selector.select(self._wait_s()):
                    received = key.fileobj
                    assert isinstance(received, socket.socket)
                    self._receive(received)
                self._send_due()

    def _wait_s(self) -> float:
        if not self._on_their_way:
            return _LONGEST_WAIT_S
        return min(max(self._on_their_way[0][0] - time.monotonic(), 0), _LONGEST_WAIT_S)

    def _receive(self, received: socket.socket) -> None:
        try:
            packet, sender = received.recvfrom(_SIZE)
        except OSError:
            return  # a port that nobody listens at
        if received is self._front:
            self._publisher = sender
        if self._random.random() < self.loss:
            self.dropped += 1
            return
        self._count += 1
        out = self._back if received is self._front else self._front
        heapq.heappush(
            self._on_their_way, (time.monotonic() + self.delay_s, self._count, out, packet)
        )

    def _send_due(self) -> None:
        now_s = time.monotonic()
        while self._on_their_way and self._on_their_way[0][0] <= now_s:
            _, _, out, packet = heapq.heappop(self._on_their_way)
            to = self._target if out is self._back else self._publisher
            if to is not None:
                self.forwarded += 1
                try:
                    out.sendto(packet, to)
                except OSError:
                    self.dropped += 1

    def close(self) -> None:
        """End it; safe to call again."""
        self._closing.set()
        self._thread.join(5.0)
        self._front.close()
        self._back.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def free_udp_port() -> int:
    """Return a UDP port of the loopback that nobody uses now."""
    with _socket((HOST, 0)) as found:
        port: int = found.getsockname()[1]
        return port


def _socket(address: tuple[str, int]) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _ROOM)
    made.bind(address)
    return made
