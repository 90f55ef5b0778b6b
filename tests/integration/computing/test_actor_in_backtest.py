"""ComputingActor inside a BacktestEngine: one record an instant, after its market data."""

from __future__ import annotations

import math
from dataclasses import replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from nautilus_trader.model import QuoteTick

from adapters.computing.computing_actor import (
    ComputingActor,
    ComputingActorConfig,
    subscribe_input,
)
from adapters.computing.record_maker import KEEP_ALIVE_NS
from adapters.feed.factor_feed import FactorFeed, FactorFeedConfig
from adapters.market.btcusdt_instruments import BTCUSDT_PERP
from backtests.engine.merged_chunks import StreamPiece
from backtests.inputs.computing.data_orders import StampOrder
from backtests.inputs.computing.recomputation import Recomputation
from dolphin_strategies import FactorStrategy, FactorStrategyConfig, MemorySource
from dolphin_strategies.computed.factor_set import ComputedFactors
from dolphin_strategies.computed.inputs import Input
from dolphin_strategies.errors import ConfigError
from tests.integration.computing.market import (
    LIFE_S,
    SECOND,
    START,
    changes,
    engine,
    market,
    quote,
    recomputed,
    same,
    specs,
)

if TYPE_CHECKING:
    from nautilus_trader.model import TradeTick

    from dolphin_strategies import ExternalFactors

type Record = tuple[int, list[float]]


def computed(quotes: list[QuoteTick], trades: list[TradeTick], end_ns: int) -> list[Record]:
    """Return the records of a backtest's actor."""
    records: list[Record] = []
    run = engine(*(s for s in (quotes, trades) if s))
    run.add_actor(
        ComputingActor(
            ComputedFactors(specs()),
            lambda values, ts_event, ts_init: records.append((ts_init, list(values))),
        )
    )
    run.run(end=end_ns)
    run.dispose()
    return records


@pytest.mark.parametrize("seed", range(3))
def test_each_instant_with_a_change_gives_one_record(seed: int) -> None:
    """What is computed on the way equals a plain recomputation, instant by instant."""
    quotes, trades = market(seed)
    end_ns = max(quotes[-1].ts_init, trades[-1].ts_init) + 10 * SECOND
    records = computed(quotes, trades, end_ns)
    expected = recomputed([*quotes, *trades], end_ns)
    assert len({at_ns for at_ns, _ in records}) == len(records)
    found = changes(records)
    assert [at_ns for at_ns, _ in found] == [at_ns for at_ns, _ in expected]
    assert all(same(a, b) for (_, a), (_, b) in zip(found, expected, strict=True))
    assert len(found) > 50


def test_a_silent_input_becomes_nan_at_its_exact_instant() -> None:
    """The end of an input's life is counted from the earlier of its two stamps."""
    records = computed([quote(100, 101, START)], [], START + 10 * SECOND)
    ends_ns = START - 1_000_000 + int(LIFE_S * SECOND)
    assert [at_ns for at_ns, _ in records] == [START, ends_ns]
    assert all(map(math.isnan, records[-1][1]))


def test_a_quiet_market_is_told_from_a_silent_one() -> None:
    """Quotes that change nothing give a record now and then, by which a strategy knows."""
    quotes = [quote(100, 101, START + i * KEEP_ALIVE_NS // 4) for i in range(13)]
    records = computed(quotes, [], quotes[-1].ts_init + 1)
    assert [at_ns - START for at_ns, _ in records] == [i * KEEP_ALIVE_NS for i in range(4)]


def test_data_that_are_left_out_are_instants_here_and_in_a_recording() -> None:
    """A quote with an older stamp gives the record of its instant, if a value changed."""
    late = 20_000_000
    quotes = [quote(100, 101, START + i * SECOND // 4) for i in range(30)]
    for i, q in enumerate(quotes[:-1]):
        q_ns = q.ts_init + late
        quotes.append(QuoteTick.from_dict({**q.to_dict(), "ts_init": q_ns, "ts_event": q_ns - (
            2 * late if i % 2 else 0)}))  # fmt: skip
    quotes.sort(key=attrgetter("ts_init"))
    spec = replace(specs()[0], class_name="QuoteRate", parameters={"window_s": 1.01})
    end_ns = START + 20 * SECOND
    records: list[tuple[int, int, bytes]] = []
    run = engine(quotes)
    run.add_actor(
        ComputingActor(
            ComputedFactors([spec]),
            lambda values, ts_event, ts_init: records.append(
                (ts_init, ts_event, values.tobytes())
            ),
        )
    )
    run.run(end=end_ns)
    run.dispose()
    ts = np.array([q.ts_init for q in quotes])
    piece = StreamPiece(ts, lambda i, j: quotes[i:j])
    again = ComputedFactors([spec])
    batches = Recomputation(again, StampOrder()).batches([iter([piece])], end_ns, lambda: 7)
    expected = [
        (int(at_ns), int(event_ns), values.tobytes())
        for b in batches
        for at_ns, event_ns, values in zip(b.ts_init, b.ts_event, b.values, strict=True)
    ]
    assert records == expected
    assert again.problems


class Witness(FactorStrategy[FactorStrategyConfig]):
    """Writes down what comes, in its order."""

    required_factors = ("mid",)

    def on_start(self) -> None:
        super().on_start()
        self.seen: list[tuple[str, int, int]] = []
        self.subscribe_quotes(BTCUSDT_PERP)

    def on_quote(self, quote: QuoteTick) -> None:
        self.seen.append(("quote", self.clock.timestamp_ns() - START, quote.ts_init - START))

    def on_factors(self, f: ExternalFactors) -> None:
        self.seen.append(("factors", self.clock.timestamp_ns() - START, f.ts_init - START))
        newest = self.cache.quote(BTCUSDT_PERP)
        assert newest is not None
        assert f["mid"] == float(str(newest.bid_price)) + 0.5

    def on_factors_stale(self) -> None:
        self.seen.append(("stale", self.clock.timestamp_ns() - START, 0))


def test_a_strategy_receives_factors_after_the_market_data_of_their_instant() -> None:
    """The feed passes them on at once, while every clock shows their instant."""
    quotes = [quote(100 + i, 101 + i, START + i // 2 * SECOND) for i in range(6)]
    run = engine(quotes)
    factors = ComputedFactors(specs())
    source = MemorySource(factors.schema)
    run.add_actor(FactorFeed(source, FactorFeedConfig(delivery="every")))
    run.add_actor(ComputingActor(factors, source.publish))
    witness = Witness(FactorStrategyConfig())
    run.add_strategy(witness)
    run.run(end=START + 10 * SECOND)
    ends_ns = 2 * SECOND - 1_000_000 + int(LIFE_S * SECOND)
    expected: list[tuple[Any, ...]] = []
    for i in range(3):
        at_ns = i * SECOND
        expected += [("quote", at_ns, at_ns)] * 2 + [("factors", at_ns, at_ns)]
    assert witness.seen == [*expected, ("stale", ends_ns, 0)]
    run.dispose()


def test_settings_that_cannot_be_are_refused() -> None:
    """A negative interval, and an input of a client's own type without a way to subscribe."""
    with pytest.raises(ValueError, match="min_interval_s: expected at least 0, found -1"):
        ComputingActorConfig(min_interval_s=-1)
    with pytest.raises(ConfigError, match="open_interest of"):
        subscribe_input(None, Input("open_interest", BTCUSDT_PERP))  # type: ignore[arg-type]
