"""Runs of a planned strategy over made markets, of every kind of data and of instrument."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from nautilus_trader.model import (
    AggressorSide,
    Bar,
    BarType,
    CryptoPerpetual,
    Currency,
    CurrencyPair,
    FundingRateUpdate,
    InstrumentClose,
    InstrumentCloseType,
    InstrumentId,
    Price,
    Quantity,
    QuoteTick,
    Symbol,
    TradeId,
    TradeTick,
)
from nautilus_trader.persistence import ParquetDataCatalog

from backtests.engine.backtest_run import BacktestRun
from backtests.engine.backtest_venue import BacktestVenue
from backtests.engine.engine_setup import build_engine
from backtests.engine.merged_chunks import StreamPiece
from backtests.inputs.backtest_data import BacktestData
from backtests.inputs.market_data import MarketData
from backtests.run.results.figures.run_figures import Figures, RunFacts, figures_of
from backtests.run.submission_prices import SubmissionPrices
from tests.support.strategies.planned_trader import PlannedConfig, PlannedTrader, Step

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nautilus_trader.backtest import BacktestEngine

START_NS: Final = 1_767_225_600_000_000_000
"""2026-01-01, midnight."""
HOUR_NS: Final = 3_600_000_000_000
HALF_SPREAD: Final = 0.5


@dataclass(frozen=True, kw_only=True)
class Market:
    """One instrument and its prices, one each ``step_ns`` from the start on."""

    instrument: Any
    mids: Sequence[float]
    kind: str = "quotes"
    step_ns: int = HOUR_NS
    reach: float = 3.0
    """How far a bar reaches below and above its close."""
    rates: Sequence[tuple[int, str]] = ()
    """Funding rates: the row of each settlement, and the rate."""
    expires: tuple[int, float] | None = None
    """The row after which the contract expires, and the price at which it is settled."""

    @property
    def feed(self) -> str:
        """What to subscribe to."""
        hours = self.step_ns // HOUR_NS
        name = str(self.instrument.id)
        return f"{name}-{hours}-HOUR-LAST-EXTERNAL" if self.kind == "bars" else name

    @property
    def ts(self) -> list[int]:
        """The instants of the prices."""
        return [START_NS + self.step_ns * i for i in range(len(self.mids))]


def linear(name: str = "BTCUSDT-PERP.BINANCE", settled: str = "USDT") -> CryptoPerpetual:
    """Make a linear perpetual: tick 0.1, step 0.001."""
    return _perpetual(name, settled, settled, is_inverse=False, size_precision=3)


def inverse() -> CryptoPerpetual:
    """Make an inverse perpetual: contracts of 1 USD, settled in BTC."""
    return _perpetual("XBTUSD.BITMEX", "USD", "BTC", is_inverse=True, size_precision=0)


def spot() -> CurrencyPair:
    """Make a spot pair."""
    return CurrencyPair(
        instrument_id=InstrumentId.from_str("BTCUSDT.BINANCE"),
        raw_symbol=Symbol("BTCUSDT"),
        base_currency=Currency.from_str("BTC"),
        quote_currency=Currency.from_str("USDT"),
        price_precision=2,
        size_precision=6,
        price_increment=Price.from_str("0.01"),
        size_increment=Quantity.from_str("0.000001"),
        ts_event=0,
        ts_init=0,
    )


@contextmanager
def traded(
    path: Path,
    markets: Sequence[Market],
    plan: Sequence[Step],
    *,
    venue: BacktestVenue | None = None,
    closes_at_end: bool = False,
    end_ns: int | None = None,
    days_per_year: int | None = None,
) -> Iterator[tuple[BacktestEngine, BacktestData, Figures]]:
    """Run the plan over the markets, from a catalog; yield engine, data and figures."""
    _write(path, markets)
    tables = MarketData(path).tables()
    last_ns = max(m.ts[-1] for m in markets) + 1
    data = BacktestData(
        path=path,
        instruments=[m.instrument for m in markets],
        tables=tables,
        fill_on=markets[0].kind,
        start_ns=START_NS,
        end_ns=end_ns or last_ns,
        recordings=None,
        coverage=[],
        show=(),
    )
    feeds = tuple(m.feed for m in markets)
    config = PlannedConfig(
        feeds=feeds, kind=markets[0].kind, plan=tuple(plan), manage_stop=closes_at_end
    )
    strategy = PlannedTrader(config)
    seen = SubmissionPrices(strategy, data)
    engine = build_engine(
        venue=venue or BacktestVenue(), instruments=data.instruments, fill_on=data.fill_on
    )
    run = BacktestRun(
        engine,
        strategy,
        factors=iter(()),
        market=[*data.market(50_000), *(_venue_data(m) for m in markets)],
        computed=iter(()),
        start_ns=data.start_ns,
        end_ns=data.end_ns,
        rows=lambda: 50_000,
    )
    started_s = time.monotonic()
    run.run()
    facts = RunFacts(
        run=run,
        elapsed_s=time.monotonic() - started_s,
        decisions=len(plan),
        seen=seen,
        days_per_year=days_per_year,
    )
    try:
        yield engine, data, figures_of(engine, data, facts)
    finally:
        engine.dispose()


def walk(rows: int, seed: int = 1, start: int = 60_000, width: int = 40) -> list[float]:
    """Return a random walk of whole numbers."""
    random = np.random.default_rng(seed)
    return [float(x) for x in start + np.cumsum(random.integers(-width, width + 1, rows))]


def _perpetual(
    name: str, quoted: str, settled: str, *, is_inverse: bool, size_precision: int
) -> CryptoPerpetual:
    return CryptoPerpetual(
        instrument_id=InstrumentId.from_str(name),
        raw_symbol=Symbol(name.partition(".")[0]),
        base_currency=Currency.from_str("BTC"),
        quote_currency=Currency.from_str(quoted),
        settlement_currency=Currency.from_str(settled),
        is_inverse=is_inverse,
        price_precision=1,
        size_precision=size_precision,
        price_increment=Price.from_str("0.1"),
        size_increment=Quantity(10.0**-size_precision, size_precision),
        margin_init=Decimal("0.01"),
        margin_maint=Decimal("0.005"),
        ts_event=0,
        ts_init=0,
    )


def _write(path: Path, markets: Sequence[Market]) -> None:
    path.mkdir(exist_ok=True)
    catalog = ParquetDataCatalog(str(path))
    catalog.write_instruments([m.instrument for m in markets])
    for m in markets:
        rows = [_row(m, i, ts) for i, ts in enumerate(m.ts)]
        if m.kind == "quotes":
            catalog.write_quote_ticks(rows)
        elif m.kind == "trades":
            catalog.write_trade_ticks(rows)
        else:
            catalog.write_bars(rows)


def _row(m: Market, i: int, ts: int) -> Any:
    price, size = m.instrument.make_price, m.instrument.make_qty(1_000_000)
    mid = m.mids[i]
    if m.kind == "quotes":
        bid, ask = price(mid - HALF_SPREAD), price(mid + HALF_SPREAD)
        return QuoteTick(m.instrument.id, bid, ask, size, size, ts, ts)
    if m.kind == "trades":
        side = AggressorSide.from_str("BUYER")
        return TradeTick(m.instrument.id, price(mid), size, side, TradeId(str(i)), ts, ts)
    high, low = price(mid + m.reach), price(mid - m.reach)
    return Bar(BarType.from_str(m.feed), price(mid), high, low, price(mid), size, ts, ts)


def _venue_data(m: Market) -> Iterator[StreamPiece]:
    """Yield the funding rates, each settled at the instant of a price, and the expiry."""
    rows: list[Any] = [
        FundingRateUpdate(
            m.instrument.id, Decimal(rate), m.ts[row - 1], m.ts[row - 1],
            interval=m.step_ns // 60_000_000_000, next_funding_ns=m.ts[row],
        )
        for row, rate in m.rates
    ]  # fmt: skip
    if m.expires is not None:
        row, price = m.expires
        kind, at_ns = InstrumentCloseType.CONTRACT_EXPIRED, m.ts[row] + 5
        close = m.instrument.make_price(price)
        rows.append(InstrumentClose(m.instrument.id, close, kind, at_ns, at_ns))
    if rows:
        ts = np.array([r.ts_init for r in rows], np.int64)
        yield StreamPiece(ts, lambda i, j: rows[i:j])
