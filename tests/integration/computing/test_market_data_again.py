"""Market data kept as it was delivered, and factors computed from it again: equal bits."""

from __future__ import annotations

import asyncio
import math
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pytest
from nautilus_trader.adapters.binance import BinanceFuturesLiquidation
from nautilus_trader.adapters.bybit import BybitLiquidation
from nautilus_trader.adapters.deribit import DeribitVolatilityIndex
from nautilus_trader.adapters.hyperliquid import HyperliquidOpenInterest
from nautilus_trader.model import (
    FundingRateUpdate,
    IndexPriceUpdate,
    MarkPriceUpdate,
    NautilusDataType,
    OrderBookDeltas,
    QuoteTick,
    TradeTick,
)
from nautilus_trader.persistence import ParquetDataCatalog

from adapters.catalog import FactorCatalog
from adapters.catalog.__main__ import main
from adapters.catalog.reading.recordings import market_rows
from adapters.computing.evaluation import Evaluation
from adapters.computing.recording.market_tap import MarketTap
from backtests.inputs.computing.computed_inputs import find_inputs
from backtests.inputs.computing.market_remarks import market_remarks
from dolphin_strategies.computed.factor_set import ComputedFactors
from dolphin_strategies.computed.inputs import key_of
from live.exf.work.market.market_sink import MarketSink
from tests.support.computed.events import MILLISECOND, PERPETUAL, SPOT, START_NS, perpetual, spec
from tests.support.computed.late_market import LateMarket
from tests.support.computed.records import missing, records_of

if TYPE_CHECKING:
    from pathlib import Path

LIFE_S: Final = 0.6


def specs() -> list[Any]:
    """Return factors of every kind that a catalog holds, and of both instruments at once."""
    both = (PERPETUAL, SPOT)
    life: Any = {"time_to_live_s": LIFE_S}
    return [
        spec("Mid", **life),
        spec("OrderFlowImbalance", window_s=0.5, **life),
        spec("QuoteRate", window_s=1, **life),
        spec("TradeFlowImbalance", events=5, **life),
        spec("CumulativeVolumeDelta", window_s=0.7, **life),
        spec("VwapDistanceBps", window_s=1, **life),
        spec("KylesLambda", window_s=2, step_s=0.1, **life),
        spec("RealisedVolatility", window_s=1, sample_s=0.1, **life),
        spec("LevelImbalance", levels=3, **life),
        spec("Depth", side="bid", within_bps=0.05, **life),
        spec("MarkIndexBasisBps", **life),
        spec("Funding8h", alive="quotes", **life),
        spec("FundingCountdown", alive="mark", **life),
        spec("OpenInterestUsd", **life),
        spec("OpenInterestChange", window_s=0.5, alive="quotes", **life),
        spec("LiquidationImbalance", window_s=1, alive="quotes", **life),
        spec("LiquidatedNotional", (SPOT,), window_s=1, side="long", alive="quotes", **life),
        spec("VolatilityIndex", ("btc_usd",), **life),
        spec("BasisBps", both, **life),
        spec("BasisZScore", both, window_s=1, sample_s=0.1, **life),
        spec("LeadLagPremium", both, lag_s=0.2, **life),
        spec("ConsensusMid", both, max_age_s=0.3, **life),
    ]


class Clock:
    """A clock that the test sets; it has one alert at a time, as an evaluation uses it."""

    def __init__(self) -> None:
        self.now_ns = START_NS
        self._alert: tuple[int, Any] | None = None

    def timestamp_ns(self) -> int:
        return self.now_ns

    def set_time_alert_ns(self, name: str, at_ns: int, call: Any) -> None:
        self._alert = at_ns, call

    def cancel_timer(self, name: str) -> None:
        self._alert = None

    def ring(self) -> None:
        """Call if it is time."""
        if self._alert is not None and self._alert[0] <= self.now_ns:
            call, self._alert = self._alert[1], None
            call(None)


async def _live(
    market: LateMarket, tap: MarketTap, sink: MarketSink, bursts: int
) -> tuple[list[tuple[int, int, bytes]], list[Any]]:
    factors = ComputedFactors(specs())
    for instrument in (PERPETUAL, SPOT):
        defined = perpetual(instrument)
        factors.define(defined)
        tap.define(defined)
    records: list[tuple[int, int, bytes]] = []

    def take(values: Any, ts_event: int, ts_init: int) -> None:
        records.append((ts_init, ts_event, values.tobytes()))

    evaluation, clock = Evaluation(factors, take), Clock()
    evaluation.start(clock, asyncio.get_running_loop())  # type: ignore[arg-type]
    keep = tap.keeping(evaluation, factors)
    everything = []
    for _ in range(bursts):
        found = market.burst()
        everything += found
        # An alert rings before data that are on their way, some of which are from before it.
        clock.now_ns = market.at_ns
        clock.ring()
        await asyncio.sleep(0)
        for datum in found:
            keep(datum)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        if market.random.random() < 0.1:
            hand_over(tap, sink)
    evaluation.stop()
    hand_over(tap, sink)
    return records, everything


def live(
    market: LateMarket, tap: MarketTap, sink: MarketSink, bursts: int
) -> tuple[list[tuple[int, int, bytes]], list[Any]]:
    """Compute as a live actor does, a record a burst, and record; return records and data."""
    return asyncio.run(_live(market, tap, sink, bursts))


def hand_over(tap: MarketTap, sink: MarketSink) -> None:
    """Hand everything over, in pieces that end anywhere."""
    content = b"".join(tap.frames(10**6))
    cut = len(content) // 3
    sink.feed(content[:cut])
    sink.feed(content[cut:])
    sink.tick()


