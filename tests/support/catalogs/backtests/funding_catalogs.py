"""Catalogs of a perpetual with bars, funding rates and a position to hold, hour by hour."""

from __future__ import annotations

from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import numpy as np
from nautilus_trader.model import Bar, BarType, PositionAdjustmentType, Price, Quantity
from nautilus_trader.persistence import ParquetDataCatalog

from adapters.catalog import RecordingWriter
from adapters.catalog.files.delivered_tables import funding_to_arrow
from adapters.catalog.files.market_tables import market_folder
from adapters.command.instruments.instrument_spec import InstrumentSpec
from adapters.command.instruments.make_instrument import make_instrument
from adapters.command.user_code.strategy_class import find_strategy, make_config
from backtests.engine.backtest_venue import BacktestVenue
from backtests.engine.funding_choice import FundingChoice
from backtests.inputs.backtest_settings import BacktestSettings, RunSettings
from backtests.inputs.catalog_search import find_data
from backtests.run.one_backtest import replayed
from dolphin_strategies import FactorSchema
from dolphin_strategies.factors.batch import FactorBatch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from nautilus_trader.backtest import BacktestEngine

    from backtests.inputs.backtest_data import BacktestData

HOUR_NS: Final = 3_600_000_000_000
DAY_NS: Final = 1_767_225_600_000_000_000
"""2026-01-01 00:00 UTC, hour 0 of these catalogs."""
NAME: Final = "BTCUSDT-PERP.SIM"
LINEAR: Final = InstrumentSpec(
    id=NAME, kind="perpetual", base="BTC", quote="USDT", price_increment="0.01",
    size_increment="0.001",
)  # fmt: skip
STRATEGY: Final = "tests.support.strategies.target_position:TargetPosition"


class Rate(NamedTuple):
    """A row of funding rates; times are hours since ``DAY_NS``, the interval in minutes."""

    hour: float
    rate: str
    interval: int | None = None
    next_hour: float | None = None
    init_hour: float | None = None


class Booked(NamedTuple):
    """What was booked: the hour of the settlement, and the amount."""

    hour: float
    amount: Decimal


def ns(hour: float) -> int:
    """Return the instant of an hour, UNIX nanoseconds."""
    return DAY_NS + round(hour * 3600) * 1_000_000_000


def make_funding_catalog(
    path: Path,
    *,
    closes: Mapping[float, str],
    targets: Mapping[float, float],
    rates: Sequence[Rate] = (),
    instrument: InstrumentSpec = LINEAR,
    factors: Mapping[str, Mapping[float, float]] | None = None,
) -> Path:
    """Write a catalog: closes of hourly bars by the hour of their end, and what to hold."""
    made = make_instrument(instrument)
    values = {"target": dict(targets), **(factors or {})}
    hours = sorted({hour for column in values.values() for hour in column})
    columns = []
    for column in values.values():
        known = np.nan
        columns.append([known := column.get(hour, known) for hour in hours])
    ts = np.array([ns(hour) for hour in hours], np.int64)
    with RecordingWriter(path, source="test", name="wishes") as writer:
        writer.write_factors(
            FactorBatch(
                schema=FactorSchema([*values]),
                sequence=np.arange(1, len(ts) + 1, dtype=np.uint64),
                ts_event=ts,
                ts_init=ts,
                values=np.array(columns, np.float64).T.copy(),
                stream_id=1,
            )
        )
        if rates:
            rows = [
                (
                    r.rate,
                    r.interval,
                    None if r.next_hour is None else ns(r.next_hour),
                    ns(r.hour),
                    ns(r.hour if r.init_hour is None else r.init_hour),
                )
                for r in rates
            ]
            rows.sort(key=lambda row: row[-1])
            batch = funding_to_arrow(instrument.id, rows)
            writer.write_table(market_folder("funding_rates", instrument.id), batch)
    catalog = ParquetDataCatalog(str(path))
    catalog.write_instruments([made])
    kind = BarType.from_str(f"{instrument.id}-1-HOUR-LAST-EXTERNAL")
    volume = Quantity(1_000_000, made.size_precision)
    catalog.write_bars(
        [
            Bar(kind, *(Price(float(close), made.price_precision),) * 4, volume, ns(h), ns(h))
            for h, close in sorted(closes.items())
        ]
    )
    return path


class Run(NamedTuple):
    """A run that has ended."""

    engine: BacktestEngine
    data: BacktestData
    strategy: Any
    figures: Any
    booked: list[Booked]


@contextmanager
def funded(
    catalog: Path,
    funding: str = "auto",
    *,
    end: float | None = None,
    config: Mapping[str, object] | None = None,
    balance: str = "100000 USDT",
    latency_ms: float = 0.0,
    oms: Literal["netting", "hedging"] = "netting",
    chunk_rows: int = 7,
) -> Iterator[Run]:
    """Run :class:`TargetPosition` without fees; yield what there is afterwards."""
    settings = BacktestSettings(
        backtest=RunSettings(
            funding=FundingChoice.from_str(funding),
            end=None if end is None else ns(end),  # type: ignore[arg-type]
            chunk_rows=chunk_rows,
        ),
        venue=BacktestVenue(
            maker_fee=Decimal(0),
            taker_fee=Decimal(0),
            balances=[balance],
            latency_ms=latency_ms,
            oms=oms,
        ),
    )
    found = find_strategy(STRATEGY)
    strategy = found(make_config(found, dict(config or {})))
    data = find_data(catalog, settings, strategy)
    with replayed(data, settings, strategy) as (engine, figures, _):
        yield Run(engine, data, strategy, figures, bookings(engine))


def bookings(engine: BacktestEngine) -> list[Booked]:
    """Return every funding that the engine booked, of closed and flipped positions too."""
    found = []
    for position in (*engine.cache.position_snapshots(), *engine.cache.positions()):
        for one in position.adjustments():
            assert one.adjustment_type == PositionAdjustmentType.FUNDING
            at = (one.ts_event + 1 - DAY_NS) / HOUR_NS
            found.append(Booked(at, one.pnl_change.as_decimal()))
    return sorted(found)


def booked(*found: tuple[float, str]) -> list[Booked]:
    """Return bookings written as hour and amount."""
    return [Booked(hour, Decimal(amount)) for hour, amount in found]
