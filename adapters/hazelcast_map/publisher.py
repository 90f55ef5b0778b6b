"""HazelcastPublisher: a producer's state into an entry of a Hazelcast map, newest first."""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

from adapters.hazelcast_map.connection.answer_watch import AnswerWatch
from adapters.hazelcast_map.connection.cluster_connection import (
    CALL_TIMEOUT_S,
    ClusterConnection,
    ConnectionLostError,
)
from adapters.hazelcast_map.connection.connection_attempt import LOST_TIMEOUT_S
from adapters.hazelcast_map.entry.json_codec import MAX_SIZE, Update, encode
from adapters.hazelcast_map.entry.value_sequence import machine_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from hazelcast.future import Future
    from hazelcast.proxy.map import Map

    from adapters.hazelcast_map.settings import HazelcastSettings

CHECK_S: Final = 0.1


class _State(NamedTuple):
    number: int
    text: str


class HazelcastPublisher:
    """Keep an entry at the newest state given to ``write``.

    One state is in flight at a time; a newer state replaces the waiting one. Therefore no call
    blocks, and a slow or unreachable cluster does not delay the producer: ``problem`` and the
    counters report it.

    Parameters
    ----------
    settings : HazelcastSettings
        The entry.

    Attributes
    ----------
    written, sent, conflated : int
        States given to ``write``, confirmed by the cluster, and replaced by a newer one before
        they were confirmed: ``written == sent + conflated`` once ``flush`` returned True. A state
        whose confirmation was lost with the connection is sent again, unless there is a newer
        one.
    problem : str
        Why nothing can be sent at present, as text for the user; empty if sending works.

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
        self._entries: Map[str, Any] | None = None
        self._waiting: _State | None = None
        self._in_flight: _State | None = None
        self._newest_number = 0
        self._confirmed: _State | None = None
        self._watch = AnswerWatch()
        self._connection: Final = ClusterConnection(settings, self._serve, self._on_trouble)
        self._connection.start()

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
            If a value cannot be represented in JSON.
        ValueError
            If the text is larger than 1 MB, which every reader refuses.

        """
        with self._changed:
            # A number is used only when it is sent, so that a gap means a loss in transit.
            update = Update(
                dict(factors), self._publisher, self._newest_number + 1,
                ts_event or time.time_ns(), time.monotonic_ns(), self._machine,
            )  # fmt: skip
            text = encode(update)
            if len(text) >= MAX_SIZE - 1000:
                msg = f"factors: expected under {MAX_SIZE:,} bytes of JSON, found {len(text):,}"
                raise ValueError(msg)
            self.written += 1
            self.conflated += self._waiting is not None
            self._waiting = _State(update.sequence, text)
        self._send()

    def flush(self, timeout_s: float) -> bool:
        """Wait until the newest state is confirmed; return whether it was.

        Parameters
        ----------
        timeout_s : float
            Seconds to wait at most.

        """
        with self._changed:
            return self._changed.wait_for(
                lambda: self._waiting is None and self._in_flight is None, timeout_s
            )

    def close(self) -> None:
        """Disconnect; safe to call again. A state that waits is dropped."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _send(self) -> None:
        """Hand the waiting state to the client unless another is in flight; on any thread."""
        with self._changed:
            entries, state = self._entries, self._waiting
            if entries is None or state is None or self._in_flight is not None:
                return
            self._waiting, self._in_flight = None, state
            self._newest_number = max(self._newest_number, state.number)
            self._watch.ask()
        entries.set(self._settings.key, state.text).add_done_callback(
            lambda future: self._on_answer(state, future)
        )

    def _on_answer(self, state: _State, answer: Future[None]) -> None:
        if not answer.is_success():
            self._watch.failure = answer.exception()
            self._connection.hurry()
            return
        with self._changed:
            if self._in_flight is not state:
                return
            self._in_flight = None
            self._confirmed = state
            self._answered()
            self.sent += 1
            self._changed.notify_all()
        self._send()

    def _serve(self, connection: ClusterConnection, entries: Map[str, Any]) -> None:
        with self._changed:
            self._entries, self._watch, self.problem = entries, AnswerWatch(), ""
            kept = self._confirmed
            is_idle = self._waiting is None
        try:
            if is_idle and kept is not None:
                # A cluster that lost its memory has the newest state again; another publisher's
                # stays, and readers know this one by its number and time.
                restored = entries.put_if_absent(self._settings.key, kept.text)
                restored.add_done_callback(self._on_restored)
            self._send()
            while True:
                connection.pause(CHECK_S)
                self._check_answer()
                self._ask(entries)
        finally:
            self._take_back()

    def _on_restored(self, restored: Future[Any]) -> None:
        """Begin anew if the confirmed state was not taken: no later call would restore it."""
        if not restored.is_success():
            self._watch.failure = restored.exception()
            self._connection.hurry()

    def _ask(self, entries: Map[str, Any]) -> None:
        """Ask for the entry if there was no call for a while."""
        with self._changed:
            if self._in_flight is not None or not self._watch.is_due():
                return
            probe = self._watch.probe(lambda: entries.contains_key(self._settings.key))
        probe.add_done_callback(self._on_probe)

    def _on_probe(self, probe: Future[bool]) -> None:
        with self._changed:
            if self._watch.end_probe(probe):
                self._answered()

    def _answered(self) -> None:
        if self._watch.answer() <= CALL_TIMEOUT_S:
            self.problem = ""

    def _check_answer(self) -> None:
        with self._changed:
            failure = self._watch.failure
            waited_s = self._watch.waited_s(is_asked=self._in_flight is not None)
        if failure is not None:
            msg = f"{type(failure).__name__}: {failure}"
            raise ConnectionLostError(msg)
        if waited_s > LOST_TIMEOUT_S:
            msg = f"no answer within {LOST_TIMEOUT_S:g} s"
            raise ConnectionLostError(msg)
        if waited_s > CALL_TIMEOUT_S:
            self.problem = f"{self._settings}: no answer within {CALL_TIMEOUT_S:g} s"

    def _take_back(self) -> None:
        """Keep the state that was not confirmed, unless a newer one waits."""
        with self._changed:
            self._entries = None
            if self._in_flight is not None and self._waiting is None:
                self._waiting = self._in_flight
            elif self._in_flight is not None:
                self.conflated += 1
            self._in_flight = None

    def _on_trouble(self, reason: str) -> None:
        self.problem = reason
