"""Deliveries: delivers recorded inputs to a strategy in a BacktestEngine as they were live."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final, Self

from nautilus_trader.common import DataActor, DataActorConfig
from nautilus_trader.model import (
    ActorId,
    CustomData,
    DataType,
    FundingRateUpdate,
    QuoteTick,
    TradeTick,
)

from adapters.session import wire_format
from dolphin_strategies.factors.nautilus_type import EXTERNAL_FACTORS
from dolphin_strategies.history.feed_messages import FEED_MESSAGES, HistoryChunk, HistoryEnd
from dolphin_strategies.observation import StrategyObserver, observe
from dolphin_strategies.simulation.clock_mark import clock_mark

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.command.user_code.strategy_class import AnyFactorStrategy
    from adapters.session.recorded_inputs import Input
    from dolphin_strategies.factors.external_factors import ExternalFactors

DELIVERY: Final = DataType("DolphinDelivery")
"""A mark at a delivery time; at a record's mark, FactorDelivery publishes the record."""
_CONFIG: Final = DataActorConfig(actor_id=ActorId("FactorDelivery-001"))


class Deliveries:
    """Converts inputs into an engine's data, and delivers the recorded inputs to the strategy.

    An engine replays at ``ts_init``, which is set to the delivery time. The strategy receives
    inputs with their own stamps.

    Parameters
    ----------
    strategy : FactorStrategy
        The strategy with its tap, not running yet.

    Attributes
    ----------
    actor : FactorDelivery
        To be added to the engine before the strategy.

    """

    def __init__(self, strategy: AnyFactorStrategy) -> None:
        self.actor: Final = FactorDelivery()
        self._ticks: Final = _OriginalTicks()
        self._history: list[ExternalFactors] = []
        observe(strategy, self._ticks)

    def data_of(self, item: Input) -> list[Any]:
        """Return the data by which an engine delivers an input."""
        at_ns = item.delivered_ns
        if item.kind in {wire_format.QUOTE, wire_format.TRADE, wire_format.FUNDING}:
            tick = _at(item.datum, at_ns)
            self._ticks.waiting.append((tick, item.datum))
            return [tick]
        if item.kind != wire_format.HISTORY:
            self.actor.waiting.append((item.kind, [item.datum]))
            return [mark(at_ns, has_record=True)]
        is_first = not self._history
        if is_first:
            self.actor.waiting.append((item.kind, self._history))
        self._history.append(item.datum)
        if item.ends_chunk:
            self._history = []
        return [mark(at_ns, has_record=True)] if is_first else []


class FactorDelivery(DataActor):
    """Publishes the records of a session with their own stamps, at their marks."""

    def __new__(cls) -> Self:
        return super().__new__(cls, _CONFIG)  # type: ignore[call-arg]

    def __init__(self) -> None:
        super().__init__(_CONFIG)
        self.waiting: Final[deque[tuple[int, list[ExternalFactors]]]] = deque()

    def on_start(self) -> None:
        self.subscribe_data(DELIVERY)

    def on_data(self, data: CustomData) -> None:
        if data.data.sequence:
            kind, records = self.waiting.popleft()
            if kind == wire_format.HISTORY:
                self.publish_data(FEED_MESSAGES, HistoryChunk(records).wrapped())
                return
            wrapped = CustomData(EXTERNAL_FACTORS, records[0])
            if kind == wire_format.RELEASED:
                self.publish_data(FEED_MESSAGES, HistoryEnd(wrapped).wrapped())
            else:
                self.publish_data(EXTERNAL_FACTORS, wrapped)


class _OriginalTicks(StrategyObserver):
    """Passes each quote, trade and funding rate to a strategy with its live stamps.

    The engine replays ticks at their delivery time, to which their ``ts_init`` is set.
    """

    def __init__(self) -> None:
        self.waiting: Final[deque[tuple[Any, Any]]] = deque()

    def around_quote(self, on_quote: Callable[[Any], None]) -> Callable[[Any], None]:
        return self._giving(on_quote)

    def around_trade(self, on_trade: Callable[[Any], None]) -> Callable[[Any], None]:
        return self._giving(on_trade)

    def around_funding(self, on_funding_rate: Callable[[Any], None]) -> Callable[[Any], None]:
        return self._giving(on_funding_rate)

    def _giving(self, hook: Callable[[Any], None]) -> Callable[[Any], None]:
        waiting = self.waiting

        def given(tick: Any) -> None:
            # A tick that is not the next one is passed on unchanged, and is found to differ.
            if waiting and waiting[0][0] == tick:
                tick = waiting.popleft()[1]
            hook(tick)

        return given


def mark(at_ns: int, *, has_record: bool = False) -> CustomData:
    """Return data that only moves an engine's clocks, or triggers a record."""
    return clock_mark(at_ns, DELIVERY, sequence=int(has_record))


def _at(tick: Any, at_ns: int) -> Any:
    """Return a tick that an engine replays at an instant."""
    if type(tick) is QuoteTick:
        return QuoteTick(
            tick.instrument_id,
            tick.bid_price,
            tick.ask_price,
            tick.bid_size,
            tick.ask_size,
            tick.ts_event,
            at_ns,
        )
    if type(tick) is FundingRateUpdate:
        # Without what says when it is settled: a paper account pays no funding.
        return FundingRateUpdate(tick.instrument_id, tick.rate, tick.ts_event, at_ns)
    return TradeTick(
        tick.instrument_id,
        tick.price,
        tick.size,
        tick.aggressor_side,
        tick.trade_id,
        tick.ts_event,
        at_ns,
    )
