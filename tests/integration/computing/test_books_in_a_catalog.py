"""Books in a catalog have a node's values: changes before a snapshot, and old stamps."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter
from random import Random
from typing import TYPE_CHECKING, Final

import numpy as np
from nautilus_trader.model import (
    BookAction,
    BookOrder,
    OrderBookDelta,
    OrderBookDeltas,
    OrderBookDepth,
    OrderSide,
    Price,
    Quantity,
)
from nautilus_trader.persistence import ParquetDataCatalog

from adapters.market.btcusdt_instruments import BTCUSDT_PERP, btcusdt_perp
from backtests.inputs.computing.computed_inputs import find_inputs
from dolphin_strategies.computed.factor_set import ComputedFactors
from dolphin_strategies.computed.spec import ComputedSpec
from tests.integration.computing.market import SECOND, START

if TYPE_CHECKING:
    from pathlib import Path

SPEC: Final = ComputedSpec(
    name="imbalance",
    class_name="LevelImbalance",
    instruments=(str(BTCUSDT_PERP),),
    parameters={"levels": 3},
    low=-1.0,
    high=1.0,
    time_to_live_s=2.0,
)
FIRST_SNAPSHOT: Final = 40
STEPS: Final = 400


def deltas() -> list[OrderBookDelta]:
    """Return one change an instant, a snapshot at two of them, and a fifth with old stamps."""
    random = Random(3)  # noqa: S311 - a market
    found: list[OrderBookDelta] = []
    at_ns = START
    for step in range(STEPS):
        at_ns += random.choice([1_000, 30_000_000, 250_000_000, SECOND])
        is_snapshot = step in {FIRST_SNAPSHOT, STEPS // 2}
        if is_snapshot:
            found.append(OrderBookDelta.clear(BTCUSDT_PERP, 0, at_ns, at_ns))
        old_ns = 0 if random.random() < 0.8 else random.choice([1, 500_000_000])
        for side, sign in ((OrderSide.BUY, -1), (OrderSide.SELL, 1)):
            for _ in range(4 if is_snapshot else 1):
                price = Price(60_000 + sign * random.randrange(1, 6) / 10, 1)
                level = BookOrder(side, price, Quantity(random.randrange(1, 50) / 10, 3), 0)
                stamps = (at_ns - old_ns, at_ns)
                found.append(OrderBookDelta(BTCUSDT_PERP, BookAction.UPDATE, level, 0, 0, *stamps))
    return found


def test_a_catalog_s_books_have_the_values_of_a_node(tmp_path: Path) -> None:
    """A node is given them in one piece an instant, a catalog one by one: equal bits."""
    data = deltas()
    catalog = ParquetDataCatalog(str(tmp_path))
    catalog.write_instruments([btcusdt_perp()])
    catalog.write_order_book_deltas(data)
    live = ComputedFactors([SPEC])
    ts, values = [], []
    for at_ns, together in groupby(data, attrgetter("ts_init")):
        live.update(OrderBookDeltas(BTCUSDT_PERP, list(together)))
        live.evaluate(at_ns)
        ts.append(at_ns)
        values.append(live.values[0])
    inputs = find_inputs(tmp_path, [SPEC])
    batches = list(inputs.batches(inputs.first_ns, inputs.end_ns, lambda: 50_000))
    again_ts = np.concatenate([b.ts_init for b in batches])
    again = np.concatenate([b.values for b in batches])[:, 0]
    # A record is made of all data up to its instant; one without a change is left out.
    at = np.searchsorted(again_ts, ts, side="right") - 1
    before = np.full(len(ts), np.nan)
    found = np.where(at >= 0, again[np.maximum(at, 0)], before)
    assert np.array_equal(np.array(values), found, equal_nan=True)
    assert np.isnan(values[:FIRST_SNAPSHOT]).all()
    assert not np.isnan(values[FIRST_SNAPSHOT:]).any()
    assert sum(n for name, n in live.problems.items() if "backward" in name) > STEPS // 20


def test_whole_books_are_read_where_there_are_no_changes(tmp_path: Path) -> None:
    """As some venues deliver and some providers sell them; changes are taken where both are."""
    catalog = ParquetDataCatalog(str(tmp_path))
    catalog.write_instruments([btcusdt_perp()])
    random = Random(5)  # noqa: S311 - a market
    sizes = [[random.randrange(1, 50) / 10 for _ in range(20)] for _ in range(50)]
    catalog.write_order_book_depths([depth(row, i) for i, row in enumerate(sizes)])

    def values() -> list[float]:
        inputs = find_inputs(tmp_path, [SPEC])
        batches = list(inputs.batches(inputs.first_ns, inputs.end_ns, lambda: 50_000))
        return [float(v) for v in np.concatenate([b.values for b in batches])[:, 0]]

    expected = [(sum(n[:3]) - sum(n[10:13])) / (sum(n[:3]) + sum(n[10:13])) for n in sizes]
    np.testing.assert_allclose(values()[:50], expected, rtol=1e-12)
    catalog.write_order_book_deltas(deltas())
    assert len(values()) > 60


def depth(sizes: list[float], step: int) -> OrderBookDepth:
    """Return a book of ten levels a side."""
    bids, asks = (
        [
            BookOrder(side, Price(60_000 + sign * (1 + i) / 10, 1), Quantity(size, 3), 0)
            for i, size in enumerate(part)
        ]
        for side, sign, part in (
            (OrderSide.BUY, -1, sizes[:10]),
            (OrderSide.SELL, 1, sizes[10:]),
        )
    )
    at_ns, counts = START + step * 100_000_000, [1] * 10
    return OrderBookDepth(BTCUSDT_PERP, bids, asks, counts, counts, 0, step, at_ns, at_ns)
