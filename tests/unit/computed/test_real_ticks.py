"""Factors of recorded ticks against an independent recomputation by polars and numpy."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
import pytest
from nautilus_trader.model import (
    AggressorSide,
    InstrumentId,
    Price,
    Quantity,
    QuoteTick,
    TradeId,
    TradeTick,
)

from dolphin_strategies.computed.factor_set import ComputedFactors
from tests.support.computed.events import PERPETUAL, SPOT, perpetual, spec

SECOND: Final = 1_000_000_000
FOLDER: Final = Path(os.environ.get("DOLPHIN_DATA", "")) / "ticks_20240808"
WINDOW: Final = 30 * SECOND
BOTH: Final = (PERPETUAL, SPOT)

pytestmark = pytest.mark.skipif(
    not (os.environ.get("DOLPHIN_DATA") and FOLDER.is_dir()),
    reason="DOLPHIN_DATA names no folder with ticks_20240808 in it",
)


def table(market: str, kind: str) -> pl.DataFrame:
    """Return the rows of one file in order of arrival."""
    frame = pl.read_parquet(FOLDER / f"{market}_{kind}.parquet")
    return frame.sort("local_ts_ns", maintain_order=True)


def ticks(instrument: str, quotes: pl.DataFrame, trades: pl.DataFrame) -> list[Any]:
    """Return the rows as Nautilus data."""
    i = InstrumentId.from_str(instrument)
    found: list[Any] = [
        QuoteTick(
            i,
            Price(row["bid_px"], 2),
            Price(row["ask_px"], 2),
            Quantity(row["bid_qty"], 5),
            Quantity(row["ask_qty"], 5),
            row["event_ts_ms"] * 1_000_000,
            row["local_ts_ns"],
        )
        for row in quotes.iter_rows(named=True)
    ]
    found += [
        TradeTick(
            i,
            Price(row["price"], 2),
            Quantity(row["qty"], 5),
            AggressorSide.SELL if row["buyer_is_maker"] else AggressorSide.BUY,
            TradeId(str(row["trade_id"])),
            row["event_ts_ms"] * 1_000_000,
            row["local_ts_ns"],
        )
        for row in trades.iter_rows(named=True)
    ]
    return found


SPECS: Final = (
    spec("Mid"),
    spec("TouchImbalance"),
    spec("OrderFlowImbalance", window_s=30),
    spec("TradeFlowImbalance", window_s=30),
    spec("CumulativeVolumeDelta", window_s=30),
    spec("TradeRate", window_s=30),
    spec("QuoteRate", window_s=30),
    spec("VwapDistanceBps", window_s=30),
    spec("ReturnBps", lag_s=30),
    spec("RealisedVolatility", window_s=30),
    spec("KylesLambda", window_s=30),
    spec("BasisBps", BOTH),
    spec("BasisZScore", BOTH, window_s=30),
)


def last_at(ts: np.ndarray, values: np.ndarray, at: np.ndarray, side: str) -> np.ndarray:
    """Return the last value at (``right``) or before (``left``) instants."""
    place = np.searchsorted(ts, at, side=side) - 1  # type: ignore[call-overload]
    found: np.ndarray = np.where(place >= 0, values[np.maximum(place, 0)], np.nan)
    return found


def window_sums(ts: np.ndarray, values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return the exact sums over ``(at - WINDOW, at]``."""
    first = np.searchsorted(ts, at - WINDOW, side="right")
    last = np.searchsorted(ts, at, side="right")
    sums = (math.fsum(values[a:b]) for a, b in zip(first, last, strict=True))
    return np.fromiter(sums, float, len(at))


