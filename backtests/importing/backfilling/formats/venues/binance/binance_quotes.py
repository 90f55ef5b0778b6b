"""Binance's bookTicker: the best bid and ask of futures at every change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from backtests.importing.backfilling.formats.archive_format import (
    ArchiveFormat,
    Converted,
    shape_of,
)
from backtests.importing.backfilling.formats.exact_decimals import DECIMAL
from backtests.importing.backfilling.formats.market_rows import (
    in_time_order,
    positive,
    quote_rows,
    stamps_ns,
)
from backtests.importing.backfilling.formats.venues.binance.binance_origin import USDM, origin_of

if TYPE_CHECKING:
    from backtests.importing.backfilling.archives.csv_blocks import Sample
    from backtests.importing.backfilling.formats.archive_format import Origin

_SHAPE: Final = shape_of(
    update_id="i",
    best_bid_price="n",
    best_bid_qty="n",
    best_ask_price="n",
    best_ask_qty="n",
    transaction_time="t",
    event_time="t",
)


def _origin(sample: Sample) -> Origin | None:
    return origin_of(sample, ["bookTicker"], market=USDM)


def _converted(table: pa.Table, origin: Origin) -> Converted:
    notes = {}
    bid, ask = table["best_bid_price"], table["best_ask_price"]
    mask = positive(bid, ask, table["best_bid_qty"], table["best_ask_qty"])
    if mask is not None:
        notes["not positive"] = len(mask) - pc.sum(mask).as_py()
        table = table.filter(mask)
    crossed = pc.greater_equal(table["best_bid_price"], table["best_ask_price"])
    if count := pc.sum(crossed).as_py() or 0:
        notes["crossed"] = count
        table = table.filter(pc.invert(crossed))
    # The exchange sent it at the event time, which is a little after the transaction.
    init_ns, table = in_time_order(stamps_ns(table["event_time"]), table)
    columns = {
        "bid_price": table["best_bid_price"],
        "ask_price": table["best_ask_price"],
        "bid_size": table["best_bid_qty"],
        "ask_size": table["best_ask_qty"],
    }
    event_ns = stamps_ns(table["transaction_time"])
    rows = quote_rows(origin.instrument_id, init_ns, columns, event_ns)
    return Converted((rows,), notes=notes)


BOOK_TICKER: Final = ArchiveFormat(
    name="binance bookTicker",
    shapes=(_SHAPE,),
    types={
        "best_bid_price": DECIMAL,
        "best_bid_qty": DECIMAL,
        "best_ask_price": DECIMAL,
        "best_ask_qty": DECIMAL,
        "transaction_time": pa.int64(),
        "event_time": pa.int64(),
    },
    origin=_origin,
    convert=_converted,
    is_streamed=True,
)
