"""Funding rates of an import as Nautilus's own columns."""

from __future__ import annotations

from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
from nautilus_trader.model import MarkPriceUpdate, Price
from nautilus_trader.serialization import mark_prices_to_arrow_record_batch_bytes

from adapters.catalog.files.delivered_tables import funding_to_arrow
from adapters.catalog.files.market_tables import market_folder
from adapters.command.durations import show_duration
from adapters.command.instants import show_instant
from backtests.importing.content.market.market_columns import MarketRows
from backtests.importing.files.columns import numbers, without_empty
from backtests.importing.files.rows import read_rows
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from adapters.command.instruments.make_instrument import Instrument
    from backtests.importing.files.rows import Rows
    from backtests.importing.spec.import_spec import ImportSettings
    from backtests.importing.spec.market_file_specs import FundingFileSpec

MINUTE_NS: Final = 60_000_000_000
"""Perpetuals settle at whole minutes; providers stamp it up to seconds later."""
LEAST_DISTANCE_NS: Final = 30 * MINUTE_NS
"""Rows that are closer, without a stated interval, are hardly settlements."""
MOST_USUAL_RATE: Final = 0.005
"""A median above it is taken for percent, or worse, unless the spec states the scale: 0.5 % at
each settlement is 548 % a year with three of them a day."""
_UNITS_NS: Final = {"h": 60 * MINUTE_NS, "m": MINUTE_NS, "s": 1_000_000_000, "ms": 1_000_000}
_EARLY: Final = 0.9
"""A settlement this much of the interval after the one before is not too early."""
_LATE: Final = 1.5
_DIGITS: Final = Context(prec=18)
_MARK_DECIMALS: Final = 9


