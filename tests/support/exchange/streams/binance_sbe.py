"""Binance spot's answers in Simple Binary Encoding, which Nautilus's client asks for.

The layout is that of Binance's schema ``spot_3_4.xml``
(https://github.com/binance/binance-spot-api-docs/tree/master/sbe/schemas): a message header,
little-endian numbers, groups with a header of block length and count, strings with their length.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from tests.support.exchange.streaming.listings import decimals

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.support.exchange.streaming.listings import Listing

MEDIA_TYPE: Final = "application/sbe"
SCHEMA: Final = (3, 4)
EXCHANGE_INFO: Final = 103
DEPTH: Final = 200
PRICE_FILTER: Final = 1
LOT_SIZE: Final = 4
MOST: Final = 10_000_000
_TRADING: Final = 0
_BREAK: Final = 3


def exchange_info(listings: Iterable[Listing]) -> bytes:
    """Return the body of ``GET /api/v3/exchangeInfo``."""
    symbols = [_symbol(row) for row in listings]
    no_rate_limits, no_filters, no_sors = _group(11, 0), _group(0, 0), _group(0, 0)
    head = _header(0, EXCHANGE_INFO) + no_rate_limits + no_filters
    return head + _group(19, len(symbols)) + b"".join(symbols) + no_sors


def depth(
    row: Listing,
    update: int,
    bids: Sequence[tuple[float, float]],
    asks: Sequence[tuple[float, float]],
) -> bytes:
    """Return the body of ``GET /api/v3/depth``."""
    tick, lot = decimals(row.tick), decimals(row.lot)
    found = _header(10, DEPTH) + struct.pack("<qbb", update, -tick, -lot)
    for side in (bids, asks):
        found += _group(16, len(side))
        for price, size in side:
            found += struct.pack("<qq", round(price * 10**tick), round(size * 10**lot))
    return found


def _symbol(row: Listing) -> bytes:
    status = _TRADING if row.is_trading else _BREAK
    all_order_types, yes, no = 0b111, 1, 0
    fixed = struct.pack(
        "<BBBBBH12B",
        *(status, 8, 8, 8, 8, all_order_types),
        *(yes, yes, yes, yes, yes, yes, yes, yes, no, 0, 0, no),
    )
    filters = [_filter(PRICE_FILTER, row.tick), _filter(LOT_SIZE, row.lot)]
    permissions = _group(0, 1) + _group(0, 1) + _text(b"SPOT")
    names = [f"{row.asset}USDT", row.asset, "USDT"]
    return b"".join(
        [
            fixed,
            _group(0, len(filters)),
            *map(_text, filters),
            permissions,
            *(_text(name.encode()) for name in names),
        ]
    )


def _filter(template: int, step: str) -> bytes:
    digits = decimals(step)
    least = round(float(step) * 10**digits)
    return _header(25, template) + struct.pack("<bqqq", -digits, least, MOST * 10**digits, least)


def _header(block_length: int, template: int) -> bytes:
    return struct.pack("<HHHH", block_length, template, *SCHEMA)


def _group(block_length: int, count: int) -> bytes:
    return struct.pack("<HI", block_length, count)


def _text(content: bytes) -> bytes:
    return bytes((len(content),)) + content
