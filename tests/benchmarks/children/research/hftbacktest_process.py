"""The same in hftbacktest, in an environment of its own: ``python FILE COUNT``.

As its documentation has it for data of one's own: a loop in numba that advances the backtest, with
the factors as an array beside it.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version
from typing import Any, Final

import numpy as np
from hftbacktest import (
    BUY_EVENT,
    DEPTH_EVENT,
    EXCH_EVENT,
    LOCAL_EVENT,
    SELL_EVENT,
    BacktestAsset,
    HashMapMarketDepthBacktest,
    event_dtype,
)
from numba import njit

START_NS: Final = 1_700_000_000_000_000_000
STEP_NS: Final = 1_000_000
BATCH: Final = 50_000
FACTORS: Final = 85
FIRST: Final = 3
SECOND: Final = 40


def quotes(count: int) -> Any:
    """Return as many quotes, each half a step after a record: a bid and an ask."""
    events = np.zeros(2 * count, event_dtype)
    at = START_NS + STEP_NS * np.arange(count) + STEP_NS // 2
    for side, name in enumerate((BUY_EVENT, SELL_EVENT)):
        events["ev"][side::2] = DEPTH_EVENT | EXCH_EVENT | LOCAL_EVENT | name
        events["exch_ts"][side::2] = events["local_ts"][side::2] = at
        events["px"][side::2] = 60_000 + np.arange(count) % 50 / 10 + side * 0.1
        events["qty"][side::2] = 0.001
    return events


@njit  # type: ignore[untyped-decorator] # numba is in no environment that is checked
def run(hbt: Any, rows: int, values: Any) -> Any:
    """Advance to each record and read two factors of it, and the touch."""
    total, received, seen = 0.0, 0, 0
    for row in range(rows):
        if hbt.elapse(STEP_NS) != 0:
            break
        total += values[row % BATCH, FIRST] + values[row % BATCH, SECOND]
        received += 1
        depth = hbt.depth(0)
        if depth.best_bid < depth.best_ask:
            seen += 1
    return total, received, seen


def rate(count: int) -> dict[str, float | str]:
    """Return the rate, the processor time and what was read."""
    values = np.random.default_rng(1).random((BATCH, FACTORS))
    found: tuple[float, int, int] = (0.0, 0, 0)
    # The first run compiles.
    for n in (1_000, count):
        # Kept: it reads this memory, and holds no reference.
        events = quotes(n + 2)
        asset = (
            BacktestAsset()
            .data([events])
            .linear_asset(1.0)
            .constant_order_latency(0, 0)
            .risk_adverse_queue_model()
            .no_partial_fill_exchange()
            .trading_value_fee_model(0.0, 0.0)
            .tick_size(0.1)
            .lot_size(0.001)
        )
        hbt = HashMapMarketDepthBacktest([asset])
        start_s, start_cpu_s = time.perf_counter(), time.process_time()
        found = run(hbt, n, values)
        took_s, took_cpu_s = time.perf_counter() - start_s, time.process_time() - start_cpu_s
        hbt.close()
    total, received, seen = found
    if received != count or seen < count - 1:
        sys.exit(f"expected {count} records and quotes, found {received} and {seen}")
    return {
        "rate_hz": count / took_s,
        "cpu_us": took_cpu_s * 1e6 / count,
        "total": total,
        "version": version("hftbacktest"),
    }


if __name__ == "__main__":
    print(json.dumps(rate(int(sys.argv[1]))))
