"""Bars that can be traded on: of positive prices, no price outside high and low."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from backtests.importing.backfilling.formats.archive_format import Converted
from backtests.importing.backfilling.formats.market_rows import bar_rows
from backtests.importing.backfilling.formats.rows.once_each import once_each

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backtests.importing.backfilling.formats.archive_format import Origin

_PRICES = ("open", "high", "low", "close")


def bars_of(
    origin: Origin, span: str, end_ns: NDArray[np.int64], table: pa.Table, volume: str = "volume"
) -> Converted:
    """Return bars of one instrument, each end once; others are left out and counted.

    Parameters
    ----------
    origin : Origin
        Whose they are.
    span : str
        The span of a bar as Nautilus names it, such as ``1-MINUTE``.
    end_ns : int64 array of shape (rows,)
        UNIX nanoseconds: the end of each bar.
    table : pyarrow.Table
        With ``open``, ``high``, ``low``, ``close`` and the volume.
    volume : str
        The column of volumes.

    """
    table, end_ns, notes = once_each(table, end_ns)
    opened, high, low, closed = (table[name] for name in _PRICES)
    is_usable = pc.and_(
        pc.and_(
            pc.greater_equal(high, pc.max_element_wise(opened, closed)),
            pc.less_equal(low, pc.min_element_wise(opened, closed)),
        ),
        pc.and_(
            pc.greater(low, pa.scalar(0).cast(low.type)),
            pc.greater_equal(table[volume], pa.scalar(0).cast(table[volume].type)),
        ),
    )
    usable = np.asarray(pc.fill_null(is_usable, fill_value=False), np.bool_)
    if not usable.all():
        notes["high or low inside, or not positive"] = int((~usable).sum())
        table, end_ns = table.filter(pa.array(usable)), end_ns[usable]
    columns = {**{name: table[name] for name in _PRICES}, "volume": table[volume]}
    return Converted((bar_rows(origin.instrument_id, span, end_ns, columns),), notes=notes)
