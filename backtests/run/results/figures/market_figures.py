"""MarketFigures: when an instrument had a price in a backtest, and what happened without one."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from nautilus_trader.model import OrderFilled, OrderStatus

from backtests.run.results.figures.refusals import REFUSED, without_repeats

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nautilus_trader.backtest import BacktestEngine

    from adapters.catalog.reading.market.presence.market_gaps import MarketPresence

type Ending = Literal["", "flat", "closed", "unresolved"]


@dataclass(frozen=True, kw_only=True)
class TouchedTrade:
    """A trade that was open in a hole: from the first fill of a position to the last one.

    Attributes
    ----------
    side : "LONG" or "SHORT"
        Its side.
    quantity : float
        What was held in the hole, in units of the instrument.
    opened_ns : int
        Its first fill, UNIX nanoseconds.
    closed_ns : int or None
        Its last fill; None: it is still open.

    """

    side: Literal["LONG", "SHORT"]
    quantity: float
    opened_ns: int
    closed_ns: int | None


@dataclass(frozen=True, kw_only=True)
class HoleFigures:
    """A span of time without a price that was young enough.

    Attributes
    ----------
    last_price_ns : int or None
        The last price before it, UNIX nanoseconds; None: there is none in the window.
    from_ns : int
        When that price was too old, or the window's start, UNIX nanoseconds.
    until_ns : int or None
        The next price; None: none in the window.
    trades : list of TouchedTrade
        The trades that were open in it.
    refused, waited : int
        Orders that were sent in it: those denied or rejected, and those filled later.

    """

    last_price_ns: int | None
    from_ns: int
    until_ns: int | None
    trades: list[TouchedTrade]
    refused: int
    waited: int


@dataclass(frozen=True, kw_only=True)
class MarketFigures:
    """The market of one instrument in a backtest.

    Attributes
    ----------
    instrument_id : str
        The instrument.
    max_price_age_ns : int or None
        How old its price could be for an order, nanoseconds; None: of any age.
    first_price_ns, last_price_ns : int or None
        Its first and last price in the window, UNIX nanoseconds; None without one.
    holes : list of HoleFigures
        In order.
    ending : "", "flat", "closed" or "unresolved"
        Where the market was there to the end of the window: empty. Otherwise what became of the
        position: there was none; the end of the data closed it at the last price; or it is open,
        because prices follow after the window.
    closed_quantity, close_price : float or None
        What the end of the data closed (negative: a short position), and at which price.

    """

    instrument_id: str
    max_price_age_ns: int | None
    first_price_ns: int | None
    last_price_ns: int | None
    holes: list[HoleFigures]
    ending: Ending = ""
    closed_quantity: float | None = None
    close_price: float | None = None


def market_figures(
    engine: BacktestEngine, presences: Sequence[MarketPresence], start_ns: int = 0
) -> list[MarketFigures]:
    """Read what happened in the holes of the markets.

    Parameters
    ----------
    engine : BacktestEngine
        The engine after its run, not disposed of yet.
    presences : sequence of MarketPresence
        When the markets were there.
    start_ns : int
        The start of the window, UNIX nanoseconds.

    """
    by_instrument: defaultdict[str, list[Any]] = defaultdict(list)
    orders = (
        engine.cache.orders()
        if any(p.gaps or _begins_late(p, start_ns) for p in presences)
        else ()
    )
    for order in without_repeats(orders):
        by_instrument[order.instrument_id.value].append(order)
    return [_of_one(p, by_instrument[p.instrument_id], start_ns) for p in presences]


def _of_one(presence: MarketPresence, orders: list[Any], start_ns: int) -> MarketFigures:
    age_ns = presence.max_age_ns or 0
    fills = sorted(
        (e for order in orders for e in order.events() if isinstance(e, OrderFilled)),
        key=lambda fill: fill.ts_event,
    )
    trades = list(_trades(fills)) if presence.gaps else []
    holes = [
        _hole(gap.after_ns + age_ns, gap.after_ns, gap.until_ns, trades, orders)
        for gap in presence.gaps
    ]
    if _begins_late(presence, start_ns):
        holes.insert(0, _hole(start_ns, None, presence.first_ns, (), orders))
    ending: Ending = ""
    closing: list[Any] = []
    if presence.ended_ns is not None:
        halted_ns = presence.ended_ns + age_ns + 1
        closing = [fill for fill in fills if fill.ts_event == halted_ns]
        is_open = any(trade.closed_ns is None for trade in trades)
        ending = "unresolved" if is_open else "closed" if closing else "flat"
    return MarketFigures(
        instrument_id=presence.instrument_id,
        max_price_age_ns=presence.max_age_ns,
        first_price_ns=presence.first_ns,
        last_price_ns=presence.last_ns,
        holes=holes,
        ending=ending,
        closed_quantity=-float(sum(map(_signed, closing))) if closing else None,
        close_price=float(closing[0].last_px) if closing else None,
    )


def _begins_late(presence: MarketPresence, start_ns: int) -> bool:
    """Return whether the first price comes later than a price may be old."""
    first_ns, age_ns = presence.first_ns, presence.max_age_ns
    return first_ns is not None and age_ns is not None and first_ns - start_ns > age_ns


def _hole(
    from_ns: int,
    last_price_ns: int | None,
    until_ns: int | None,
    trades: Iterable[_Trade],
    orders: Iterable[Any],
) -> HoleFigures:
    inside = [
        o
        for o in orders
        if o.ts_init >= from_ns + (last_price_ns is not None)
        and (until_ns is None or o.ts_init <= until_ns)
    ]
    return HoleFigures(
        last_price_ns=last_price_ns,
        from_ns=from_ns,
        until_ns=until_ns,
        trades=[t.touched(from_ns) for t in trades if t.is_open_at(from_ns)],
        refused=sum(o.status in REFUSED for o in inside),
        waited=sum(o.status == OrderStatus.FILLED and _is_ours(o, from_ns) for o in inside),
    )


def _is_ours(order: Any, from_ns: int) -> bool:
    """Return whether the strategy sent an order; the first nanosecond is the engine's."""
    return bool(order.ts_init > from_ns + 1)


