"""The kinds of market data that are recorded, and how rows of each are made."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from nautilus_trader.adapters.binance import BinanceFuturesLiquidation, BinanceFuturesOpenInterest
from nautilus_trader.adapters.bybit import BybitLiquidation
from nautilus_trader.adapters.deribit import DeribitVolatilityIndex
from nautilus_trader.adapters.hyperliquid import HyperliquidOpenInterest
from nautilus_trader.model import (
    FundingRateUpdate,
    IndexPriceUpdate,
    MarkPriceUpdate,
    OrderBookDelta,
    OrderBookDeltas,
    QuoteTick,
    TradeTick,
)
from nautilus_trader.serialization import (
    book_deltas_to_arrow_record_batch_bytes,
    index_prices_to_arrow_record_batch_bytes,
    mark_prices_to_arrow_record_batch_bytes,
    quotes_to_arrow_record_batch_bytes,
    trades_to_arrow_record_batch_bytes,
)

from adapters.computing.recording.market_frames import ARROW, ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class MarketKind(NamedTuple):
    """A kind of market data.

    Attributes
    ----------
    folder : str
        Of Nautilus's layout; also the name under which it is counted.
    frame : int
        The kind of its frames.
    encode : callable
        Makes the content of a frame of rows.
    is_book : bool
        Whether a datum has several rows, its ``deltas``.

    """

    folder: str
    frame: int
    encode: Callable[[list[Any]], bytes]
    is_book: bool = False


def _funding_rows(rates: list[FundingRateUpdate]) -> bytes:
    rows = [(str(r.rate), r.interval, r.next_funding_ns, r.ts_event, r.ts_init) for r in rates]
    return json.dumps(rows).encode()


def _custom_rows(data: list[Any]) -> bytes:
    return f"[{','.join(d.to_json() for d in data)}]".encode()


_BOOK: Final = "order_book_deltas"
_CUSTOM: Final = (
    BinanceFuturesLiquidation,
    BinanceFuturesOpenInterest,
    BybitLiquidation,
    DeribitVolatilityIndex,
    HyperliquidOpenInterest,
)
KINDS: Final[Mapping[type, MarketKind]] = {
    QuoteTick: MarketKind("quotes", ARROW, quotes_to_arrow_record_batch_bytes),
    TradeTick: MarketKind("trades", ARROW, trades_to_arrow_record_batch_bytes),
    OrderBookDeltas: MarketKind(
        _BOOK, ARROW, book_deltas_to_arrow_record_batch_bytes, is_book=True
    ),
    OrderBookDelta: MarketKind(_BOOK, ARROW, book_deltas_to_arrow_record_batch_bytes),
    MarkPriceUpdate: MarketKind("mark_prices", ARROW, mark_prices_to_arrow_record_batch_bytes),
    IndexPriceUpdate: MarketKind("index_prices", ARROW, index_prices_to_arrow_record_batch_bytes),
    FundingRateUpdate: MarketKind("funding_rates", ROWS, _funding_rows),
    **{t: MarketKind(f"custom/{t.__name__}", ROWS, _custom_rows) for t in _CUSTOM},
}
"""A datum's type → its kind."""