def recomputed(at: np.ndarray) -> dict[str, np.ndarray]:
    """Return the factors at instants, from whole columns."""
    quotes, spot = table("usdm", "bookticker"), table("spot", "bookticker")
    trades = table("usdm", "trades")
    ts, trade_ts = quotes["local_ts_ns"].to_numpy(), trades["local_ts_ns"].to_numpy()
    touch = quotes.with_columns(
        mid=(pl.col("bid_px") + pl.col("ask_px")) / 2,
        imbalance=(pl.col("bid_qty") - pl.col("ask_qty"))
        / (pl.col("bid_qty") + pl.col("ask_qty")),
        flow=pl.when(pl.col("bid_px") >= pl.col("bid_px").shift()).then("bid_qty").otherwise(0)
        - pl.when(pl.col("bid_px") <= pl.col("bid_px").shift())
        .then(pl.col("bid_qty").shift())
        .otherwise(0)
        - pl.when(pl.col("ask_px") <= pl.col("ask_px").shift()).then("ask_qty").otherwise(0)
        + pl.when(pl.col("ask_px") >= pl.col("ask_px").shift())
        .then(pl.col("ask_qty").shift())
        .otherwise(0),
    )
    mid, mid_now = touch["mid"].to_numpy(), last_at(ts, touch["mid"].to_numpy(), at, "right")
    spot_ts = spot["local_ts_ns"].to_numpy()
    spot_mid = ((spot["bid_px"] + spot["ask_px"]) / 2).to_numpy()
    size, price = trades["qty"].to_numpy(), trades["price"].to_numpy()
    sign = np.where(trades["buyer_is_maker"].to_numpy(), -1.0, 1.0)
    bought = window_sums(trade_ts, np.where(sign > 0, size, 0), at)
    sold = window_sums(trade_ts, np.where(sign < 0, size, 0), at)
    cost = window_sums(trade_ts, price * size, at)
    grid = np.arange(ts[0] // SECOND + 1, at[-1] // SECOND + 1) * SECOND
    samples = last_at(ts, mid, grid, "left")
    log_returns = np.diff(np.log(samples))
    net = np.histogram(trade_ts, np.append(grid, grid[-1] + SECOND), weights=sign * size)[0][:-1]
    bases = (samples / last_at(spot_ts, spot_mid, grid, "left") - 1) * 1e4
    basis = (mid_now / last_at(spot_ts, spot_mid, at, "right") - 1) * 1e4
    slopes, scores = [], []
    for now, current in zip(at, basis, strict=True):
        inside = (grid[1:] > now - WINDOW) & (grid[1:] <= now)
        x, y = net[inside], np.diff(samples)[inside]
        slopes.append(np.polyfit(x - x.mean(), y - y.mean(), 1)[0])
        window = bases[1:][inside]
        scores.append((current - window.mean()) / window.std(ddof=1))
    squares = window_sums(grid[1:], log_returns**2, at)
    flow = touch["flow"].fill_null(0.0).to_numpy()
    return {
        "Mid": mid_now,
        "TouchImbalance": last_at(ts, touch["imbalance"].to_numpy(), at, "right"),
        "OrderFlowImbalance": window_sums(ts, flow, at),
        "TradeFlowImbalance": (bought - sold) / (bought + sold),
        "CumulativeVolumeDelta": bought - sold,
        "TradeRate": window_sums(trade_ts, np.ones(len(size)), at) / 30,
        "QuoteRate": window_sums(ts, np.ones(len(mid)), at) / 30,
        "VwapDistanceBps": (mid_now / (cost / (bought + sold)) - 1) * 1e4,
        "ReturnBps": (mid_now / last_at(ts, mid, at - WINDOW, "right") - 1) * 1e4,
        "RealisedVolatility": np.sqrt(squares * (365 * 86_400 / 30)) * 100,
        "KylesLambda": np.array(slopes),
        "BasisBps": basis,
        "BasisZScore": np.array(scores),
    }


def test_recorded_ticks_give_the_values_of_an_independent_recomputation() -> None:
    """All of six minutes go in; 400 instants, spread over them, are compared."""
    data = ticks(PERPETUAL, table("usdm", "bookticker"), table("usdm", "trades"))
    data += ticks(SPOT, table("spot", "bookticker"), table("spot", "trades"))
    data.sort(key=lambda d: d.ts_init)
    end = int(table("usdm", "bookticker")["local_ts_ns"].max())  # type: ignore[arg-type]
    instants = sorted({d.ts_init for d in data})
    warm = [ts for ts in instants if instants[0] + 2 * WINDOW < ts <= end]
    at = np.array(warm[:: len(warm) // 400])
    factors = ComputedFactors(SPECS)
    assert factors.define(perpetual())
    found, asked = [], set(at.tolist())
    for n, datum in enumerate(data):
        factors.update(datum)
        is_last_of_instant = n + 1 == len(data) or data[n + 1].ts_init > datum.ts_init
        if is_last_of_instant and datum.ts_init in asked:
            factors.evaluate(datum.ts_init)
            found.append(list(factors.values))
    expected = recomputed(at)
    assert not any("backward" in what for what in factors.problems)
    for name, column in zip(factors.schema.names, np.array(found).T, strict=True):
        np.testing.assert_allclose(column, expected[name], rtol=1e-9, atol=1e-9, err_msg=name)
