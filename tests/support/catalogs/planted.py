"""Catalogs with planted factors: bars of a made-up market, and what is known about its future."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from nautilus_trader.model import Bar, BarType, CryptoPerpetual, Price, Quantity
from nautilus_trader.persistence import ParquetDataCatalog

from adapters.catalog import RecordingWriter
from adapters.market.btcusdt_instruments import btcusdt_perp
from dolphin_strategies.factors.batch import FactorBatch
from dolphin_strategies.factors.schema import FactorSchema

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

START_NS: Final = 1_704_067_200_000_000_000
"""2024-01-01 in UTC."""
STEP_NS: Final = 300_000_000_000
VOLATILITY: Final = 1e-3


def returns_of(rows: int, seed: int = 1) -> NDArray[np.float64]:
    """Return independent returns of ``rows`` bars."""
    return VOLATILITY * np.random.default_rng(seed).normal(size=rows)


def noise(rows: int, count: int, persistence: float = 0.9, seed: int = 2) -> NDArray[np.float64]:
    """Return factors that say nothing, of shape (rows, count), with this autocorrelation."""
    random = np.random.default_rng(seed)
    found = random.normal(size=(rows, count))
    for i in range(1, rows):
        found[i] = persistence * found[i - 1] + np.sqrt(1 - persistence**2) * found[i]
    return found


def planted(returns: NDArray[np.float64], ic: float, seed: int = 3) -> NDArray[np.float64]:
    """Return a factor whose correlation with the return that follows it is ``ic``."""
    random = np.random.default_rng(seed)
    scale = np.sqrt(1 - ic**2)
    return np.asarray(ic * returns / VOLATILITY + scale * random.normal(size=len(returns)))


def write_planted(
    path: Path, returns: NDArray[np.float64], factors: Mapping[str, NDArray[np.float64]]
) -> Path:
    """Write bars of five minutes, and a record of factors at the beginning of each.

    ``returns[i]`` is from the open of bar i, at which record i is received, to its close, which
    is the open of the next.
    """
    rows = len(returns)
    path.mkdir(parents=True)
    write_bars(path, returns, btcusdt_perp())
    ts = START_NS + STEP_NS * np.arange(rows)
    batch = FactorBatch(
        schema=FactorSchema(factors),
        sequence=np.arange(1, rows + 1, dtype=np.uint64),
        ts_event=ts,
        ts_init=ts,
        values=np.ascontiguousarray(np.column_stack([*factors.values()])),
        stream_id=7,
    )
    with RecordingWriter(path, source="test", name="planted") as writer:
        writer.write_factors(batch)
    return path


def write_bars(path: Path, returns: NDArray[np.float64], instrument: CryptoPerpetual) -> None:
    """Write an instrument, and its bars of five minutes."""
    prices = np.round(60_000 * np.cumprod(np.concatenate([[1.0], 1 + returns])), 1)
    ts = START_NS + STEP_NS * np.arange(len(returns) + 1)
    catalog = ParquetDataCatalog(str(path))
    catalog.write_instruments([instrument])
    bar_type = BarType.from_str(f"{instrument.id}-5-MINUTE-LAST-EXTERNAL")
    size = Quantity(1, instrument.size_precision)
    made = [Price(price, instrument.price_precision) for price in prices.tolist()]
    bars = [
        Bar(
            bar_type,
            a,
            Price(max(float(a), float(b)), instrument.price_precision),
            Price(min(float(a), float(b)), instrument.price_precision),
            b,
            size,
            close_ns,
            close_ns,
        )
        for a, b, close_ns in zip(made, made[1:], ts[1:].tolist(), strict=False)
    ]
    catalog.write_bars(bars)
