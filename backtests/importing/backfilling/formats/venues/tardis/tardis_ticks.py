"""Tardis's trades and quotes (``quotes``, ``book_ticker``)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
from nautilus_trader.adapters.tardis import load_tardis_quotes, load_tardis_trades

from adapters.catalog.files.market_tables import (
    market_folder,
    quotes_to_arrow,
    trades_to_arrow,
)
from backtests.importing.backfilling.formats.archive_format import (
    ArchiveFormat,
    Converted,
    shape_of,
)
from backtests.importing.backfilling.formats.venues.tardis.tardis_loading import TickKind, loaded
from backtests.importing.backfilling.formats.venues.tardis.tardis_origin import kind_in, origin_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backtests.importing.backfilling.archives.archive_file import Archive
    from backtests.importing.backfilling.archives.csv_blocks import Sample
    from backtests.importing.backfilling.formats.archive_format import Origin

_TRADES: Final = shape_of(
    exchange="s",
    symbol="s",
    timestamp="t",
    local_timestamp="t",
    id="s",
    side="s",
    price="n",
    amount="n",
)
_QUOTES: Final = shape_of(
    exchange="s",
    symbol="s",
    timestamp="t",
    local_timestamp="t",
    ask_amount="n",
    ask_price="n",
    bid_price="n",
    bid_amount="n",
)
_TRADE_KIND: Final = TickKind(_TRADES, load_tardis_trades, ("price",), ("amount",))
_QUOTE_KIND: Final = TickKind(
    _QUOTES, load_tardis_quotes, ("ask_price", "bid_price"), ("ask_amount", "bid_amount")
)
_LEFT_OUT: Final = "left_out"
"""The metadata with the number of rows of a block that are no usable ticks."""


def _trades_origin(sample: Sample) -> Origin | None:
    kind = kind_in(sample, "liquidations", "trades")
    if not kind:
        msg = (
            "the name states neither trades nor liquidations, which have the same columns: "
            "expected one such as binance-futures_trades_2026-01-01_BTCUSDT.csv.gz"
        )
        raise ValueError(msg)
    return origin_of(sample) if kind == "trades" else None


def _read_trades(archive: Archive, origin: Origin, most: int) -> Iterator[pa.Table]:
    for ticks, rows in loaded(archive, origin, _TRADE_KIND, most):
        kept = [t for t in ticks if t.price.raw > 0]
        if kept:
            yield _table(trades_to_arrow(kept), rows - len(kept))


def _read_quotes(archive: Archive, origin: Origin, most: int) -> Iterator[pa.Table]:
    for ticks, rows in loaded(archive, origin, _QUOTE_KIND, most):
        # The loader makes 0 of an empty side.
        kept = [
            q
            for q in ticks
            if 0 < q.bid_price.raw < q.ask_price.raw and q.bid_size.raw and q.ask_size.raw
        ]
        if kept:
            yield _table(quotes_to_arrow(kept), rows - len(kept))


def _table(batch: pa.RecordBatch, left_out: int) -> pa.Table:
    return pa.Table.from_batches([batch.replace_schema_metadata({_LEFT_OUT: str(left_out)})])


def _as_they_are(kind: str, table: pa.Table, origin: Origin) -> Converted:
    """Return rows that have Nautilus's columns already."""
    folder = market_folder(kind, origin.instrument_id)
    left_out = int((table.schema.metadata or {}).get(_LEFT_OUT.encode(), b"0"))
    batch: Any = table.replace_schema_metadata(None).combine_chunks().to_batches()[0]
    return Converted(((folder, batch),), notes={"no usable tick": left_out} if left_out else {})


TRADES: Final = ArchiveFormat(
    name="tardis trades",
    shapes=(_TRADES,),
    types={},
    origin=_trades_origin,
    read=_read_trades,
    convert=partial(_as_they_are, "trades"),
    is_streamed=True,
)
QUOTES: Final = ArchiveFormat(
    name="tardis quotes",
    shapes=(_QUOTES,),
    types={},
    origin=origin_of,
    read=_read_quotes,
    convert=partial(_as_they_are, "quotes"),
    is_streamed=True,
)
