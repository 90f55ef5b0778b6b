"""Results of a run by hand: from Nautilus's own fills and the made prices, in decimals."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from nautilus_trader.model import OrderFilled

from tests.support.strategies.planned_trader import Step

if TYPE_CHECKING:
    from nautilus_trader.backtest import BacktestEngine

    from tests.support.catalogs.backtests.traded_markets import Market

ROWS: Final = 60
FLIPS: Final = (
    Step(2, "BUY", "1"),
    Step(5, "BUY", "0.5"),
    Step(8, "SELL", "0.7"),
    Step(12, "SELL", "2"),
    Step(16, "BUY", "0.5"),
    Step(20, "BUY", "0.7"),
    Step(24, "SELL", "0.3"),
    Step(25, "BUY", "0.3"),
    Step(30, "BUY", "1"),
    Step(35, "SELL", "0.25"),
)
"""Entries in parts, exits in parts, two reversals, and an open position at the end."""


def worth(market: Market, price: float | str) -> Decimal:
    """Return what one contract is worth, but for a constant."""
    return -1 / Decimal(str(price)) if market.instrument.is_inverse else Decimal(str(price))


def fills_of(engine: BacktestEngine) -> list[tuple[int, Decimal, str, Decimal]]:
    """Return instant, signed quantity, price and fee of each fill, in the order of time."""
    found = [
        (
            event.ts_event,
            event.last_qty.as_decimal() * (1 if event.is_buy else -1),
            str(event.last_px),
            Decimal(0) if event.commission is None else event.commission.as_decimal(),
        )
        for order in engine.cache.orders()
        for event in order.events()
        if isinstance(event, OrderFilled)
    ]
    return sorted(found, key=lambda fill: fill[0])


def equity_by_hand(engine: BacktestEngine, market: Market, at_ns: int) -> dict[str, Decimal]:
    """Return the gain up to an instant: of the price, of funding, and fees paid."""
    held, paid, fees, funding = Decimal(0), Decimal(0), Decimal(0), Decimal(0)
    fills = [fill for fill in fills_of(engine) if fill[0] <= at_ns]
    for _, quantity, filled_at, fee in fills:
        held += quantity
        paid += quantity * worth(market, filled_at)
        fees += fee
    for row, rate in market.rates:
        if (ts := market.ts[row]) <= at_ns:
            position = sum((q for t, q, _, _ in fills if t <= ts), Decimal(0))
            notional = abs(worth(market, market.mids[row]))
            funding -= position * notional * Decimal(rate)
    rows = [i for i, ts in enumerate(market.ts) if ts <= at_ns]
    price = held * worth(market, market.mids[rows[-1]]) - paid if rows else Decimal(0)
    return {"price": price, "funding": funding, "fees": fees}
