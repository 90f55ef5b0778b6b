"""Trades of a made-up strategy, with or without an effect of the calendar."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import numpy as np

from backtests.advising.trade_outcomes import TradeOutcomes
from dolphin_strategies.calendar_factors.calendar_rule import CalendarRule

if TYPE_CHECKING:
    from pathlib import Path

START_NS: Final = 1_704_067_200_000_000_000
"""2024-01-01 in UTC."""
DAYS: Final = 182
WEDNESDAY: Final = "2 <= utc_weekday < 3"


def made_trades(
    count: int = 300,
    *,
    days: int = DAYS,
    planted_bps: float = 0.0,
    rule: str = WEDNESDAY,
    persistence: float = 0.0,
    mean_bps: float = 1.0,
    seed: int = 1,
) -> TradeOutcomes:
    """Return trades at random instants, with heavy tails, and an effect where a rule holds."""
    random = np.random.default_rng(seed)
    at = np.sort(START_NS + random.integers(0, days * 86_400, count) * 1_000_000_000)
    returns = mean_bps + 20 * random.standard_t(4, count)
    for i in range(1, count):
        returns[i] += persistence * (returns[i - 1] - mean_bps)
    returns += planted_bps * CalendarRule.from_str(rule).holds(at)
    return TradeOutcomes(entry_ns=at, return_bps=returns, origins=[])


def shuffled(outcomes: TradeOutcomes, seed: int) -> TradeOutcomes:
    """Return the same trades with their results in another order."""
    order = np.random.default_rng(seed).permutation(len(outcomes.entry_ns))
    return TradeOutcomes(
        entry_ns=outcomes.entry_ns, return_bps=outcomes.return_bps[order], origins=[]
    )


def write_run(folder: Path, outcomes: TradeOutcomes) -> Path:
    """Write a run's folder with what an advice reads of it."""
    folder.mkdir(mode=0o700)
    result = {
        "strategy": "m:Made",
        "start_ns": START_NS,
        "end_ns": START_NS + DAYS * 86_400 * 10**9,
    }
    (folder / "result.json").write_text(json.dumps(result))
    lines = ["instrument_id,status,entry_time,return"]
    for at, bps in zip(outcomes.entry_ns.tolist(), outcomes.return_bps.tolist(), strict=True):
        time = str(np.datetime64(at, "ns")).replace("T", " ")
        lines.append(f"X.Y,closed,{time}Z,{bps / 1e4!r}")
    (folder / "trades.csv").write_text(
        "\n".join([*lines, "X.Y,open,2024-07-01 00:00:00Z,0.5", ""])
    )
    return folder
