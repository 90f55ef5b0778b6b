"""The values of an order book: pure functions of its levels."""

from __future__ import annotations

import math
from bisect import bisect_right
from math import sumprod
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from adapters.exchanges.json_values import NAN
from adapters.exchanges.rest_venue import BadBodyError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

IMBALANCE_LEVELS: Final = (1, 5, 20)
DEPTH_BPS: Final = (5, 10, 25)

TOUCH_FIELDS: Final[Mapping[str, str]] = {
    "mid": "middle of best bid and ask, quote currency",
    "spread_bps": "best ask over best bid, bps of the mid",
    "imbalance_1": "-1 to 1, (bid size - ask size) / (bid size + ask size) at the touch",
    "microprice": "mid weighted by the opposite sizes, quote currency",
    "microprice_offset_bps": "microprice over mid, bps",
}
DEPTH_FIELDS: Final[Mapping[str, str]] = {
    f"{side}_depth_{bps}bps": f"quote currency, {side}s within {bps} bps of the mid"
    for bps in DEPTH_BPS
    for side in ("bid", "ask")
}
BOOK_FIELDS: Final[Mapping[str, str]] = {
    **TOUCH_FIELDS,
    "imbalance_5": "-1 to 1, of the sizes of the best 5 levels a side",
    "imbalance_20": "-1 to 1, of the sizes of the best 20 levels a side",
    **DEPTH_FIELDS,
}


class _Side(NamedTuple):
    prices: list[float]
    sizes: list[float]


def touch_values(
    bid: float, ask: float, bid_size: float = NAN, ask_size: float = NAN
) -> dict[str, float]:
    """Return the fields of ``TOUCH_FIELDS``.

    Parameters
    ----------
    bid, ask : float
        Best prices.
    bid_size, ask_size : float
        Sizes at these prices, in any unit; NaN where the exchange does not give them.

    Raises
    ------
    BadBodyError
        If the prices are not numbers above 0, or are crossed.

    """
    if not (bid > 0 and ask > 0):
        msg = f"expected a bid and an ask above 0, found {bid} and {ask}"
        raise BadBodyError(msg)
    if bid >= ask:
        msg = f"crossed book: bid {bid} is not below ask {ask}"
        raise BadBodyError(msg)
    mid = (bid + ask) / 2
    both = bid_size + ask_size
    has_sizes = bid_size >= 0 and ask_size >= 0 and both > 0
    microprice = (bid * ask_size + ask * bid_size) / both if has_sizes else NAN
    return {
        "mid": mid,
        "spread_bps": (ask - bid) / mid * 1e4,
        "imbalance_1": (bid_size - ask_size) / both if has_sizes else NAN,
        "microprice": microprice,
        "microprice_offset_bps": (microprice / mid - 1) * 1e4,
    }


def touch_or_nan(
    bid: float, ask: float, bid_size: float = NAN, ask_size: float = NAN
) -> tuple[dict[str, float], tuple[str, ...]]:
    """Return the touch of a body that also has other values, and what is wrong with the touch.

    Parameters
    ----------
    bid, ask, bid_size, ask_size : float
        See :func:`touch_values`.

    Returns
    -------
    tuple of dict and tuple
        The fields of ``TOUCH_FIELDS``, all NaN if the touch cannot be used; and why, if so.

    """
    try:
        return touch_values(bid, ask, bid_size, ask_size), ()
    except BadBodyError as error:
        return dict.fromkeys(TOUCH_FIELDS, NAN), (str(error),)


def book_values(
    bids: Any, asks: Any, *, levels_asked: int, sizes_in_quote: bool = False
) -> dict[str, float]:
    """Return the fields of ``BOOK_FIELDS``.

    Parameters
    ----------
    bids, asks : sequence of sequence
        Levels, best first: price, size, and whatever else the exchange adds.
    levels_asked : int
        The requested number of levels a side. A side with fewer levels is complete.
    sizes_in_quote : bool
        Sizes are amounts of the quote currency (inverse contracts), not of the base.

    Returns
    -------
    dict of str to float
        A depth that reaches beyond the requested levels is unknown, and NaN.

    Raises
    ------
    BadBodyError
        If a side is empty, not in order or has an invalid level, or the book is crossed.

    """
    bid, ask = _side(bids, "bids", falling=True), _side(asks, "asks", falling=False)
    values = touch_values(bid.prices[0], ask.prices[0], bid.sizes[0], ask.sizes[0])
    for n in IMBALANCE_LEVELS[1:]:
        b, a = math.fsum(bid.sizes[:n]), math.fsum(ask.sizes[:n])
        values[f"imbalance_{n}"] = (b - a) / (b + a) if b + a > 0 else NAN
    mid = values["mid"]
    for name, side in (("bid", bid), ("ask", ask)):
        is_whole = len(side.prices) < levels_asked
        distances = [abs(price - mid) for price in side.prices]
        for bps in DEPTH_BPS:
            n = bisect_right(distances, mid * bps / 1e4)
            amount = NAN
            if is_whole or n < len(distances):
                sizes = side.sizes[:n]
                amount = sum(sizes) if sizes_in_quote else sumprod(side.prices[:n], sizes)
            values[f"{name}_depth_{bps}bps"] = amount
    return values


def _side(levels: Any, what: str, *, falling: bool) -> _Side:
    if not isinstance(levels, list) or not levels:
        msg = f"{what}: expected levels, found {levels!r:.60}"
        raise BadBodyError(msg)
    try:
        prices = [float(level[0]) for level in levels]
        sizes = [float(level[1]) for level in levels]
    except (TypeError, ValueError, LookupError, OverflowError):
        msg = f"{what}: expected levels of price and size, found {levels!r:.120}"
        raise BadBodyError(msg) from None
    # A sum is NaN or infinite if one of its terms is.
    is_finite = math.isfinite(sum(prices)) and math.isfinite(sum(sizes))
    if not (is_finite and min(prices) > 0 and min(sizes) >= 0):
        msg = f"{what}: expected prices above 0 and sizes, found {levels!r:.120}"
        raise BadBodyError(msg)
    if prices != sorted(prices, reverse=falling) or len(set(prices)) < len(prices):
        msg = f"{what}: the levels are not in order of their prices"
        raise BadBodyError(msg)
    return _Side(prices, sizes)


def levels_of(rows: Any, price: str, size: str) -> list[list[Any]]:
    """Convert levels that an exchange sends as objects into arrays of price and size.

    Parameters
    ----------
    rows : object
        An array of objects; anything else gives no levels.
    price, size : str
        The members that hold price and size.

    """
    entries: Iterable[Any] = rows if isinstance(rows, list) else ()
    return [[row.get(price), row.get(size)] for row in entries if isinstance(row, dict)]
