"""Trades that cannot be used are not the same as none."""

from __future__ import annotations

import math
from typing import Final

from dolphin_strategies.computed.factor_set import ComputedFactors
from tests.support.computed.events import PERPETUAL, Trade, data_of, perpetual, spec
from tests.support.computed.plain import SECOND

START: Final = 1_700_000_000 * SECOND


def test_trades_of_which_none_can_be_used_are_no_quiet_market() -> None:
    """NaN while nothing but such trades lies in the window; 0 when that has become quiet."""
    factors = ComputedFactors(
        [spec("TradeRate", window_s=1), spec("CumulativeVolumeDelta", window_s=1)]
    )
    factors.define(perpetual(PERPETUAL))

    def values_at(ts: int) -> list[float]:
        factors.evaluate(ts)
        return list(factors.values)

    factors.update(data_of(Trade(START, PERPETUAL, 100.0, 1.0, 1, START)))
    assert values_at(START + 3 * SECOND) == [0.0, 0.0]
    factors.update(data_of(Trade(START + 3 * SECOND + 1, PERPETUAL, -1.0, 1.0, 1, START)))
    assert all(map(math.isnan, values_at(START + 3 * SECOND + 1)))
    assert factors.due_ns == START + 4 * SECOND + 1
    assert all(map(math.isnan, values_at(START + 4 * SECOND)))
    # One good trade beside it counts.
    factors.update(data_of(Trade(START + 4 * SECOND, PERPETUAL, 100.0, 2.0, 1, START)))
    assert values_at(START + 4 * SECOND) == [1.0, 2.0]
    assert values_at(START + 5 * SECOND + 1) == [0.0, 0.0]
    assert factors.problems[f"trades {PERPETUAL} invalid"] == 1
