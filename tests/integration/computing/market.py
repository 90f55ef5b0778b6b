"""A market with instants of several data, pauses, and quotes that change nothing."""

from __future__ import annotations

import math
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from random import Random
from typing import TYPE_CHECKING, Any

from nautilus_trader.backtest import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common import LoggerConfig
from nautilus_trader.execution import MakerTakerFeeModel
from nautilus_trader.model import (
    AccountType,
    AggressorSide,
    Money,
    OmsType,
    Price,
    Quantity,
    QuoteTick,
    TradeId,
    TradeTick,
)

from adapters.market.btcusdt_instruments import BTCUSDT_PERP, btcusdt_perp
from dolphin_strategies.computed.factor_set import ComputedFactors
from dolphin_strategies.computed.spec import ComputedSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
LIFE_S = 2.0


def quote(bid: float, ask: float, at_ns: int, sizes: tuple[float, float] = (1, 3)) -> QuoteTick:
    """Make a quote, received 1 ms after its event."""
    size, other = (Quantity(s, 3) for s in sizes)
    prices = Price(bid, 1), Price(ask, 1)
    return QuoteTick(BTCUSDT_PERP, *prices, size, other, at_ns - 1_000_000, at_ns)


def trade(price: float, size: float, at_ns: int, number: int) -> TradeTick:
    """Make a trade, received 1 ms after its event."""
    side = AggressorSide.BUY if number % 3 else AggressorSide.SELL
    return TradeTick(
        BTCUSDT_PERP,
        Price(price, 1),
        Quantity(size, 3),
        side,
        TradeId(str(number)),
        at_ns - 1_000_000,
        at_ns,
    )


def market(seed: int, instants: int = 400) -> tuple[list[QuoteTick], list[TradeTick]]:
    """Make quotes and trades of many instants, each in the order of ``ts_init``."""
    random = Random(seed)  # noqa: S311 - a market
    quotes: list[QuoteTick] = []
    trades: list[TradeTick] = []
    at_ns, bid = START, 60_000.0
    number = 0
    for _ in range(instants):
        at_ns += random.choice([1, 1_000, 30_000_000, 250_000_000, 5 * SECOND])
        for _ in range(random.choice([0, 1, 1, 3])):
            bid += random.choice([-0.5, 0, 0, 0.1])
            sizes = random.choice([(1.0, 3.0), (2.0, 0.5)])
            quotes.append(quote(bid, bid + 0.5, at_ns, sizes))
        for size in random.choices(range(1, 50), k=random.choice([0, 0, 1, 2])):
            number += 1
            trades.append(trade(bid, size / 10, at_ns, number))
    return quotes, trades


def specs(life_s: float = LIFE_S) -> list[ComputedSpec]:
    """Return specs of a factor of each of some classes."""
    return [
        ComputedSpec(
            name=name,
            class_name=class_name,
            instruments=(str(BTCUSDT_PERP),),
            low=-1e9,
            high=1e9,
            time_to_live_s=life_s,
        )
        for name, class_name in (
            ("mid", "Mid"),
            ("spread", "SpreadBps"),
            ("imbalance", "TouchImbalance"),
        )
    ]


def recomputed(data: Sequence[Any], until_ns: int) -> list[tuple[int, list[float]]]:
    """Return the instants at which a value changes and the values, each computed plainly."""
    factors = ComputedFactors(specs())
    found: list[tuple[int, list[float]]] = []
    merged = sorted(data, key=attrgetter("ts_init"))
    ends_ns = 0
    for at_ns, group in groupby(merged, attrgetter("ts_init")):
        if found and ends_ns < at_ns:
            add(found, factors, ends_ns)
        for one in group:
            if factors.update(one):
                ends_ns = min(one.ts_event, one.ts_init) + int(LIFE_S * SECOND)
        if ends_ns:
            add(found, factors, at_ns)
    if ends_ns < until_ns:
        add(found, factors, ends_ns)
    return found


def add(found: list[tuple[int, list[float]]], factors: ComputedFactors, at_ns: int) -> None:
    """Evaluate, and keep the values if they differ from those before."""
    factors.evaluate(at_ns)
    values = list(factors.values)
    if not found or not same(found[-1][1], values):
        found.append((at_ns, values))


def same(one: Sequence[float], other: Sequence[float]) -> bool:
    """Return whether values are the same; NaN equals NaN."""
    return all(
        a == b or (math.isnan(a) and math.isnan(b)) for a, b in zip(one, other, strict=True)
    )


def changes(records: Sequence[tuple[int, list[float]]]) -> list[tuple[int, list[float]]]:
    """Leave out records without a change."""
    kept: list[tuple[int, list[float]]] = []
    for at_ns, values in records:
        if not kept or not same(kept[-1][1], values):
            kept.append((at_ns, values))
    return kept


def engine(*streams: Sequence[Any]) -> BacktestEngine:
    """Make an engine with data."""
    made = BacktestEngine(
        BacktestEngineConfig(logging=LoggerConfig(bypass_logging=True), shutdown_on_error=True)
    )
    made.add_venue(
        BTCUSDT_PERP.venue,
        OmsType.NETTING,
        AccountType.MARGIN,
        [Money.from_str("100000 USDT")],
        fee_model=MakerTakerFeeModel(Decimal(0), Decimal(0)),
    )
    made.add_instrument(btcusdt_perp())
    for stream in streams:
        made.add_data(list(stream))
    return made
