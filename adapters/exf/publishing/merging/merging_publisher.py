"""MergingPublisher: publishes the merged state after each poll and each burst of a stream."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.exf.publishing.merging.merged_state import MergedState
    from adapters.exf.publishing.vector_fan_out import VectorFanOut


class MergingPublisher:
    """A publisher for the polling service, and a sink for the streams.

    Parameters
    ----------
    state : MergedState
        The state.
    fan_out : VectorFanOut
        Where the merged state goes.

    Attributes
    ----------
    streamed_records : int
        Records that a burst of a stream caused.

    Notes
    -----
    For one asyncio loop. A record's ``ts_event`` is that of its newest input: the exchange's for
    streamed data, the instant of the state for polled ones. It is never in the future, and
    never decreases.

    """

    name = "streams"

    def __init__(self, state: MergedState, fan_out: VectorFanOut) -> None:
        self._state: Final = state
        self._fan_out: Final = fan_out
        self._newest_ns = 0
        self.streamed_records = 0

    def take_record(self, values: Any, ts_event: int, ts_init: int) -> None:
        """Publish after a burst: the sink of the computing actor."""
        self.streamed_records += 1
        self._state.take_streamed(values)
        # A stamp from the future would be the stamp of every later record.
        self._publish(min(ts_event, time.time_ns()))

    def publish(self, factors: Mapping[str, float], ts_event_ns: int) -> None:
        """Publish after a poll, or because a value became too old."""
        self._state.take_polled(factors)
        self._publish(ts_event_ns)

    def heartbeat(self) -> None:
        """Do nothing: the fan-out behind this has a heartbeat of its own."""

    def close(self) -> None:
        """Do nothing: the publishers behind this belong to the caller."""

    def _publish(self, ts_event_ns: int) -> None:
        self._newest_ns = newest_ns = max(self._newest_ns, ts_event_ns)
        self._fan_out.publish_values(self._state.values, newest_ns)
