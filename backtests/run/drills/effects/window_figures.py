"""The figures of a run in the windows of its drills: decisions, orders, fills and position."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from nautilus_trader.model import OrderDenied, OrderFilled, OrderRejected, OrderSide

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nautilus_trader.backtest import BacktestEngine
    from numpy.typing import NDArray

    from backtests.run.drills.drill import Drill

MOST_ORDERS: Final = 1_000
"""Orders that are listed one by one, at most, of each drill."""


@dataclass(frozen=True, kw_only=True)
class DrillOrder:
    """An order that was sent in a drill's window.

    Attributes
    ----------
    ns : int
        When it was sent, UNIX nanoseconds.
    instrument, side, quantity, status : str
        The order, and its status at the end of the run.
    price : float or None
        The average price of its fills; None without one.
    reason : str
        Why it was denied or rejected; empty if it was not.

    """

    ns: int
    instrument: str
    side: str
    quantity: str
    status: str
    price: float | None
    reason: str


@dataclass(frozen=True, kw_only=True)
class WindowFigures:
    """The figures of a run in one window.

    Attributes
    ----------
    decisions : int
        Orders submitted, modified and cancelled by the strategy.
    orders, refused : int
        Orders sent, and those of them that were denied or rejected.
    fills : int
        Fills.
    pnl : dict of str to float
        By currency, how much the equity rose in the window, after fees and with funding, open
        positions at the market as it was recorded.
    position_before, position_after : dict of str to float
        The net position of each instrument at the window's start and at its end; without those
        that are flat.
    sent : list of DrillOrder
        The orders, the first thousand.

    """

    decisions: int
    orders: int
    refused: int
    fills: int
    pnl: dict[str, float]
    position_before: dict[str, float]
    position_after: dict[str, float]
    sent: list[DrillOrder]


class RunEvents:
    """The orders and fills of an engine that has ended, by time.

    Parameters
    ----------
    engine : BacktestEngine
        The engine, not disposed of yet.
    decision_ns : sequence of int
        The instants of the strategy's decisions, UNIX nanoseconds.
    equity_ns : int64 array of shape (instants,)
        When equity is known, UNIX nanoseconds, rising.
    equity : dict of str to float64 array of shape (instants,)
        The equity in each currency.

    """

    def __init__(
        self,
        engine: BacktestEngine,
        decision_ns: Sequence[int],
        equity_ns: NDArray[np.int64],
        equity: Mapping[str, NDArray[np.float64]],
    ) -> None:
        self._orders: Final = sorted(engine.cache.orders(), key=lambda o: int(o.ts_init))
        fills = [e for o in self._orders for e in o.events() if isinstance(e, OrderFilled)]
        self._fills: Final = sorted(fills, key=lambda f: int(f.ts_event))
        self._decision_ns: Final = decision_ns
        self._equity_ns: Final = equity_ns
        self._equity: Final = equity

    def position_line(self, instrument: str) -> tuple[list[int], list[float]]:
        """Return the instants at which a position changes, UNIX nanoseconds, and the new ones."""
        ts, held, now = [], [], 0.0
        for fill in self._fills:
            if str(fill.instrument_id) == instrument:
                now = round(now + _signed(fill), 12)
                ts.append(int(fill.ts_event))
                held.append(now)
        return ts, held

    def within(self, drill: Drill) -> WindowFigures:
        """Return the figures of a drill's window."""
        start_ns, end_ns = int(drill.start), drill.end_ns
        orders = [o for o in self._orders if start_ns <= o.ts_init < end_ns]
        sent = [_described(order) for order in orders]
        return WindowFigures(
            decisions=sum(start_ns <= ns < end_ns for ns in self._decision_ns),
            orders=len(orders),
            refused=sum(bool(order.reason) for order in sent),
            fills=sum(start_ns <= f.ts_event < end_ns for f in self._fills),
            pnl=self._pnl(start_ns, end_ns),
            position_before=self._position(start_ns),
            position_after=self._position(end_ns),
            sent=sent[:MOST_ORDERS],
        )

    def _pnl(self, start_ns: int, end_ns: int) -> dict[str, float]:
        """Return the rise of the equity from before an instant to before another."""
        if not len(self._equity_ns):
            return {}
        first, last = np.maximum(np.searchsorted(self._equity_ns, [start_ns, end_ns]) - 1, 0)
        return {code: float(held[last] - held[first]) for code, held in self._equity.items()}

    def _position(self, before_ns: int) -> dict[str, float]:
        held: defaultdict[str, float] = defaultdict(float)
        for fill in self._fills:
            if fill.ts_event < before_ns:
                held[str(fill.instrument_id)] += _signed(fill)
        return {name: size for name, x in held.items() if (size := round(x, 12))}


def _signed(fill: OrderFilled) -> float:
    size = fill.last_qty.as_double()
    return size if fill.order_side == OrderSide.BUY else -size


def _described(order: Any) -> DrillOrder:
    refusals = [e for e in order.events() if isinstance(e, OrderDenied | OrderRejected)]
    return DrillOrder(
        ns=int(order.ts_init),
        instrument=str(order.instrument_id),
        side=order.side.name,
        quantity=str(order.quantity),
        status=order.status.name,
        price=None if order.avg_px is None else float(order.avg_px),
        reason=str(refusals[-1].reason) if refusals else "",
    )
