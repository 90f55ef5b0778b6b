"""PriceWatch: the actor that notices the next price of an instrument for which orders wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self

from nautilus_trader.common import DataActor, DataActorConfig
from nautilus_trader.model import ActorId

if TYPE_CHECKING:
    from collections.abc import Callable

    from nautilus_trader.model import Bar, BarType, InstrumentId, QuoteTick, TradeTick

    from dolphin_strategies.order_gates.price_rules import PriceRules


class PriceWatch(DataActor):
    """Subscribes to an instrument's prices while orders wait for one, and passes the news on.

    Parameters
    ----------
    rules : PriceRules
        The market data on which orders are filled, and the clients that have it.
    on_price : callable
        Called with the instrument of each price that comes while it is watched.

    """

    def __new__(cls, *_: Any) -> Self:
        config = DataActorConfig(actor_id=ActorId("PRICE-WATCH"))
        return super().__new__(cls, config)  # type: ignore[call-arg]

    def __init__(self, rules: PriceRules, on_price: Callable[[InstrumentId], None]) -> None:
        super().__init__()
        self._rules: Final = rules
        self._on_price: Final = on_price
        self._watched: dict[InstrumentId, list[BarType]] = {}

    def watch(self, instrument_id: InstrumentId, bar_types: list[BarType]) -> None:
        """Report the prices of an instrument from now on.

        Parameters
        ----------
        instrument_id : InstrumentId
            The instrument.
        bar_types : list of BarType
            Those of its bars that are prices.

        """
        kinds, client = self._rules.kinds, self._rules.clients.get(instrument_id.venue.value)
        if instrument_id not in self._watched:
            self._watched[instrument_id] = []
            if "quotes" in kinds:
                self.subscribe_quotes(instrument_id, client)
            if "trades" in kinds:
                self.subscribe_trades(instrument_id, client)
        watched = self._watched[instrument_id]
        for bar_type in bar_types:
            if bar_type not in watched:
                watched.append(bar_type)
                self.subscribe_bars(bar_type, client)

    def unwatch(self, instrument_id: InstrumentId) -> None:
        """Report the prices of an instrument no longer."""
        bar_types = self._watched.pop(instrument_id, None)
        if bar_types is None:
            return
        kinds, client = self._rules.kinds, self._rules.clients.get(instrument_id.venue.value)
        if "quotes" in kinds:
            self.unsubscribe_quotes(instrument_id, client)
        if "trades" in kinds:
            self.unsubscribe_trades(instrument_id, client)
        for bar_type in bar_types:
            self.unsubscribe_bars(bar_type, client)

    def on_quote(self, quote: QuoteTick) -> None:
        self._on_price(quote.instrument_id)

    def on_trade(self, trade: TradeTick) -> None:
        self._on_price(trade.instrument_id)

    def on_bar(self, bar: Bar) -> None:
        self._on_price(bar.bar_type.instrument_id)
