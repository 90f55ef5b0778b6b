"""Bars, quotes and trades of an import as Nautilus's own columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from adapters.catalog.files.market_tables import quotes_folder, trades_folder
from backtests.importing.content.bar_names import bar_type_of
from backtests.importing.files.columns import booleans, numbers
from backtests.importing.files.rows import read_rows
from backtests.importing.spec.local_times import after
from backtests.importing.spec.market_file_specs import (
    BarsFileSpec,
    QuotesFileSpec,
    TradesFileSpec,
)
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from adapters.command.instruments.make_instrument import Instrument
    from backtests.importing.files.rows import Rows
    from backtests.importing.spec.import_spec import ImportSettings
    from backtests.importing.spec.market_file_specs import MarketFileSpec

type Columns = dict[str, NDArray[np.float64]]

RAW_DECIMALS: Final = 16
"""The number of decimals of Nautilus's raw prices and sizes."""
SIZES: Final = ("volume", "bid_size", "ask_size", "size")
"""The columns of Nautilus that are sizes; the others are prices."""
_EXACT_TO: Final = 2.0**53
"""Above this a float64 does not represent every whole number."""
_STAMP: Final = pa.timestamp("ns", "UTC")
_SIDES: Final = ("NO_AGGRESSOR", "BUY", "SELL")


@dataclass(frozen=True, kw_only=True)
class MarketRows:
    """Market data of one instrument in the order of ``ts_init``.

    Attributes
    ----------
    folder : str
        The folder in a catalog's ``data``.
    path : Path
        The imported file.
    batch : pyarrow.RecordBatch
        Nautilus's columns and metadata.
    stamps : int64 array of shape (rows,)
        ``ts_init``, UNIX nanoseconds, not falling.
    notes : tuple of str
        Remarks on the file's rows, for the user.
    dropped : dict of str to int
        The number of rows left out because they cannot be traded on, by reason.
    rounded_sizes : int
        The number of rows whose size had more decimals than the instrument's.
    missing : int
        The number of bars that were due and are absent.

    """

    folder: str
    path: Path
    batch: pa.RecordBatch
    stamps: NDArray[np.int64]
    notes: tuple[str, ...] = ()
    dropped: dict[str, int] = field(default_factory=dict)
    rounded_sizes: int = 0
    missing: int = 0


def read_market(
    data: Path, spec: MarketFileSpec, instrument: Instrument, window: ImportSettings
) -> MarketRows:
    """Read a file of bars, quotes or trades.

    Parameters
    ----------
    data : Path
        The folder to which the spec's path is relative.
    spec : MarketFileSpec
        Describes how the file is read, and when its rows could be known.
    instrument : CryptoPerpetual or CurrencyPair
        The instrument of the data.
    window : ImportSettings
        Rows known outside its window are left out.

    Raises
    ------
    ConfigError
        If the file does not match the spec, or no row is left.

    """
    sources, further = spec.sources(), spec.further_columns()
    is_series = isinstance(spec, BarsFileSpec)
    rows = read_rows(data, spec, [*sources.values(), *further], is_series=is_series)
    precisions = {
        name: instrument.size_precision if name in SIZES else instrument.price_precision
        for name in sources
    }
    units, rounded = _in_units(rows, sources, precisions, instrument)
    stamps = _known(rows, spec)
    kept, dropped = _usable(spec, units)
    kept &= window.holds(stamps)
    if not kept.any():
        why = f"{dropped or 'none'} dropped, the others not in the window"
        msg = f"{rows.table.name}: no row is left: {why}"
        raise ConfigError(msg)
    columns: dict[str, Any] = {
        name: _decimals(units[name][kept], precision) for name, precision in precisions.items()
    }
    if isinstance(spec, TradesFileSpec):
        columns |= _sides_and_ids(rows, spec, kept)
    stamps = stamps[kept]
    columns |= dict.fromkeys(("ts_event", "ts_init"), pa.array(stamps).cast(_STAMP))
    fields = [pa.field(name, column.type, nullable=False) for name, column in columns.items()]
    folder, metadata = _described(spec, instrument)
    return MarketRows(
        folder=folder,
        path=spec.path,
        batch=pa.RecordBatch.from_arrays(
            list(columns.values()), schema=pa.schema(fields, metadata=metadata)
        ),
        stamps=stamps,
        notes=rows.notes,
        dropped=dropped,
        rounded_sizes=int((rounded & kept).sum()),
        missing=rows.missing(spec.covers) if isinstance(spec, BarsFileSpec) else 0,
    )


