"""RecordOutlet: publishes a source's records on the bus, without an actor's slow attributes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from nautilus_trader.model import CustomData

from adapters.feed.busy_time import BusyTime
from dolphin_strategies.factors.nautilus_type import EXTERNAL_FACTORS, KEEP_WARM

if TYPE_CHECKING:
    from collections.abc import Callable

    from nautilus_trader.model import DataType

    from dolphin_strategies.factors.external_factors import ExternalFactors

SPIN_NS: Final = 5_000
"""Short enough that Python's own code stays in the CPU's caches between two spins."""
SPINS_PER_TURN: Final = 5
RECORDS_PER_TURN: Final = 32
"""Records published before the node's other work runs."""
NS_PER_TURN: Final = 100_000_000
"""The same limit in time, for strategies that are slow to process a record."""


class RecordOutlet:
    """Publishes records, and remembers the last one.

    An attribute of a DataActor costs three times as much as one of this object, and these
    attributes are read for each record and each spin.

    Parameters
    ----------
    read : callable
        Returns the next record or None; its argument is the time to busy-wait, nanoseconds.
    publish : callable
        Publishes CustomData under a DataType on the node's bus.
    add_latency : callable
        Called with nanoseconds from the producer's write to the publication.

    Attributes
    ----------
    busy : BusyTime
        Where it is noted when this object looks for records.
    last : ExternalFactors or None
        The last record published.
    is_open : bool
        Whether :meth:`look` may publish.

    Notes
    -----
    Owned by the node's thread.

    """

    __slots__ = ("_add_latency", "_is_publishing", "_publish", "_read", "busy", "is_open", "last")

    def __init__(
        self,
        read: Callable[..., ExternalFactors | None],
        publish: Callable[[DataType, CustomData], None],
        add_latency: Callable[[int], None],
    ) -> None:
        self._read: Final = read
        self._publish: Final = publish
        self._add_latency: Final = add_latency
        self.busy = BusyTime()
        self._is_publishing = False
        self.is_open = False
        self.last: ExternalFactors | None = None

    def publish(self, f: ExternalFactors) -> None:
        """Publish a record."""
        now_ns = time.monotonic_ns()
        self._is_publishing = True
        self._publish(EXTERNAL_FACTORS, CustomData(EXTERNAL_FACTORS, f))
        self._is_publishing = False
        self.last = f
        if f.published_mono_ns:
            self._add_latency(now_ns - f.published_mono_ns)

    def publish_some(self) -> None:
        """Publish the available records, up to the limits of one turn of the loop."""
        read, now_ns = self._read, time.monotonic_ns
        until_ns = now_ns() + NS_PER_TURN
        for _ in range(RECORDS_PER_TURN):
            f = read()
            if f is None:
                return
            self.publish(f)
            if now_ns() > until_ns:
                return

    def publish_all(self) -> None:
        """Publish all available records."""
        while (f := self._read()) is not None:
            self.publish(f)

    def look(self) -> None:
        """Publish a record that is there, unless one is being published; wait for none."""
        if self._is_publishing or not self.is_open:
            return
        self.busy.begin_free()
        f = self._read()
        if f is not None:
            self.publish(f)

    def spin(self) -> None:
        """Publish records that come within a few spins; meanwhile keep the CPU's caches warm."""
        read = self._read
        for _ in range(SPINS_PER_TURN):
            f = read(SPIN_NS)
            if f is not None:
                self.publish(f)
            elif self.last is not None:
                self._publish(KEEP_WARM, CustomData(KEEP_WARM, self.last))
        self.busy.end_free()
