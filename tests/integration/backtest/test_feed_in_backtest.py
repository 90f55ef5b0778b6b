"""FactorFeed over a recording inside a BacktestEngine: what the engine itself would deliver."""

from __future__ import annotations

import tracemalloc
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest
from nautilus_trader.backtest import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common import LoggerConfig
from nautilus_trader.execution import MakerTakerFeeModel
from nautilus_trader.model import (
    AccountType,
    CustomData,
    Money,
    OmsType,
    OrderSide,
    Price,
    Quantity,
    QuoteTick,
)

from adapters.catalog import FactorCatalog, RecordingWriter
from adapters.catalog.reading.recorded_source import RecordedSource
from adapters.feed.factor_feed import FactorFeed, FactorFeedConfig
from adapters.market.btcusdt_instruments import BTCUSDT_PERP, btcusdt_perp
from dolphin_strategies import (
    EXTERNAL_FACTORS,
    ExternalFactors,
    FactorBatch,
    FactorSchema,
    FactorStrategy,
    FactorStrategyConfig,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
SCHEMA = FactorSchema(["basis", "imbal_btc"])
WIDER = FactorSchema(["imbal_btc", "funding", "basis"])


class Witness(FactorStrategy[FactorStrategyConfig]):
    """Write down every call with the clock's time, and trade now and then."""

    required_factors: ClassVar[tuple[str, ...]] = ("imbal_btc",)
    max_age: ClassVar[timedelta | None] = timedelta(seconds=3)

    def on_start(self) -> None:
        super().on_start()
        self.seen: list[tuple[Any, ...]] = []
        self.subscribe_quotes(BTCUSDT_PERP)

    def write(self, *what: Any) -> None:
        """Write one line."""
        self.seen.append((self.clock.timestamp_ns() - START, *what))

    def on_factors(self, f: ExternalFactors) -> None:
        stamps = (f.ts_event - START, f.ts_init - START)
        self.write("factors", f.stream_id, f.sequence, *stamps, f["imbal_btc"])
        if f.sequence % 50 == 0:
            side = OrderSide.BUY if f.sequence % 100 == 0 else OrderSide.SELL
            size = Quantity.from_str("0.010")
            self.submit_order(self.order_factory.market(BTCUSDT_PERP, side, size))
            name = f"timer-{f.sequence}"
            self.clock.set_time_alert_ns(name, self.clock.timestamp_ns() + SECOND, self.on_timer)

    def on_timer(self, event: object) -> None:
        """Take a timer that was set in on_factors."""
        self.write("timer")

    def on_quote(self, quote: QuoteTick) -> None:
        self.write("quote", str(quote.bid_price))

    def on_factors_stale(self) -> None:
        self.write("stale")

    def on_factors_recovered(self) -> None:
        self.write("recovered")

    def on_order_filled(self, event: Any) -> None:
        # The venue answers after the feed's alert, whose clock is a nanosecond behind.
        at_ns = (self.clock.timestamp_ns() - START + 1) // 10 * 10
        self.seen.append((at_ns, "filled", str(event.last_px), str(event.order_side)))


def batch(
    seconds: Any,
    first: int = 1,
    *,
    stream_id: int = 7,
    schema: FactorSchema = SCHEMA,
) -> FactorBatch:
    """Make records that were got at these seconds."""
    n = len(seconds)
    ts_init = START + (np.asarray(seconds) * SECOND).astype(np.int64)
    values = np.random.default_rng(first).random((n, len(schema)))
    return FactorBatch(
        schema=schema,
        sequence=np.arange(first, first + n, dtype=np.uint64),
        ts_event=ts_init - 1_000_000,
        ts_init=ts_init,
        values=values,
        stream_id=stream_id,
    )


def quote(second: float) -> QuoteTick:
    """Make a quote whose price tells its second."""
    bid = Price(60_000 + round(second * 4) / 10, 1)
    ask = Price(60_001 + round(second * 4) / 10, 1)
    at = START + int(second * SECOND)
    return QuoteTick(BTCUSDT_PERP, bid, ask, Quantity(5, 3), Quantity(5, 3), at, at)


def run(
    batches: Sequence[FactorBatch],
    quotes: Sequence[QuoteTick],
    *,
    source: RecordedSource | None,
    start: float = 0,
    end: float = 200,
) -> list[tuple[Any, ...]]:
    """Run the strategy over factors, by the engine or by a feed, and return what it saw."""
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggerConfig(bypass_logging=True)))
    engine.add_venue(
        BTCUSDT_PERP.venue,
        OmsType.NETTING,
        AccountType.MARGIN,
        [Money.from_str("100000 USDT")],
        fee_model=MakerTakerFeeModel(Decimal("0.0002"), Decimal("0.0005")),
    )
    engine.add_instrument(btcusdt_perp())
    strategy = Witness(FactorStrategyConfig())
    if source is None:
        engine.add_data(
            [CustomData(EXTERNAL_FACTORS, f) for b in batches for f in b.records()],
        )
    else:
        engine.add_actor(FactorFeed(source, FactorFeedConfig(delivery="every")))
    engine.add_strategy(strategy)
    if quotes:
        engine.add_data(list(quotes))
    engine.run(start=START + int(start * SECOND), end=START + int(end * SECOND))
    engine.dispose()
    return strategy.seen


