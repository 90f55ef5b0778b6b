"""AeronPublisher: a producer's records onto a stream, without ever waiting for a subscriber."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Final, Self

from adapters.aeron_stream.driver.driver_client import DriverClient, aeron_library
from adapters.aeron_stream.monotonic_clock import clock_id
from adapters.aeron_stream.sending.given_values import GivenValues
from adapters.aeron_stream.sending.message_maker import MessageMaker
from adapters.aeron_stream.sending.outbox import Outbox
from dolphin_strategies.errors import DolphinError
from dolphin_strategies.factors.schema import FactorSchema

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType

    from numpy.typing import ArrayLike

    from adapters.aeron_stream.channel import AeronChannel

STATE_INTERVAL_S: Final = 0.1
"""A new subscriber has names and newest record after that long at most."""
LOOK_S: Final = 0.01
SOON_S: Final = 0.001
RETRY_S: Final = 0.1
CLOSE_TIMEOUT_S: Final = 2.0
LAST_WORDS_S: Final = 0.2


class AeronPublisher:
    """Publish factors onto a stream.

    Names and newest record are sent again every 100 ms, by a thread of the publisher. That is how
    a new subscriber gets them, how one that missed the last record before a pause learns it, and
    how all know that the publisher lives. Nothing is sent on request, because a stream goes one
    way, through a firewall and to a group of receivers too.

    Parameters
    ----------
    channel : AeronChannel
        The stream, and the driver that sends it.
    names : iterable of str
        The factor names; see :class:`~dolphin_strategies.FactorSchema` for the rules.

    Raises
    ------
    ConfigError
        If the extra `aeron` is not installed.
    ValueError
        If a name is not allowed.

    Notes
    -----
    For one thread. No call waits: what the stream has no room for at present is queued, at most
    4,096 messages of which then the oldest is dropped. Records are numbered from 1 whatever
    becomes of them, so that each subscriber counts exactly what it did not get.

    """

    def __init__(self, channel: AeronChannel, names: Iterable[str]) -> None:
        self.channel: Final = channel
        self._lock: Final = threading.Lock()
        self._outbox: Final = Outbox(aeron_library())
        self._given: Final = GivenValues()
        self._maker: Final = MessageMaker(FactorSchema(names), clock_id())
        self._problem = f"{channel}: not connected yet"
        self._connections = 0
        self._must_end: Final = threading.Event()
        self._thread: Final = threading.Thread(
            target=self._run, name="aeron publisher", daemon=True
        )
        self._thread.start()

    @property
    def schema(self) -> FactorSchema:
        """The names of the records that are written now."""
        return self._maker.schema

    @property
    def published(self) -> int:
        """The sequence of the newest record; 0 before the first."""
        return self._maker.sequence

    @property
    def problem(self) -> str:
        """Why nothing can be sent at present, as text for the user; empty if sending works.

        That nobody subscribes is no problem.
        """
        return self._problem

    @property
    def is_heard(self) -> bool:
        """Whether there was a subscriber when the publisher last looked, up to 10 ms ago."""
        return self._outbox.is_heard

    @property
    def counters(self) -> dict[str, int]:
        """What became of the records, and of values written differently from those given.

        ``sent``; ``unheard``, for which there was no subscriber or no driver; ``dropped``, for
        which there was no room; ``waiting``: their sum is :attr:`published`. ``back_pressured``,
        which found no room at first. ``connections`` to the driver. ``missing_values``,
        ``infinite_values`` (both written as NaN), ``skipped_names`` and ``clamped_events`` as for
        a region's writer.
        """
        with self._lock:
            return {
                **self._outbox.counters,
                "connections": self._connections,
                **self._given.counters,
                "clamped_events": self._maker.clamped_events,
            }

    def write(self, factors: Mapping[str, Any], ts_event: int = 0) -> None:
        """Publish the producer's whole state.

        Names that begin with ``_`` are skipped; a new name with a number is added to the schema.

        Parameters
        ----------
        factors : mapping of str to number
            The values; absent, None or no number is NaN.
        ts_event : int
            UNIX nanoseconds of the instant that the values describe; 0 means now.

        Raises
        ------
        ValueError
            If ``ts_event`` is negative or beyond 2**63 - 1.

        """
        schema, array = self._given.of_mapping(factors, self.schema)
        self._publish(schema, array.tobytes(), ts_event)

    def write_values(
        self, values: ArrayLike, ts_event: int = 0, schema: FactorSchema | None = None
    ) -> None:
        """Publish the whole state as a vector.

        Parameters
        ----------
        values : array-like of shape ``(len(schema),)``
            Converted to float64; NaN: no value.
        ts_event : int
            UNIX nanoseconds; 0 means now.
        schema : FactorSchema, optional
            The names from now on, if they are others than before.

        Raises
        ------
        ValueError
            If the shape or the time does not fit.

        """
        schema = schema or self.schema
        self._publish(schema, self._given.of_vector(values, schema).tobytes(), ts_event)

    def _publish(self, schema: FactorSchema, payload: bytes, ts_event: int) -> None:
        with self._lock:
            has_new_names = self._maker.add(schema, payload, ts_event)
            if has_new_names or self._outbox.has_new_hearer():
                # The state has the record in it.
                self._outbox.put(self._maker.state(), is_record=True)
            else:
                self._outbox.put(self._maker.record(), is_record=True)

    def skip(self, records: int) -> None:
        """Count records that were lost before they reached this publisher, so that its
        subscribers count them as lost too.
        """
        with self._lock:
            self._maker.skip(records)
            self._outbox.counters["dropped"] += records

    def flush(self, timeout_s: float) -> bool:
        """Wait until no record waits to be sent; return whether that is so.

        Parameters
        ----------
        timeout_s : float
            Seconds to wait at most.

        """
        until_s = time.monotonic() + timeout_s
        while (waiting := self._outbox.waiting) and time.monotonic() < until_s:
            time.sleep(SOON_S)
        return not waiting

    def close(self) -> None:
        """Tell the subscribers that this is the end, and disconnect; safe to call again."""
        self._must_end.set()
        self._thread.join(CLOSE_TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self) -> None:
        """Connect, send states and what waits, and connect again; on the publisher's thread."""
        while not self._must_end.is_set():
            client = None
            try:
                client = DriverClient(self.channel)
                publication = client.publication()
                with self._lock:
                    self._outbox.connect(publication)
                    self._problem = ""
                    self._connections += 1
                self._serve(client)
                problem = client.problem or "the media driver has ended this connection"
            except DolphinError as error:
                problem = str(error)
            with self._lock:
                self._outbox.disconnect()
                self._problem = f"{self.channel}: {problem}"
            if client is not None:
                client.close()
            self._must_end.wait(RETRY_S)

    def _serve(self, client: DriverClient) -> None:
        """Send states and what waits, until the end or that of the connection."""
        state_s = 0.0
        while not self._must_end.wait(SOON_S if self._outbox.waiting else LOOK_S):
            if client.is_closed:
                return
            now_s = time.monotonic()
            with self._lock:
                self._outbox.send_waiting()
                if self._outbox.has_new_hearer() or now_s - state_s >= STATE_INTERVAL_S:
                    state_s = now_s
                    self._outbox.put(self._maker.state(), is_record=False)
        with self._lock:
            self._outbox.put(self._maker.state(), is_record=False)
            self._outbox.put(self._maker.end(), is_record=False)
        until_s = time.monotonic() + LAST_WORDS_S
        while self._outbox.waiting and time.monotonic() < until_s and not client.is_closed:
            time.sleep(SOON_S)
            with self._lock:
                self._outbox.send_waiting()
