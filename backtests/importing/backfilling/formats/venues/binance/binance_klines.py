"""Binance's klines: bars of trades, and of the mark, the index and the premium."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from backtests.importing.backfilling.formats.archive_format import (
    ArchiveFormat,
    Converted,
    FieldSeries,
    named,
    shape_of,
)
from backtests.importing.backfilling.formats.exact_decimals import DECIMAL
from backtests.importing.backfilling.formats.market_rows import bar_rows, in_time_order, stamps_ns
from backtests.importing.backfilling.formats.venues.binance.binance_origin import (
    SPOT,
    USDM,
    origin_of,
)
from dolphin_strategies.factors.arrow import numpy_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backtests.importing.backfilling.archives.csv_blocks import Sample
    from backtests.importing.backfilling.formats.archive_format import Origin

_SHAPE: Final = shape_of(
    open_time="t",
    open="n",
    high="n",
    low="n",
    close="n",
    volume="n",
    close_time="t",
    quote_volume="n",
    count="i",
    taker_buy_volume="n",
    taker_buy_quote_volume="n",
    ignore="s",
)
_ALIASES: Final = {
    "quote_asset_volume": "quote_volume",
    "number_of_trades": "count",
    "taker_buy_base_volume": "taker_buy_volume",
    "taker_buy_base_asset_volume": "taker_buy_volume",
    "taker_buy_quote_asset_volume": "taker_buy_quote_volume",
}
_SECOND_NS: Final = 1_000_000_000
_UNITS: Final = {
    "s": ("SECOND", 1),
    "m": ("MINUTE", 60),
    "h": ("HOUR", 3_600),
    "d": ("DAY", 86_400),
    "w": ("WEEK", 604_800),
}
_MICROSECONDS_FROM: Final = 10**14


class _Kind(NamedTuple):
    """What the bars of a price are, and the live field that their closes are values of."""

    folder: str
    endpoint: str
    field: str
    name: str
    unit: str
    scale: float = 1.0


_MARK: Final = _Kind("markPriceKlines", "premium_index", "mark_price", "", "")
_INDEX: Final = _Kind("indexPriceKlines", "premium_index", "index_price", "", "")
_PREMIUM: Final = _Kind(
    "premiumIndexKlines", "", "", "premium_index_{asset_lc}_binance_bps", "bps", 10_000.0
)
_FOLDERS: Final = {kind.folder: kind.folder for kind in (_MARK, _INDEX, _PREMIUM)} | {
    "klines": "klines"
}


def span_of(interval: str) -> tuple[str, int]:
    """Return an interval such as ``15m`` as Nautilus names it, and its nanoseconds; 0: a month."""
    if interval == "1mo":
        return "1-MONTH", 0
    count, (unit, seconds) = int(interval[:-1]), _UNITS[interval[-1]]
    return f"{count}-{unit}", count * seconds * _SECOND_NS


def ends_of(start_ns: NDArray[np.int64], interval: str) -> NDArray[np.int64]:
    """Return the end of each bar, UNIX nanoseconds.

    The archive's ``close_time`` is a millisecond (or microsecond) earlier, and of bars that a
    maintenance cut it is the last trade's; no bar was known before the end of its interval.
    """
    _, span_ns = span_of(interval)
    if span_ns:
        return start_ns + span_ns
    months = start_ns.view("datetime64[ns]").astype("datetime64[M]") + 1
    return np.asarray(months.astype("datetime64[ns]").astype(np.int64))


def _origin(sample: Sample, folder: str) -> Origin | None:
    stated = named(sample, _FOLDERS)
    if stated is None:
        stated = _kind_by_values(sample)
    if stated != folder:
        return None
    is_spot = bool(sample.rows) and int(sample.rows[0][0]) >= _MICROSECONDS_FROM
    market = SPOT if is_spot else USDM if sample.header or folder != "klines" else ""
    origin = origin_of(sample, [], market=market)
    if origin is not None and not origin.interval:
        return None
    return origin


def _kind_by_values(sample: Sample) -> str:
    """Return what the bars are if their values show it: only trades have volume.

    Raises
    ------
    ValueError
        If they do not.

    """
    if any(float(row[5] or 0) for row in sample.rows):
        return "klines"
    msg = (
        "bars without volume: of the mark, the index or the premium? Keep them below a folder "
        "markPriceKlines, indexPriceKlines or premiumIndexKlines, as Binance does"
    )
    raise ValueError(msg)


def _bars(table: pa.Table, origin: Origin) -> Converted:
    start_ns, table = in_time_order(stamps_ns(table["open_time"]), table)
    start_ns, table, notes = _without_repeated(start_ns, table)
    is_usable = pc.and_(
        pc.and_(
            pc.greater_equal(table["high"], pc.max_element_wise(table["open"], table["close"])),
            pc.less_equal(table["low"], pc.min_element_wise(table["open"], table["close"])),
        ),
        pc.greater(table["low"], pa.scalar(0, table["low"].type)),
    )
    usable = np.asarray(pc.fill_null(is_usable, fill_value=False), np.bool_)
    if not usable.all():
        notes["high or low inside, or not positive"] = int((~usable).sum())
        start_ns, table = start_ns[usable], table.filter(pa.array(usable))
    span, _ = span_of(origin.interval)
    rows = bar_rows(
        origin.instrument_id,
        span,
        ends_of(start_ns, origin.interval),
        {name: table[name] for name in ("open", "high", "low", "close", "volume")},
    )
    return Converted((rows,), notes=notes)


def _closes(table: pa.Table, origin: Origin, kind: _Kind) -> Converted:
    start_ns, table = in_time_order(stamps_ns(table["open_time"]), table)
    start_ns, table, notes = _without_repeated(start_ns, table)
    _, span_ns = span_of(origin.interval)
    values = numpy_of(table["close"].cast(pa.float64()).fill_null(np.nan)) * kind.scale
    series = FieldSeries(
        source=f"{origin.venue}/{kind.endpoint}" if kind.endpoint else "",
        field=kind.field,
        name=kind.name,
        at_ns=ends_of(start_ns, origin.interval),
        values=values,
        every_ns=span_ns,
        unit=kind.unit,
    )
    return Converted(series=(series,), notes=notes)


def _without_repeated(
    start_ns: NDArray[np.int64], table: pa.Table
) -> tuple[NDArray[np.int64], pa.Table, dict[str, int]]:
    is_new = np.diff(start_ns, prepend=-1) > 0
    if is_new.all():
        return start_ns, table, {}
    notes = {"repeated": int((~is_new).sum())}
    return start_ns[is_new], table.filter(pa.array(is_new)), notes


def _format(folder: str, kind: _Kind | None) -> ArchiveFormat:
    names = ("open", "high", "low", "close", "volume") if kind is None else ("close",)
    number = DECIMAL if kind is None else pa.float64()
    return ArchiveFormat(
        name=f"binance {folder}",
        shapes=(_SHAPE,),
        types={"open_time": pa.int64(), **dict.fromkeys(names, number)},
        origin=partial(_origin, folder=folder),
        convert=_bars if kind is None else partial(_closes, kind=kind),
        aliases=_ALIASES,
    )


KLINES: Final = (
    _format("klines", None),
    *(_format(kind.folder, kind) for kind in (_MARK, _INDEX, _PREMIUM)),
)
