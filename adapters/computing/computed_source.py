"""ComputedSource: the factors that a node computes itself, as the source of its feed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dolphin_strategies.factors.source import MemorySource, SourceState, SourceStatus

if TYPE_CHECKING:
    from array import array

    from dolphin_strategies.factors.schema import FactorSchema


class ComputedSource(MemorySource):
    """A MemorySource that a ComputingActor writes.

    The feed is told of a record at once. The source waits until there is a first value, and is
    stale while there is none, because the market data is silent.

    Parameters
    ----------
    schema : FactorSchema
        The factors' names.

    """

    def __init__(self, schema: FactorSchema) -> None:
        super().__init__(schema)
        self._has_values = self._had_values = False

    def take(self, values: array[float], ts_event: int, ts_init: int) -> None:
        """Publish a record; the actor's sink.

        Parameters
        ----------
        values : array of float64
            In the order of the schema; NaN: none.
        ts_event, ts_init : int
            UNIX nanoseconds.

        """
        self._has_values = any(value == value for value in values)  # noqa: PLR0124 - not NaN
        self._had_values = self._had_values or self._has_values
        self.publish(values, ts_event, ts_init)

    def status(self) -> SourceStatus:
        """Return the state and the counters."""
        found = super().status()
        if self._has_values:
            return found
        if self._had_values:
            return found._replace(state=SourceState.STALE, reason="the market data is silent")
        return found._replace(state=SourceState.WAITING, reason="no market data yet")
