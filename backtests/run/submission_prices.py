"""SubmissionPrices: the price that a strategy had before it when it sent an order."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.model import BarType

from backtests.run.results.accounting.prices.price_rows import price_table
from dolphin_strategies.observation import StrategyObserver, observe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nautilus_trader.model import InstrumentId, QuoteTick

    from adapters.command.user_code.strategy_class import AnyFactorStrategy
    from backtests.inputs.backtest_data import BacktestData

_SENDING: Final = (
    "submit_order",
    "submit_order_list",
    "close_position",
    "close_all_positions",
    "market_exit",
    "stop",
)


class SubmissionPrices(StrategyObserver):
    """Notes the newest price of the market when a strategy sends orders.

    At one instant an order may come before the market data of that instant or after it: what the
    market data says about the instant afterwards is not what the strategy had before it.

    Parameters
    ----------
    strategy : FactorStrategy
        Not running yet.
    data : BacktestData
        What is replayed.

    """

    def __init__(self, strategy: AnyFactorStrategy, data: BacktestData) -> None:
        self._strategy: Final = strategy
        found = {i.id: _newest_of(data, i.id) for i in data.instruments}
        self._newest: Final = {name: newest for name, newest in found.items() if newest}
        self._by_order: Final[dict[str, float]] = {}
        self._by_instant: Final[dict[tuple[str, int], float]] = {}
        observe(strategy, self)

    def price(self, order_id: str, instrument_id: str, ts: int) -> float:
        """Return the mid, the trade's price or the close when an order was sent.

        Parameters
        ----------
        order_id : str
            Its client order id.
        instrument_id : str
            Its instrument.
        ts : int
            When it was made, UNIX nanoseconds.

        Returns
        -------
        float
            NaN if the strategy did not send it itself, or there was no price yet.

        """
        known = self._by_order.get(order_id)
        return self._by_instant.get((instrument_id, ts), math.nan) if known is None else known

    def around_decision(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        if name not in _SENDING:
            return call

        def noting(*arguments: Any, **keywords: Any) -> Any:
            self._note((*arguments, *keywords.values()))
            return call(*arguments, **keywords)

        return noting

    def _note(self, arguments: Iterable[Any]) -> None:
        """Note the prices of the orders that a call names, or of all instruments."""
        orders = [
            order
            for argument in arguments
            for order in (argument if isinstance(argument, list | tuple) else (argument,))
            if hasattr(order, "client_order_id")
        ]
        for order in orders:
            newest = self._newest.get(order.instrument_id)
            if newest is not None:
                self._by_order[str(order.client_order_id)] = newest(self._strategy.cache)
        if not orders:
            # Nautilus makes the orders that close positions.
            now_ns = self._strategy.clock.timestamp_ns()
            for instrument_id, newest in self._newest.items():
                self._by_instant[str(instrument_id), now_ns] = newest(self._strategy.cache)


def _newest_of(data: BacktestData, instrument_id: InstrumentId) -> Callable[[Any], float] | None:
    """Return what reads the newest price of an instrument from Nautilus's cache."""
    table = price_table(data, str(instrument_id))
    if table is None:
        return None
    if table.kind == "quotes":
        return lambda cache: _mid(cache.quote(instrument_id))
    if table.kind == "trades":
        return lambda cache: _double(cache.trade(instrument_id), "price")
    bar_type = BarType.from_str(table.identifier)
    return lambda cache: _double(cache.bar(bar_type), "close")


def _mid(quote: QuoteTick | None) -> float:
    if quote is None:
        return math.nan
    return (quote.bid_price.as_double() + quote.ask_price.as_double()) / 2


def _double(datum: Any, name: str) -> float:
    return math.nan if datum is None else float(getattr(datum, name).as_double())
