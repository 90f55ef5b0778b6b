"""Evaluation: when a ComputingActor evaluates, without an actor's slow attributes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, Protocol

from adapters.computing.expiry_alarm import ExpiryAlarm
from adapters.computing.record_maker import RecordMaker
from dolphin_strategies.computed.computed_factor import NEVER

if TYPE_CHECKING:
    import asyncio
    from array import array
    from collections.abc import Callable

    from nautilus_trader.common import Clock

    from dolphin_strategies.computed.factor_set import ComputedFactors

INSTANT_ALERT: Final = "dolphin.computing.instant"


class RecordSink(Protocol):
    """Takes the records of computed factors; a MemorySource's ``publish`` is one."""

    def __call__(self, values: array[float], ts_event: int, ts_init: int, /) -> None:
        """Take a record.

        Parameters
        ----------
        values : array of float64
            In the order of the schema; NaN: none. It is overwritten after the call.
        ts_event : int
            The newest ``ts_event`` of the inputs, UNIX nanoseconds.
        ts_init : int
            The instant of the values, UNIX nanoseconds: ``ts_init`` of the newest input, or the
            instant at which an input became too old.

        """


class Evaluation:
    """Takes data, evaluates the factors after each burst or instant, and hands records on.

    An attribute of a DataActor costs three times as much as one of this object.

    Parameters
    ----------
    factors : ComputedFactors
        The factors.
    sink : callable
        Takes the records.
    min_interval_ns : int
        The shortest time between two live records, nanoseconds.

    Attributes
    ----------
    maker : RecordMaker
        Counts the records.
    data : int
        Data so far that some factor uses.
    is_waiting : bool
        Whether there are data that were not evaluated yet; False: the next begins a burst.

    Notes
    -----
    Owned by the node's thread.

    """

    __slots__ = (
        "_alarm",
        "_clock",
        "_evaluated_ns",
        "_factors",
        "_handle",
        "_instants",
        "_last_mono_ns",
        "_loop",
        "_min_interval_ns",
        "_schedule",
        "_sink",
        "_update",
        "data",
        "is_waiting",
        "maker",
    )

    def __init__(
        self, factors: ComputedFactors, sink: RecordSink, min_interval_ns: int = 0
    ) -> None:
        self.maker: Final = RecordMaker(factors)
        self.data = 0
        self._factors: Final = factors
        self._update: Final = factors.intake.take
        self._sink: Final = sink
        self._min_interval_ns: Final = min_interval_ns
        self._clock: Clock | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._alarm: ExpiryAlarm | None = None
        self._handle: asyncio.Handle | None = None
        self._schedule: Callable[[], None] = self._ignore
        self.is_waiting = False
        self._evaluated_ns = self._last_mono_ns = self._instants = 0

    def start(self, clock: Clock, loop: asyncio.AbstractEventLoop | None) -> None:
        """Begin in a live node, or without a loop in a backtest."""
        self._clock, self._loop = clock, loop
        self._alarm = ExpiryAlarm(clock, loop, self._on_alarm)
        if loop is None:
            self._schedule = self._schedule_instant
        else:
            self._schedule = (
                self._schedule_spaced if self._min_interval_ns else self._schedule_soon
            )

    def stop(self) -> None:
        """Evaluate no more; safe to call again."""
        if self._handle is not None:
            self._handle.cancel()
        if self._alarm is not None:
            self._alarm.cancel()
        self._clock = self._loop = self._handle = self._alarm = None
        self._schedule = self._ignore
        self.is_waiting = False

    def take(self, data: Any) -> None:
        """Take over a datum, and evaluate once all of its burst or instant are there."""
        if self._update(data):
            self.data += 1
            if not self.is_waiting:
                self.is_waiting = True
                self._schedule()

    def _ignore(self) -> None:
        """Do not evaluate: not started, or stopped."""

    def _schedule_soon(self) -> None:
        if self._loop is not None:
            self._handle = self._loop.call_soon(self._evaluate)

    def _schedule_spaced(self) -> None:
        if self._loop is None:
            return
        rest_ns = self._last_mono_ns + self._min_interval_ns - time.monotonic_ns()
        if rest_ns > 0:
            self._handle = self._loop.call_later(rest_ns / 1e9, self._evaluate)
        else:
            self._schedule_soon()

    def _schedule_instant(self) -> None:
        """Evaluate after the last datum of this instant: then the engine fires its alerts."""
        if self._clock is not None:
            self._instants += 1
            name = f"{INSTANT_ALERT}-{self._instants % 2}"
            self._clock.set_time_alert_ns(name, self._factors.now_ns, self._evaluate)

    def _evaluate(self, event: object = None) -> None:
        """Evaluate at the instant of the newest datum."""
        self.is_waiting = False
        if self._min_interval_ns:
            self._last_mono_ns = time.monotonic_ns()
        self._evaluate_at(self._factors.now_ns)

    def _evaluate_at(self, now_ns: int) -> None:
        now_ns = max(now_ns, self._evaluated_ns)
        self._evaluated_ns = now_ns
        factors, alarm = self._factors, self._alarm
        if self.maker.evaluate(now_ns):
            self._sink(factors.values, factors.ts_event, now_ns)
        if alarm is not None and (expiry_ns := self.maker.expiry_ns) < alarm.at_ns:
            alarm.set(expiry_ns)

    def _on_alarm(self) -> None:
        """Evaluate at the exact instant at which an input became too old, if it still is.

        The alarm was set for the earliest expiry known then; newer data has usually moved it.
        """
        if self._clock is None or self._alarm is None or self.is_waiting:
            return
        expiry_ns = self.maker.expiry_ns
        if expiry_ns <= self._clock.timestamp_ns():
            self._evaluate_at(expiry_ns)
        elif expiry_ns != NEVER:
            self._alarm.set(expiry_ns)