def _described(spec: MarketFileSpec, instrument: Instrument) -> tuple[str, dict[str, str]]:
    """Return the folder and the metadata by which Nautilus finds and decodes the data."""
    metadata = {
        "instrument_id": str(instrument.id),
        "price_precision": str(instrument.price_precision),
        "size_precision": str(instrument.size_precision),
    }
    if isinstance(spec, BarsFileSpec):
        bar_type = bar_type_of(spec, instrument)
        # Folders are named as Nautilus names them.
        folder = f"bars/{bar_type.replace('/', '').replace('^', '_')}"
        return folder, metadata | {"bar_type": bar_type, "type_name": "Bar"}
    if isinstance(spec, QuotesFileSpec):
        return quotes_folder(instrument.id), metadata | {"type_name": "QuoteTick"}
    return trades_folder(instrument.id), metadata | {"type_name": "TradeTick"}


def _known(rows: Rows, spec: MarketFileSpec) -> NDArray[np.int64]:
    at = rows.stamps
    if isinstance(spec, BarsFileSpec) and spec.stamp == "start":
        at = after(at, spec.covers, rows.zone)
    return at + spec.delay.ns


def _in_units(
    rows: Rows, sources: dict[str, str], precisions: dict[str, int], instrument: Instrument
) -> tuple[Columns, NDArray[np.bool_]]:
    """Return prices and sizes in units of their last decimal, and where a size was rounded.

    The arrays are float64, whole numbers, and bool, of shape (rows,).

    Raises
    ------
    ConfigError
        If a price has more decimals than the instrument's, and so belongs to another one.

    """
    units = {}
    rounded = np.zeros(len(rows.table), np.bool_)
    for name, source in sources.items():
        exact = numbers(rows.table, source) * 10.0 ** precisions[name]
        units[name] = np.rint(exact)
        # More than the rounding error of a float64 of this size.
        is_finer = np.abs(exact - units[name]) > np.maximum(1e-6, 1e-12 * np.abs(exact))
        if name in SIZES:
            rounded |= is_finer
        elif is_finer.any():
            expected = (
                f"a price of at most {precisions[name]} decimals, as the price_increment of "
                f"{instrument.id} has"
            )
            raise rows.table.wrong(source, int(np.argmax(is_finer)), expected)
    return units, rounded


def _usable(spec: MarketFileSpec, units: Columns) -> tuple[NDArray[np.bool_], dict[str, int]]:
    """Return which rows can be traded on, and how many cannot, by reason."""
    # A bar without trades is valid.
    least = {name: 0.0 if name == "volume" else 1.0 for name in units}
    are_positive = [(u >= least[name]) & (u < _EXACT_TO) for name, u in units.items()]
    reasons = {"not positive": ~np.all(are_positive, axis=0)}
    if isinstance(spec, QuotesFileSpec):
        reasons["crossed"] = units["bid_price"] >= units["ask_price"]
    if isinstance(spec, BarsFileSpec):
        opened, closed = units["open"], units["close"]
        reasons["high or low inside"] = (units["high"] < np.maximum(opened, closed)) | (
            units["low"] > np.minimum(opened, closed)
        )
    kept, dropped = np.ones(len(next(iter(units.values()))), np.bool_), {}
    for why, rows in reasons.items():
        if count := int((rows & kept).sum()):
            dropped[why] = count
        kept &= ~rows
    return kept, dropped


def _decimals(units: NDArray[np.float64], precision: int) -> Any:
    """Return Nautilus's raw column of positive values in units of their last decimal."""
    words = np.zeros((len(units), 2), np.int64)
    words[:, 0] = units.astype(np.int64)
    kind = pa.decimal128(38, precision)
    scaled = pa.Array.from_buffers(kind, len(units), [None, pa.py_buffer(words)])
    return scaled.cast(pa.decimal128(38, RAW_DECIMALS))


def _sides_and_ids(rows: Rows, spec: TradesFileSpec, kept: NDArray[np.bool_]) -> dict[str, Any]:
    if spec.side:
        side = np.where(booleans(rows.table, spec.side, "buy or sell"), 1, 2)
    elif spec.buyer_is_maker:
        side = np.where(booleans(rows.table, spec.buyer_is_maker, "true or false"), 2, 1)
    else:
        side = np.zeros(len(kept), np.int64)
    ids = rows.table.columns[spec.trade_id] if spec.trade_id else pa.array(rows.table.rows)
    return {
        "aggressor_side": pa.array(_SIDES).take(pa.array(side[kept])),
        "trade_id": ids.cast(pa.string()).filter(pa.array(kept)),
    }
