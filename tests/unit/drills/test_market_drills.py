"""Market data with drills in it: quotes, trades and bars, however their streams are cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from nautilus_trader.model import (
    AggressorSide,
    Bar,
    BarType,
    InstrumentId,
    Price,
    Quantity,
    QuoteTick,
    TradeId,
    TradeTick,
)

from adapters.command.instants import Instant
from backtests.engine.merged_chunks import StreamPiece
from backtests.run.drills.drill import Drill
from backtests.run.drills.failures.market_drills import drilled_market

if TYPE_CHECKING:
    from collections.abc import Iterator

START, END = 30, 60
INSTRUMENT = InstrumentId.from_str("BTCUSDT-PERP.BINANCE")
BARS = BarType.from_str("BTCUSDT-PERP.BINANCE-1-MINUTE-LAST-EXTERNAL")
TICK = Price.from_str("0.5")
SIZE = Quantity.from_str("2.000")


def price(value: float) -> Price:
    """Make a price of whole ticks."""
    return Price(value, 1)


def row(kind: str, t: int) -> Any:
    """Make a row whose prices follow from its instant, 100 + t in the middle."""
    mid = 100 + t
    if kind == "quotes":
        size = Quantity(1 + t, 3)
        return QuoteTick(INSTRUMENT, price(mid - 1), price(mid + 1), size, SIZE, t, t)
    if kind == "trades":
        side = AggressorSide.BUY
        return TradeTick(INSTRUMENT, price(mid), SIZE, side, TradeId(str(t)), t, t)
    prices = (price(mid - 1), price(mid + 5), price(mid - 5), price(mid))
    return Bar(BARS, *prices, Quantity(1 + t, 3), t, t)


def run(kind: str, one: Drill, size: int, ts: range = range(0, 90, 10)) -> list[Any]:
    """Return the rows of a stream with a drill in it."""
    rows = [row(kind, t) for t in ts]

    def pieces() -> Iterator[StreamPiece]:
        for i in range(0, len(rows), size):
            part = rows[i : i + size]
            stamps = np.array([r.ts_init for r in part], np.int64)
            yield StreamPiece(stamps, lambda a, b, part=part: part[a:b])  # type: ignore[misc]

    counts: list[int] = []
    found: list[Any] = []
    for piece in drilled_market(pieces(), one, TICK, counts.append):
        n = len(piece.ts)
        # In two steps, as a chunk may take a piece.
        taken = piece.items(0, n // 2) + piece.items(n // 2, n)
        assert [r.ts_init for r in taken] == piece.ts.tolist()
        found += taken
    assert sum(counts) == sum(START <= t < END for t in ts)
    return found


def drill(kind: str, **given: Any) -> Drill:
    """Make a drill of the window."""
    return Drill(kind=kind, start=Instant(START), end=Instant(END), **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [1, 2, 100])
@pytest.mark.parametrize("kind", ["quotes", "trades", "bars"])
def test_a_gap_has_no_row_and_the_rest_is_as_it_was(kind: str, size: int) -> None:
    """The window is half-open."""
    assert run(kind, drill("market_gap"), size) == [row(kind, t) for t in (0, 10, 20, 60, 70, 80)]


@pytest.mark.parametrize("size", [1, 2, 100])
@pytest.mark.parametrize("kind", ["quotes", "trades", "bars"])
def test_a_frozen_market_repeats_the_last_price_under_fresh_stamps(kind: str, size: int) -> None:
    """Fault B08: a quote with its sizes; of a trade and a bar the price, a bar has no range."""
    found = run(kind, drill("market_freeze"), size)
    assert [(r.ts_event, r.ts_init) for r in found] == [(t, t) for t in range(0, 90, 10)]
    assert found[:3] + found[6:] == [row(kind, t) for t in (0, 10, 20, 60, 70, 80)]
    for t, r in zip((30, 40, 50), found[3:6], strict=True):
        original = row(kind, t)
        if kind == "quotes":
            old = row(kind, 20)
            assert (r.bid_price, r.ask_price) == (old.bid_price, old.ask_price)
            assert (r.bid_size, r.ask_size) == (old.bid_size, old.ask_size)
        elif kind == "trades":
            assert (r.price, r.trade_id, r.size) == (price(120), original.trade_id, r.size)
        else:
            assert [r.open, r.high, r.low, r.close] == [price(120)] * 4
            assert r.volume == original.volume


@pytest.mark.parametrize("kind", ["quotes", "trades", "bars"])
def test_without_a_price_from_before_the_first_one_of_the_window_is_held(kind: str) -> None:
    """A drill from the beginning of the data on."""
    found = run(kind, drill("market_freeze"), 2, range(30, 60, 10))
    name = "bid_price" if kind == "quotes" else "price" if kind == "trades" else "close"
    expected = getattr(row(kind, 30), name)
    assert [getattr(r, name) for r in found] == [expected] * 3


@pytest.mark.parametrize("size", [1, 100])
def test_a_jump_is_in_whole_increments_and_keeps_the_order_of_prices(size: int) -> None:
    """Times first, then plus; half a tick goes to the even one, and no price is below a tick."""
    one = drill("market_jump", times=1.013, plus=-2.25)
    quotes = run("quotes", one, size)
    assert [(float(q.bid_price), float(q.ask_price)) for q in quotes[3:6]] == [
        # 129 x 1.013 - 2.25 = 128.427, 131 x 1.013 - 2.25 = 130.453, ...
        (128.5, 130.5), (138.5, 140.5), (148.5, 150.5),
    ]  # fmt: skip
    assert quotes[:3] + quotes[6:] == [row("quotes", t) for t in (0, 10, 20, 60, 70, 80)]
    bars = run("bars", one, size)
    assert all(b.low <= min(b.open, b.close) and b.high >= max(b.open, b.close) for b in bars)
    assert bars[3].volume == row("bars", 30).volume
    trades = run("trades", drill("market_jump", plus=-1e6), size)
    assert [float(t.price) for t in trades[3:6]] == [0.5] * 3
