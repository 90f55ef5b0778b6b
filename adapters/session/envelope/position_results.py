"""PositionResults: a strategy's positions as results over the notional value of their entries."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.model import LiquiditySide, OrderSide

from dolphin_strategies.envelope.watch_rules import TradeResult
from dolphin_strategies.observation import StrategyObserver

if TYPE_CHECKING:
    from collections.abc import Callable

    from dolphin_strategies import FactorStrategy

_SENDS: Final = ("submit_order", "submit_order_list")
_ENDS: Final = ("on_order_denied", "on_order_rejected", "on_order_canceled", "on_order_expired")


class PositionResults(StrategyObserver):
    """Observes a strategy, and gives each position that it closes.

    Parameters
    ----------
    strategy : FactorStrategy
        Not running yet.
    on_trade : callable
        Takes the result of each closed position.
    on_error : callable
        Takes the sentence of the first event that cannot be measured.

    Attributes
    ----------
    unmeasured : int
        Events that could not be measured.
    sent_at : dict of str to float
        The price at which each order was sent that has not ended, by client order id.

    Notes
    -----
    On the strategy's thread. Slippage is what a market order's fill paid beyond the mid (or the
    last trade) when it was sent; a fill as maker has none, and of an order that Nautilus made
    itself it is unknown.

    """

    def __init__(
        self,
        strategy: FactorStrategy[Any],
        on_trade: Callable[[TradeResult], None],
        on_error: Callable[[str], object],
    ) -> None:
        self.unmeasured = 0
        self._strategy: Final = strategy
        self._on_trade: Final = on_trade
        self._on_error: Final = on_error
        self.sent_at: Final[dict[str, float]] = {}
        self._paid: Final[dict[str, float]] = {}
        self._ranges: Final[dict[str, tuple[float, float]]] = {}

    def around_decision(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        if name not in _SENDS:
            return call

        def noting(first: Any, *arguments: Any, **words: Any) -> Any:
            for order in first if isinstance(first, list | tuple) else (first,):
                price = self._price(order.instrument_id)
                self.sent_at[str(order.client_order_id)] = price
            return call(first, *arguments, **words)

        return noting

    def around_event(self, name: str, hook: Callable[[Any], None]) -> Callable[[Any], None]:
        mine = {
            "on_order_filled": self._fill,
            "on_position_closed": self._close,
            **dict.fromkeys(_ENDS, self._forget),
        }.get(name)
        if mine is None:
            return hook

        def observed(event: Any) -> None:
            try:
                mine(event)
            except Exception as error:  # noqa: BLE001 - an observer must not fail the strategy
                # Once: a flood of lines would hide what else is said.
                if not self.unmeasured:
                    self._on_error(f"envelope: not measured: {type(error).__name__}: {error}")
                self.unmeasured += 1
            hook(event)

        return observed

    def open_result(self) -> float:
        """Return the profit of open positions, each over its entries' notional value."""
        strategy, total = self._strategy, 0.0
        for position in strategy.cache.positions_open():
            if position.strategy_id != strategy.strategy_id:
                continue
            price = self._price(position.instrument_id)
            key = str(position.id)
            if not math.isfinite(price):
                continue
            instrument = strategy.instrument(position.instrument_id)
            profit = position.total_pnl(instrument.make_price(price)).as_double()
            found = profit / _entry_value(position, strategy)
            low, high = self._ranges.get(key, (0.0, 0.0))
            self._ranges[key] = min(low, found), max(high, found)
            total += found
        return total

    def _price(self, instrument_id: Any) -> float:
        cache = self._strategy.cache
        quote = cache.quote(instrument_id)
        if quote is not None:
            return float(quote.bid_price.as_double() + quote.ask_price.as_double()) / 2
        trade = cache.trade(instrument_id)
        return math.nan if trade is None else float(trade.price.as_double())

    def _fill(self, event: Any) -> None:
        key = str(event.position_id)
        order = str(event.client_order_id)
        instrument = self._strategy.instrument(event.instrument_id)
        value = instrument.notional_value(event.last_qty, event.last_px).as_double()
        sent = self.sent_at.get(order, math.nan)
        if event.liquidity_side == LiquiditySide.MAKER:
            paid = 0.0
        else:
            sign = 1.0 if event.order_side == OrderSide.BUY else -1.0
            paid = sign * (event.last_px.as_double() - sent) / event.last_px.as_double() * value
        self._paid[key] = self._paid.get(key, 0.0) + paid
        if self._strategy.cache.is_order_closed(event.client_order_id):
            self._forget(event)

    def _forget(self, event: Any) -> None:
        self.sent_at.pop(str(event.client_order_id), None)

    def _close(self, event: Any) -> None:
        key = str(event.position_id)
        position = self._strategy.cache.position(event.position_id)
        if position is None or position.realized_pnl is None:
            return
        low, high = self._ranges.pop(key, (0.0, 0.0))
        paid = self._paid.pop(key, math.nan)
        opened = _entry_value(position, self._strategy)
        profit = position.realized_pnl.as_double()
        result = profit / opened
        self._on_trade(
            TradeResult(
                result=result,
                slippage=paid / opened,
                low=min(low, result),
                high=max(high, result),
            )
        )


def _entry_value(position: Any, strategy: FactorStrategy[Any]) -> float:
    """Return the notional value of all entries of a position."""
    instrument = strategy.instrument(position.instrument_id)
    entries = [e for e in position.events() if e.order_side == position.entry]
    return float(
        sum(instrument.notional_value(e.last_qty, e.last_px).as_double() for e in entries)
    )
