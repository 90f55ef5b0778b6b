"""Catalogs of a market that is not always there: prices at given seconds, records at others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from nautilus_trader.model import (
    AggressorSide,
    Bar,
    BarType,
    Price,
    Quantity,
    QuoteTick,
    TradeId,
    TradeTick,
)
from nautilus_trader.persistence import ParquetDataCatalog

from adapters.market.btcusdt_instruments import BTCUSDT_PERP, btcusdt_perp
from dolphin_strategies import FactorSchema
from tests.support.catalogs.backtests.backtest_catalogs import write_factors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from nautilus_trader.model import InstrumentId

BEGIN_NS: Final = 1_767_225_600_000_000_000
"""2026-01-01T00:00Z."""
SECOND_NS: Final = 1_000_000_000
BAR_TYPE: Final = BarType.from_str("BTCUSDT-PERP.BINANCE-1-SECOND-LAST-EXTERNAL")
STEPS: Final = FactorSchema(["step"])


def at_ns(second: float) -> int:
    """Return the instant that many seconds after the beginning, UNIX nanoseconds."""
    return BEGIN_NS + round(second * SECOND_NS)


def make_market(
    path: Path, kind: str, prices: Mapping[float, int], steps: Sequence[float]
) -> Path:
    """Write a catalog of one perpetual, and of a factor ``step`` that counts its records.

    Parameters
    ----------
    path : Path
        The catalog's folder.
    kind : "quotes", "trades" or "bars"
        The market data.
    prices : mapping of float to int
        The price at each second: a quote's bid, a trade's price, a bar's close.
    steps : sequence of float
        The seconds of the records of ``step``.

    """
    stamps = np.array([at_ns(second) for second in steps])
    counted = np.arange(len(steps), dtype=float)[:, None]
    write_factors(path, "steps", stamps, counted, schema=STEPS)
    catalog = ParquetDataCatalog(str(path))
    catalog.write_instruments([btcusdt_perp()])
    add_prices(catalog, kind, prices)
    return path


def add_prices(
    catalog: ParquetDataCatalog,
    kind: str,
    prices: Mapping[float, int],
    instrument_id: InstrumentId = BTCUSDT_PERP,
) -> None:
    """Write prices of an instrument into a catalog."""
    rows: Iterable[Any] = (
        _row(kind, at_ns(second), price, instrument_id) for second, price in prices.items()
    )
    write: dict[str, Callable[[list[Any]], object]] = {
        "quotes": catalog.write_quote_ticks,
        "trades": catalog.write_trade_ticks,
        "bars": catalog.write_bars,
    }
    write[kind](list(rows))


def _row(
    kind: str, ns: int, price: int, instrument_id: InstrumentId
) -> QuoteTick | TradeTick | Bar:
    at, one, size = Price.from_str(f"{price}.0"), Price.from_str("0.1"), Quantity.from_str("5.000")
    if kind == "quotes":
        ask = Price.from_str(str(at.as_decimal() + one.as_decimal()))
        return QuoteTick(instrument_id, at, ask, size, size, ns, ns)
    if kind == "trades":
        number = TradeId(str(ns))
        return TradeTick(instrument_id, at, size, AggressorSide.BUY, number, ns, ns)
    bar_type = BarType.from_str(f"{instrument_id}-1-SECOND-LAST-EXTERNAL")
    return Bar(bar_type, at, at, at, at, size, ns, ns)
