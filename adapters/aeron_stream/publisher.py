"""AeronPublisher: a producer's records onto a stream, without ever waiting for a subscriber."""

from __future__ import annotations

import secrets
import struct
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from adapters.aeron_stream.driver_client import DriverClient, aeron_library
from adapters.aeron_stream.messages import (
    END,
    HEADER,
    MAGIC,
    RECORD,
    STATE,
    VERSION,
    Header,
    State,
    state_message,
)
from adapters.aeron_stream.outbox import Outbox
from adapters.run_state.process_identity import boot_id
from dolphin_strategies.errors import DolphinError
from dolphin_strategies.factors.schema import MAX_FACTORS, FactorSchema, is_factor_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType

    from numpy.typing import ArrayLike, NDArray

    from adapters.aeron_stream.channel import AeronChannel

STATE_INTERVAL_S: Final = 0.1
"""A new subscriber has names and newest record after that long at most."""
LOOK_S: Final = 0.01
SOON_S: Final = 0.001
RETRY_S: Final = 0.1
CLOSE_TIMEOUT_S: Final = 2.0
LAST_WORDS_S: Final = 0.2
_MAX_NS: Final = 2**63 - 1
_NAN: Final = float("nan")


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
        library = aeron_library()
        self.schema = FactorSchema(names)
        self.channel: Final = channel
        self._library: Final = library
        self._lock: Final = threading.Lock()
        self._outbox: Final = Outbox(library)
        self._values: Final[Counter[str]] = Counter()
        self._boot_id: Final = bytes.fromhex(boot_id().replace("-", ""))
        self._stream_id: Final = secrets.randbits(64) or 1
        self._sequence = self._ts_event = self._published_ns = self._published_mono_ns = 0
        self._payload = _no_values(len(self.schema))
        self._problem = f"{channel}: not connected yet"
        self._connections = 0
        self._must_end = threading.Event()
        self._thread: Final = threading.Thread(
            target=self._run, name="aeron publisher", daemon=True
        )
        self._thread.start()

    @property
    def published(self) -> int:
        """The sequence of the newest record; 0 before the first."""
        return self._sequence

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

        ``sent``; ``unheard``, of which there was no subscriber or no driver; ``dropped``, for
        which there was no room; ``waiting``: their sum is :attr:`published`. ``connections`` to
        the driver. ``missing_values``, ``infinite_values`` (both written as NaN),
        ``skipped_names`` and ``clamped_events`` as for a region's writer.
        """
        with self._lock:
            return {
                **self._outbox.counters,
                "connections": self._connections,
                **self._values,
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
        names = self.schema.names
        if new := [name for name in factors if name not in self.schema]:
            names = (*names, *self._new_names(factors, new))
        found = [factors.get(name) for name in names]
        numbers = [v if isinstance(v, int | float) else _NAN for v in found]
        self._values["missing_values"] += sum(not isinstance(v, int | float) for v in found)
        self._publish(names, np.array(numbers, dtype="<f8"), ts_event)

    def _new_names(self, factors: Mapping[str, Any], new: list[str]) -> list[str]:
        named = [name for name in new if not str(name).startswith("_")]
        added = [n for n in named if is_factor_name(n) and isinstance(factors[n], int | float)]
        del added[MAX_FACTORS - len(self.schema) :]
        self._values["skipped_names"] += len(named) - len(added)
        return added

    def write_values(self, values: ArrayLike, ts_event: int = 0) -> None:
        """Publish the whole state as a vector.

        Parameters
        ----------
        values : array-like of shape ``(len(schema),)``
            Converted to float64; NaN: no value.
        ts_event : int
            UNIX nanoseconds; 0 means now.

        Raises
        ------
        ValueError
            If the shape or the time does not fit.

        """
        array = np.array(values, dtype="<f8")
        if array.shape != (len(self.schema),):
            msg = f"values: expected shape ({len(self.schema)},), found {array.shape}"
            raise ValueError(msg)
        self._publish(self.schema.names, array, ts_event)

    def _publish(self, names: tuple[str, ...], array: NDArray[np.float64], ts_event: int) -> None:
        if not 0 <= ts_event <= _MAX_NS:
            msg = f"ts_event: expected UNIX nanoseconds from 0 to 2**63 - 1, found {ts_event}"
            raise ValueError(msg)
        infinite = np.isinf(array)
        if infinite.any():
            self._values["infinite_values"] += int(infinite.sum())
            array[infinite] = _NAN
        now_ns = time.time_ns()
        with self._lock:
            is_new_schema = names is not self.schema.names and names != self.schema.names
            if is_new_schema:
                self.schema = FactorSchema(names)
            event = ts_event or now_ns
            if event < self._ts_event:
                self._values["clamped_events"] += 1
                event = self._ts_event
            self._sequence += 1
            self._payload, self._ts_event, self._published_ns = array.tobytes(), event, now_ns
            self._published_mono_ns = time.monotonic_ns()
            if is_new_schema or self._outbox.has_new_hearer():
                # The state has the record in it.
                self._outbox.put(self._state(), is_record=True)
            else:
                self._outbox.put(self._header(RECORD) + self._payload, is_record=True)

    def skip(self, records: int) -> None:
        """Count records that were lost before they reached this publisher, so that its
        subscribers count them as lost too.
        """
        with self._lock:
            self._sequence += records
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

    def _header(self, kind: int) -> bytes:
        return HEADER.pack(*self._fields(kind))

    def _fields(self, kind: int) -> Header:
        return Header(
            MAGIC, VERSION, kind, len(self.schema), self.schema.hash, self._stream_id,
            self._sequence, self._ts_event, self._published_ns, self._published_mono_ns,
        )  # fmt: skip

    def _state(self) -> bytes:
        state = State(self.schema, self._boot_id, self._payload)
        return state_message(self._fields(STATE), state)

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
                    self._outbox.put(self._state(), is_record=False)
        with self._lock:
            self._outbox.put(self._state(), is_record=False)
            self._outbox.put(self._header(END), is_record=False)
        until_s = time.monotonic() + LAST_WORDS_S
        while self._outbox.waiting and time.monotonic() < until_s and not client.is_closed:
            time.sleep(SOON_S)
            with self._lock:
                self._outbox.send_waiting()


def _no_values(count: int) -> bytes:
    """Return the values of a record that there is not: NaN each."""
    return struct.pack(f"<{count}d", *([_NAN] * count))