def read_funding(
    data: Path, spec: FundingFileSpec, instrument: Instrument, window: ImportSettings
) -> list[MarketRows]:
    """Read a file of funding rates.

    A row becomes a ``FundingRateUpdate`` whose ``ts_event``, ``ts_init`` and ``next_funding_ns``
    are the settlement: the whole minute that is nearest to its stamp.

    Parameters
    ----------
    data : Path
        The folder to which the spec's path is relative.
    spec : FundingFileSpec
        Describes how the file is read, and when its rows were settled.
    instrument : CryptoPerpetual
        The instrument.
    window : ImportSettings
        Rows settled outside its window are left out.

    Returns
    -------
    list of MarketRows
        The rates and, if the file has them, the mark prices.

    Raises
    ------
    ConfigError
        If the file does not match the spec, rows are closer than its interval, rates look like
        percent, or no row is left.

    """
    rows = read_rows(data, spec, spec.columns())
    values = numbers(rows.table, spec.rate) * float(spec.scale or 1)
    has_rate = np.isfinite(values)
    dropped = {"without a rate": int((~has_rate).sum())} if not has_rate.all() else {}
    rows, values = rows.take(has_rate), values[has_rate]
    _doubt(rows, spec, values)
    intervals = _intervals(rows, spec)
    settled = (rows.stamps + MINUTE_NS // 2) // MINUTE_NS * MINUTE_NS
    off_ns = int(np.abs(settled - rows.stamps).max(initial=0))
    notes = list(rows.notes)
    if off_ns:
        notes.append(f"stamps up to {show_duration(off_ns)} off a whole minute were put on it")
    if spec.stamp == "start":
        settled += intervals
    missing = _check_distances(rows, settled, intervals)
    kept = window.holds(settled)
    if not kept.any():
        msg = f"{rows.table.name}: no funding rate is left: {dropped or 'none'} dropped, the "
        raise ConfigError(msg + "others not in the window")
    rows, settled, intervals = rows.take(kept), settled[kept], intervals[kept]
    rates = _texts(rows, spec)
    minutes = [m or None for m in (intervals // MINUTE_NS).tolist()]
    at = settled.tolist()
    name = instrument.id.value
    tables = [
        MarketRows(
            folder=market_folder("funding_rates", name),
            path=spec.path,
            batch=funding_to_arrow(name, [*zip(rates, minutes, at, at, at, strict=True)]),
            stamps=settled,
            notes=tuple(notes),
            dropped=dropped,
            missing=missing,
        )
    ]
    return [*tables, *_marks(rows, spec, instrument, settled)]


def _doubt(rows: Rows, spec: FundingFileSpec, rates: NDArray[np.float64]) -> None:
    if spec.scale is not None or not len(rates):
        return
    usual = float(np.median(np.abs(rates)))
    if usual > MOST_USUAL_RATE:
        msg = (
            f"{rows.table.name}: column {spec.rate!r}: half of the rates are above {usual:g}, "
            f"that is {usual:.3%} of the notional at each settlement; write scale = 0.01 if the "
            "file has percent, or scale = 1 if these are fractions"
        )
        raise ConfigError(msg)


def _intervals(rows: Rows, spec: FundingFileSpec) -> NDArray[np.int64]:
    """Return each row's interval, nanoseconds; 0 where nothing states it."""
    if spec.interval is not None:
        found = np.full(len(rows.stamps), float(spec.interval.ns))
    elif spec.interval_column:
        found = numbers(rows.table, spec.interval_column) * _UNITS_NS[spec.interval_unit]
    else:
        return np.zeros(len(rows.stamps), np.int64)
    is_wrong = ~((found >= MINUTE_NS) & (found <= 1 << 62) & (found % MINUTE_NS == 0))
    if is_wrong.any():
        if spec.interval is not None:
            msg = f"{spec.path}: interval: expected whole minutes, found {spec.interval}"
            raise ConfigError(msg)
        at = int(np.argmax(is_wrong))
        raise rows.table.wrong(spec.interval_column, at, "an interval of whole minutes")
    return found.astype(np.int64)


def _check_distances(rows: Rows, settled: NDArray[np.int64], intervals: NDArray[np.int64]) -> int:
    """Refuse settlements that are too close, and return how many are missing."""
    distances = np.diff(settled)
    if not len(distances):
        return 0
    shorter, longer = (f(intervals[1:], intervals[:-1]) for f in (np.minimum, np.maximum))
    least = np.where(shorter > 0, (shorter * _EARLY).astype(np.int64), LEAST_DISTANCE_NS)
    is_early = distances < least
    if is_early.any():
        i = int(np.argmax(is_early))
        expected = (
            f"{show_duration(int(shorter[i]))} as the spec has it"
            if shorter[i]
            else ("settlements; for less than 30m between them the spec states the interval")
        )
        msg = (
            f"{rows.table.name}: from the funding at {show_instant(settled[i])} to the one at "
            f"{show_instant(settled[i + 1])} {show_duration(int(distances[i]))} pass; expected "
            f"{expected}: where the interval changed, write interval_column, or leave interval out"
        )
        raise ConfigError(msg)
    is_late = (longer > 0) & (distances > _LATE * longer)
    return int((np.rint(distances[is_late] / longer[is_late]) - 1).sum())


def _texts(rows: Rows, spec: FundingFileSpec) -> list[str]:
    """Return the rates, scaled, digit for digit where the file has digits."""
    column = rows.table.columns[spec.rate]
    if pa.types.is_string(column.type):
        column = without_empty(column)
    scale = Decimal(1) if spec.scale is None else spec.scale
    found = (_DIGITS.multiply(Decimal(str(v)), scale) for v in column.to_pylist())
    return [f"{rate.normalize(_DIGITS):f}" for rate in found]


def _marks(
    rows: Rows, spec: FundingFileSpec, instrument: Instrument, settled: NDArray[np.int64]
) -> list[MarketRows]:
    if not spec.mark_price:
        return []
    values = numbers(rows.table, spec.mark_price)
    usable = np.isfinite(values) & (values > 0)
    if not usable.any():
        msg = f"{rows.table.name}: column {spec.mark_price!r}: expected prices, found none"
        raise ConfigError(msg)
    updates: list[Any] = [
        MarkPriceUpdate(instrument.id, Price(value, _MARK_DECIMALS), at, at)
        for value, at in zip(values[usable].tolist(), settled[usable].tolist(), strict=True)
    ]
    content = mark_prices_to_arrow_record_batch_bytes(updates)
    batch = pa.ipc.open_stream(content).read_all().combine_chunks().to_batches()[0]
    return [
        MarketRows(
            folder=market_folder("mark_prices", instrument.id.value),
            path=spec.path,
            batch=batch,
            stamps=settled[usable],
            dropped={} if usable.all() else {"not positive": int((~usable).sum())},
        )
    ]