BATCHES = [
    batch([-2, -1, 0, 0, 0, 0.25, 1, 1, 1.5, 2]),
    batch([2, 5.5, 5.5, 8.5, 11.5, 11.5 + 1e-9, 20], 11),
    batch([20, 20, 21, 22], 1, stream_id=8, schema=WIDER),
    batch(np.arange(23, 120, 0.01), 5, stream_id=8, schema=WIDER),
]
QUOTES = [quote(s) for s in np.arange(0, 121, 0.25)]


@pytest.mark.parametrize("start", [-5, 0, 1, 5.6])
def test_the_feed_delivers_as_the_engine_does(start: float) -> None:
    """Calls, their order against quotes, stamps, clock, fills and timers are identical, with
    ties, gaps, two streams and schemas, and records before the start.
    """
    fast = run(BATCHES, QUOTES, source=None, start=start)
    slow = run(BATCHES, QUOTES, source=RecordedSource(BATCHES), start=start)
    assert slow == fast
    kinds = {kind for _, kind, *_ in fast}
    assert kinds == {"factors", "quote", "stale", "recovered", "filled", "timer"}
    assert sum(kind == "factors" for _, kind, *_ in fast) > 9_000


def test_a_catalog_replays_alike_both_ways(tmp_path: Path) -> None:
    """The engine's data and the feed's source both come from the same files."""
    with RecordingWriter(tmp_path, source="test") as writer:
        for b in BATCHES:
            writer.write_factors(b)
    catalog = FactorCatalog(tmp_path)
    recorded = list(catalog.batches())
    fast = run(recorded, QUOTES, source=None)
    slow = run([], QUOTES, source=RecordedSource.of_catalog(catalog))
    assert slow == fast
    assert sum(kind == "factors" for _, kind, *_ in fast) > 9_000


def test_explicit_delivery_times_keep_the_stamps() -> None:
    """Records come when they are due and look as they did."""
    records = batch([1, 2, 3])
    due = START + np.array([4, 5, 5], dtype=np.int64) * SECOND
    source = RecordedSource([records], [due])
    seen = run([], [quote(s) for s in (0, 5, 9)], source=source)
    got = [(at, *rest) for at, kind, *rest in seen if kind == "factors"]
    assert [at // SECOND for at, *_ in got] == [4, 5, 5]
    assert [ts_init // SECOND for _, _, _, _, ts_init, _ in got] == [1, 2, 3]
    assert [kind for _, kind, *_ in seen if kind in {"factors", "quote"}] == [
        "quote", "factors", "factors", "factors", "quote", "quote",
    ]  # fmt: skip


@pytest.mark.long
def test_a_long_recording_needs_little_memory() -> None:
    """A recording ten times longer takes no more."""

    def peak(batches: int) -> int:
        def pieces() -> Iterator[FactorBatch]:
            for i in range(batches):
                yield batch(i + np.arange(1000) / 1000, 1 + i * 1000)

        source = RecordedSource(pieces())
        now_ns = START - 1
        source.open(lambda: None, lambda: now_ns)
        tracemalloc.start()
        count = 0
        while (due_ns := source.next_due_ns) is not None:
            now_ns = due_ns
            while source.read_next() is not None:
                count += 1
        peak_bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count == batches * 1000
        return peak_bytes

    assert peak(100) < 1.2 * peak(10)


def test_a_recording_that_goes_back_in_time_is_refused() -> None:
    """Within a batch and between batches, before a record of it is handed out."""
    for batches in ([batch([2, 1])], [batch([1, 2]), batch([1.5])]):
        source = RecordedSource(batches)
        with pytest.raises(ValueError, match="before the one in front"):  # noqa: PT012 - the second batch is loaded when the first one is over
            source.open(lambda: None, lambda: START + 10 * SECOND)
            source.read_next()
