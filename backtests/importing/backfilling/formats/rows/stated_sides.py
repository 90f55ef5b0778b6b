"""Trades whose files state the taker's side in words, and the symbol in each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from backtests.importing.backfilling.formats.archive_format import Converted
from backtests.importing.backfilling.formats.market_rows import (
    in_time_order,
    positive,
    trade_rows,
)

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from backtests.importing.backfilling.formats.archive_format import Origin


def trades_of(
    origin: Origin, at_ns: NDArray[np.int64], table: pa.Table, size: str, trade_id: str
) -> Converted:
    """Return trades of one instrument.

    Parameters
    ----------
    origin : Origin
        Whose they are.
    at_ns : int64 array of shape (rows,)
        UNIX nanoseconds.
    table : pyarrow.Table
        With ``price``, ``side`` and the two columns that are named; rows whose price or size is
        not positive are left out and counted.
    size, trade_id : str
        The columns of sizes and of ids.

    Raises
    ------
    ValueError
        If a side is neither buy nor sell.

    """
    notes: dict[str, int] = {}
    mask: Any = positive(table["price"], table[size])
    if mask is not None:
        notes["not positive"] = len(mask) - pc.sum(mask).as_py()
        at_ns, table = at_ns[mask.to_numpy(zero_copy_only=False)], table.filter(mask)
    at_ns, table = in_time_order(at_ns, table)
    columns = {
        "price": table["price"],
        "size": table[size],
        "is_sell": is_sell(table["side"]),
        "trade_id": table[trade_id],
    }
    return Converted((trade_rows(origin.instrument_id, at_ns, columns),), notes=notes)


def is_sell(side: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return whether the taker sold, of ``buy`` and ``sell`` in any case.

    Raises
    ------
    ValueError
        If there is another word.

    """
    lower = pc.utf8_lower(side)
    sold = pc.equal(lower, "sell")
    is_known = pc.fill_null(pc.or_(sold, pc.equal(lower, "buy")), fill_value=False)
    if not pc.all(is_known, min_count=0).as_py():
        others = [s for s in pc.unique(side).to_pylist() if str(s).lower() not in {"buy", "sell"}]
        msg = f"side: expected buy or sell, found {str(others[:3])[:80]}"
        raise ValueError(msg)
    return sold


def only_symbol(column: pa.ChunkedArray, symbol: str) -> None:
    """Refuse rows of other symbols.

    Raises
    ------
    ValueError
        If there are some.

    """
    found = pc.unique(column).to_pylist()
    if found != [symbol]:
        others = ", ".join(map(str, found[:4]))[:120]
        msg = f"expected rows of {symbol} alone, found those of {others}"
        raise ValueError(msg)
