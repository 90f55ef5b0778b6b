"""HazelcastPublisher: a producer's state into an entry of a Hazelcast map, newest first."""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, Final, Self

from adapters.hazelcast_map.codec import MAX_SIZE, Update, encode
from adapters.hazelcast_map.link import MapLink
from adapters.hazelcast_map.update_stream import machine_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from hazelcast.proxy.map import Map

    from adapters.hazelcast_map.settings import HazelcastSettings

IDLE_S: Final = 1.0


class HazelcastPublisher:
    """Keep an entry at the newest state that ``write`` was given.

    A thread of its own connects and sends, one value at a time; what is written meanwhile
    replaces what waits. So no call blocks, and a producer does not notice a cluster that is slow
    or gone: it is told by ``problem`` and the counters.

    Parameters
    ----------
    settings : HazelcastSettings
        Which entry.

    Attributes
    ----------
    written, sent, conflated : int
        States given, confirmed by the cluster, and replaced by a newer one before they were
        sent: ``written == sent + conflated`` once ``flush`` returned True. A state whose
        confirmation was lost is sent again, if no newer one is there.
    problem : str
        Why nothing can be sent now; empty if all is well.

    Raises
    ------
    ConfigError
        If the credentials in the environment are incomplete.

    Notes
    -----
    For one thread. Values are ordered by ``_publisher`` (new for each publisher), ``_sequence``
    and ``_ts_event_ns`` in the JSON.

    """

    def __init__(self, settings: HazelcastSettings) -> None:
        self.written = self.sent = self.conflated = 0
        self.problem = f"{settings}: not connected yet"
        self._settings: Final = settings
        self._publisher: Final = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._machine: Final = machine_id()
        self._changed: Final = threading.Condition()
        self._waiting: str | None = None
        self._link: Final = MapLink(settings, self._serve, self._on_trouble)
        self._link.start()

    def write(self, factors: Mapping[str, Any], ts_event: int = 0) -> None:
        """Publish the producer's whole state; names that begin with ``_`` are skipped.

        Parameters
        ----------
        factors : mapping of str to number
            The values; NaN, infinities and None are written as null.
        ts_event : int
            UNIX nanoseconds of the instant that the values describe; 0 means now.

        Raises
        ------
        TypeError
            If a value is nothing that JSON has.
        ValueError
            If the text is larger than 1 MB, which no reader takes.

        """
        update = Update(
            dict(factors), self._publisher, self.written + 1, ts_event or time.time_ns(),
            time.monotonic_ns(), self._machine,
        )  # fmt: skip
        text = encode(update)
        if len(text) >= MAX_SIZE - 1000:
            msg = f"factors: expected less than {MAX_SIZE:,} bytes of JSON, found {len(text):,}"
            raise ValueError(msg)
        with self._changed:
            self.written += 1
            self.conflated += self._waiting is not None
            self._waiting = text
        self._link.hurry()

    def flush(self, timeout_s: float) -> bool:
        """Wait until the newest state is confirmed; return whether it was."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self.sent + self.conflated == self.written, timeout_s
            )

    def close(self) -> None:
        """Disconnect; safe to call again. What is not sent yet is not sent."""
        self._link.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # ---- on the link's thread ----------------------------------------------------------------

    def _serve(self, entries: Map[str, Any]) -> None:
        self.problem = ""
        while True:
            text = self._waiting
            if text is None:
                self._link.pause(IDLE_S)
                continue
            if self._link.answer(entries.set(self._settings.key, text)):
                self.problem = ""
            with self._changed:
                self.sent += 1
                if self._waiting is text:
                    self._waiting = None
                else:
                    # Counted as replaced when the newer one came, but it was sent.
                    self.conflated -= 1
                self._changed.notify_all()

    def _on_trouble(self, reason: str) -> None:
        self.problem = reason