@dataclass(slots=True)
class _Trade:
    """A trade while its fills are read."""

    opened_ns: int
    closed_ns: int | None
    held: list[tuple[int, Decimal]]

    def is_open_at(self, ns: int) -> bool:
        return self.opened_ns <= ns and (self.closed_ns is None or self.closed_ns > ns)

    def touched(self, ns: int) -> TouchedTrade:
        quantity = [held for at_ns, held in self.held if at_ns <= ns][-1]
        return TouchedTrade(
            side="LONG" if quantity > 0 else "SHORT",
            quantity=float(abs(quantity)),
            opened_ns=self.opened_ns,
            closed_ns=self.closed_ns,
        )


def _trades(fills: Iterable[OrderFilled]) -> Iterable[_Trade]:
    """Return the trades of an instrument's fills, in the order of their first fills."""
    found: list[_Trade] = []
    open_ones: dict[Any, _Trade] = {}
    for fill in fills:
        key = fill.position_id
        trade = open_ones.get(key)
        before = trade.held[-1][1] if trade is not None else Decimal(0)
        after = before + _signed(fill)
        if trade is not None and (after == 0 or (after > 0) != (before > 0)):
            trade.closed_ns = fill.ts_event
            trade.held.append((fill.ts_event, Decimal(0)))
            del open_ones[key]
            trade = None
        if after != 0 and trade is None:
            trade = open_ones[key] = _Trade(fill.ts_event, None, [])
            found.append(trade)
        if trade is not None:
            trade.held.append((fill.ts_event, after))
    return found


def _signed(fill: OrderFilled) -> Decimal:
    quantity: Decimal = fill.last_qty.as_decimal()
    return quantity if fill.order_side.name == "BUY" else -quantity
