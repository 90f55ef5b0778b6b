"""The last price of an instrument: of its newest quote, trade or bar."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.model import Bar, Price, QuoteTick

from adapters.catalog.files.market_tables import (
    bars_from_arrow,
    quotes_from_arrow,
    trades_from_arrow,
)
from adapters.catalog.reading.market.row_windows import read_window

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyarrow as pa

    from adapters.catalog.reading.market.market_tables import MarketTable

_FROM_ARROW: Final[dict[str, Callable[[pa.Table], list[Any]]]] = {
    "quotes": quotes_from_arrow,
    "trades": trades_from_arrow,
    "bars": bars_from_arrow,
}


def last_price(tables: Sequence[MarketTable], at_ns: int) -> Price:
    """Return the price that an instrument had last at an instant at which it had a new one.

    The middle of a quote, rounded to the precision of its prices; a trade's price; a bar's close.
    Of several it is that which Nautilus matches on, trades before quotes and bars before both.

    Parameters
    ----------
    tables : sequence of MarketTable
        What moves the instrument's market, in the order of delivery.
    at_ns : int
        ``ts_init`` of the price, UNIX nanoseconds.

    Raises
    ------
    ValueError
        If there is no price at that instant.

    """
    for table in reversed(tables):
        parts = list(read_window(table.files, at_ns, at_ns))
        if parts:
            return _price_of(_FROM_ARROW[table.kind](parts[-1])[-1])
    msg = f"expected a price at {at_ns}, found none"
    raise ValueError(msg)


def _price_of(row: Any) -> Price:
    if type(row) is QuoteTick:
        bid, ask = row.bid_price, row.ask_price
        step = Decimal(1).scaleb(-max(bid.precision, ask.precision))
        return Price.from_str(str(((bid.as_decimal() + ask.as_decimal()) / 2).quantize(step)))
    return row.close if type(row) is Bar else row.price