@pytest.mark.parametrize("seed", range(6))
def test_late_data_of_several_kinds_and_venues_computed_again_have_the_same_bits(
    tmp_path: Path, seed: int
) -> None:
    """Each record of a burst or an alert is computed again: its instant, ts_event and values."""
    catalog = tmp_path / "catalog"
    market, tap = LateMarket(seed), MarketTap()
    sink = MarketSink(catalog, "a test")
    records, everything = live(market, tap, sink, 400)
    sink.close()
    assert tap.dropped == {}
    assert sink.status()["problem"] == ""
    rows = sum(len(d.deltas) if hasattr(d, "deltas") else 1 for d in everything)
    assert sink.status()["recorded"] == rows == tap.rows

    found = find_inputs(catalog, specs())
    assert found.left_out == ()
    assert found.is_delivered
    for most in (100, 50_000):
        batches = list(found.batches(found.first_ns, found.end_ns, partial(int, most)))
        again = records_of(batches)
        assert missing(records, again) == []
    floats = np.array([np.frombuffer(p) for _, _, p in records])
    names = [s.name for s in specs()]
    assert [n for n, c in zip(names, floats.T, strict=True) if np.isnan(c).all()] == []
    assert len({at_ns for at_ns, _, _ in records}) < len(records)
    assert any(math.isnan(row[0]) for row in floats[len(floats) // 2 :])


def test_a_later_run_of_one_catalog_is_computed_again_from_its_beginning(tmp_path: Path) -> None:
    """With ``start_ns`` its factors begin anew, as they did live; the remarks name the instant."""
    catalog, market = tmp_path / "catalog", LateMarket(7)
    runs = []
    for _ in range(2):
        # Later than any datum of the run before, and than any late one of this run.
        market.at_ns += 2_000 * MILLISECOND
        begun_ns = market.at_ns - 1_000 * MILLISECOND
        sink = MarketSink(catalog, "a test")
        runs.append((begun_ns, live(market, MarketTap(), sink, 150)[0]))
        sink.close()
    found = find_inputs(catalog, specs())
    whole = records_of(found.batches(found.first_ns, found.end_ns, partial(int, 1_000)))
    begun_ns, records = runs[1]
    again = records_of(found.batches(begun_ns, found.end_ns, partial(int, 1_000)))
    assert missing(runs[0][1], whole) == []
    assert missing(records, whole) != []
    assert missing(records, again) == []
    (remark,) = market_remarks(catalog)
    assert "2 runs" in remark


def test_nautilus_reads_what_was_delivered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every datum of every kind, equal to the delivered one, and the instruments."""
    catalog = tmp_path / "catalog"
    sink = MarketSink(catalog, "a test")
    _, everything = live(LateMarket(99), MarketTap(), sink, 200)
    sink.close()
    reader = ParquetDataCatalog(str(catalog))
    assert sorted(str(i.id) for i in reader.instruments()) == sorted((PERPETUAL, SPOT))
    kinds = {
        QuoteTick: NautilusDataType.QuoteTick,
        TradeTick: NautilusDataType.TradeTick,
        OrderBookDeltas: NautilusDataType.OrderBookDelta,
        MarkPriceUpdate: NautilusDataType.MarkPriceUpdate,
        IndexPriceUpdate: NautilusDataType.IndexPriceUpdate,
        FundingRateUpdate: NautilusDataType.FundingRateUpdate,
    }
    data_type: Any
    for data_type, kind in kinds.items():
        for instrument in (PERPETUAL, SPOT):
            sent = [
                d
                for d in everything
                if type(d) is data_type and str(d.instrument_id) == instrument
            ]
            rows = [r for d in sent for r in (d.deltas if hasattr(d, "deltas") else [d])]
            read = reader.query(kind, [instrument])
            assert len(read) == len(rows) > 0
            # A quote of a lower precision is read with the table's: equal as numbers.
            assert [_numbers(r) for r in read] == [_numbers(r) for r in rows]
    for data_type in (
        BinanceFuturesLiquidation,
        BybitLiquidation,
        DeribitVolatilityIndex,
        HyperliquidOpenInterest,
    ):
        sent = sorted((d for d in everything if type(d) is data_type), key=_place)
        found = reader.query(NautilusDataType.Custom(data_type.__name__))
        read = sorted((custom.data for custom in found), key=_place)
        assert len(read) == len(sent) > 0
        assert [_numbers(r) for r in read] == [_numbers(r) for r in sent]
    assert FactorCatalog(catalog).verify() == []
    (recording,) = FactorCatalog(catalog).recordings()
    assert recording.is_ended
    count = sum(len(d.deltas) if hasattr(d, "deltas") else 1 for d in everything)
    assert market_rows(catalog, recording.name)[0] == count
    assert main([str(catalog)]) == 0
    assert f"{count:,} rows" in capsys.readouterr().out
    for path in catalog.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def _place(row: Any) -> tuple[Any, ...]:
    return str(key_of(row)), row.ts_init, _numbers(row)


def _numbers(row: Any) -> tuple[Any, ...]:
    names = ("bid_price", "ask_price", "bid_size", "ask_size", "price", "size", "value", "rate",
             "interval", "next_funding_ns", "action", "flags", "sequence", "aggressor_side",
             "trade_id", "average_price", "last_filled_qty", "accumulated_qty", "bankruptcy_price",
             "quantity", "open_interest", "volatility", "ts_event", "ts_init")  # fmt: skip
    order = getattr(row, "order", None)
    own = () if order is None else (order.side, _raw(order.price), _raw(order.size))
    return (*own, *(_raw(getattr(row, n)) for n in names if hasattr(row, n)))


def _raw(value: Any) -> Any:
    return getattr(value, "raw", value)
