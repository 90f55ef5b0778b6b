"""RecordOutlet: publishes a source's records on the bus, free of an actor's slow attributes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from nautilus_trader.model import CustomData

from dolphin_strategies.factors.nautilus_type import EXTERNAL_FACTORS, KEEP_WARM

if TYPE_CHECKING:
    from collections.abc import Callable

    from nautilus_trader.model import DataType

    from dolphin_strategies.factors.external_factors import ExternalFactors

SPIN_NS: Final = 5_000
"""Short enough that Python's own code stays in the CPU's caches between two spins."""
SPINS_PER_TURN: Final = 5
RECORDS_PER_TURN: Final = 32
"""Records published before the node's other work gets its turn."""
NS_PER_TURN: Final = 100_000_000
"""The same in time, for strategies that take long for a record."""


class RecordOutlet:
    """Publishes records, and remembers the last one.

    An attribute of a DataActor costs three times one of this object, and these are used with
    each record and each spin.
    """

    __slots__ = ("_add_latency", "_publish", "_read", "last")

    def __init__(
        self,
        read: Callable[..., ExternalFactors | None],
        publish: Callable[[DataType, CustomData], None],
        add_latency: Callable[[int], None],
    ) -> None:
        self._read: Final = read
        self._publish: Final = publish
        self._add_latency: Final = add_latency
        self.last: ExternalFactors | None = None

    def publish(self, f: ExternalFactors) -> None:
        """Publish a record."""
        now_ns = time.monotonic_ns()
        self._publish(EXTERNAL_FACTORS, CustomData(EXTERNAL_FACTORS, f))
        self.last = f
        if f.published_mono_ns:
            self._add_latency(now_ns - f.published_mono_ns)

    def publish_some(self) -> None:
        """Publish what is there, until the node's other work wants its turn."""
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
        """Publish whatever is there."""
        while (f := self._read()) is not None:
            self.publish(f)

    def spin(self) -> None:
        """Publish what comes within a moment; keep the way to the strategy warm meanwhile."""
        read = self._read
        for _ in range(SPINS_PER_TURN):
            f = read(SPIN_NS)
            if f is not None:
                self.publish(f)
            elif self.last is not None:
                self._publish(KEEP_WARM, CustomData(KEEP_WARM, self.last))
