"""The messages between strategies and the feed on the bus, besides the factors themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nautilus_trader.model import CustomData, DataType

if TYPE_CHECKING:
    from dolphin_strategies.factors.batch import FactorBatch
    from dolphin_strategies.factors.external_factors import ExternalFactors

FEED_MESSAGES: Final = DataType("ExternalFactorsFeedMessage")
"""The DataType that FactorFeed and FactorStrategy subscribe to."""


class FeedMessage:
    """One message; Nautilus requires the two stamps of everything on its bus."""

    __slots__ = ()

    ts_event: Final = 0
    ts_init: Final = 0
    type_name_static = staticmethod("ExternalFactorsFeedMessage".__str__)

    def wrapped(self) -> CustomData:
        """Return the message wrapped in the CustomData that the bus carries."""
        return CustomData(FEED_MESSAGES, self)


class HeldRequest(FeedMessage):
    """A strategy requests the records that were published before it started.

    Parameters
    ----------
    stream_id, sequence : int
        The newest record that the strategy has; 0 and 0: none.
    before : tuple of stream_id and sequence, optional
        The newest record that the strategy received live; None: it has received none.

    """

    __slots__ = ("before", "sequence", "stream_id")

    def __init__(self, stream_id: int, sequence: int, before: tuple[int, int] | None) -> None:
        self.stream_id = stream_id
        self.sequence = sequence
        self.before = before


class HeldAnswer(FeedMessage):
    """The feed's answer: the oldest of the requested records, or None if there are no more."""

    __slots__ = ("batch", "request")

    def __init__(self, request: HeldRequest, batch: FactorBatch | None) -> None:
        self.request = request
        self.batch = batch


class HistoryChunk(FeedMessage):
    """A replay gives a strategy historical records, of one schema, oldest first."""

    __slots__ = ("records",)

    def __init__(self, records: list[ExternalFactors]) -> None:
        self.records = records


class HistoryEnd(FeedMessage):
    """A replay ends a strategy's history, with the live record held back until then, or None."""

    __slots__ = ("newest",)

    def __init__(self, newest: CustomData | None) -> None:
        self.newest = newest


class ClockMoved(FeedMessage):
    """A feed in a BacktestEngine announces the time, for strategies to set their clocks."""

    __slots__ = ("now_ns",)

    def __init__(self, now_ns: int) -> None:
        self.now_ns = now_ns
