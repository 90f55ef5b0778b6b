"""Whose data a file of data.binance.vision holds: its market, symbol, interval and days."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from adapters.exchanges.venues import binance_spot, binance_usdm
from backtests.importing.backfilling.formats.archive_format import Origin, days_in, named

if TYPE_CHECKING:
    from collections.abc import Collection

    from backtests.importing.backfilling.archives.csv_blocks import Sample

SPOT: Final = binance_spot.VENUE.name
USDM: Final = binance_usdm.VENUE.name
COINM: Final = "binance_coinm"
"""It has no live factors."""
_MARKETS: Final = {
    "futures/um/": USDM,
    "futures/cm/": COINM,
    "/um/": USDM,
    "/cm/": COINM,
    "spot/": SPOT,
}
_INTERVALS: Final = "1s|1m|3m|5m|15m|30m|1h|2h|4h|6h|8h|12h|1d|3d|1w|1mo"
_NAME: Final = re.compile(
    rf"([A-Z0-9]+(?:_[A-Z0-9]+)?)-({_INTERVALS}|[A-Za-z]+)-20\d\d-\d\d(?:-\d\d)?\.(?:zip|csv|csv\.gz)"
)
_COINM_SYMBOL: Final = re.compile(r"[A-Z0-9]+USD_(PERP|\d{6})")
_DELIVERY: Final = re.compile(r"_\d{6}$")


def origin_of(sample: Sample, kinds: Collection[str], *, market: str = "") -> Origin | None:
    """Return whose data a sample holds; None if its name states another kind.

    Parameters
    ----------
    sample : Sample
        Its names state the symbol and the days, and mostly the market.
    kinds : collection of str
        The kinds of data that it may be, as names and folders state them.
    market : str
        The venue that its rows show where no folder states it.

    Raises
    ------
    ValueError
        If the names do not state it.

    """
    found = next((f for n in reversed(sample.names) if (f := _NAME.fullmatch(n))), None)
    if found is None:
        msg = (
            "the name states no symbol: expected one such as BTCUSDT-aggTrades-2024-01-31.zip, "
            "as Binance names it"
        )
        raise ValueError(msg)
    symbol, middle = found[1], found[2]
    interval = middle if re.fullmatch(_INTERVALS, middle) else ""
    if not interval and middle.lower() not in {kind.lower() for kind in kinds}:
        return None
    market = named(sample, _MARKETS) or (COINM if _COINM_SYMBOL.fullmatch(symbol) else market)
    if not market:
        msg = (
            "neither a folder nor the rows state the market: keep it below a folder spot, "
            "futures/um or futures/cm, as Binance does"
        )
        raise ValueError(msg)
    first, end = days_in(found[0])
    return Origin(market, symbol, instrument_of(market, symbol), interval, first, end)


def instrument_of(market: str, symbol: str) -> str:
    """Return NautilusTrader's id of an instrument of Binance."""
    is_perpetual = market == USDM and not _DELIVERY.search(symbol)
    return f"{symbol}-PERP.BINANCE" if is_perpetual else f"{symbol}.BINANCE"
