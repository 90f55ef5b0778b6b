"""Whose data a file of public.bybit.com holds: its symbol and days, and NautilusTrader's id."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from adapters.exchanges.venues import bybit
from backtests.importing.backfilling.formats.archive_format import Origin, days_in

if TYPE_CHECKING:
    from backtests.importing.backfilling.archives.csv_blocks import Sample

BYBIT: Final = bybit.VENUE.name
SPOT: Final = "bybit_spot"
"""It has no live factors."""
_SYMBOL: Final = "[A-Z0-9]+(?:-[A-Z0-9]+){0,2}"
TRADES_NAME: Final = re.compile(rf"({_SYMBOL})(20\d\d-\d\d-\d\d)\.csv(?:\.gz)?")
SPOT_NAME: Final = re.compile(rf"({_SYMBOL})[_-](20\d\d-\d\d(?:-\d\d)?)\.csv(?:\.gz)?")
INDEX_NAME: Final = re.compile(
    rf"({_SYMBOL})(20\d\d-\d\d-\d\d)_(?:premium_index|index_price)\.csv(?:\.gz)?"
)
KLINES_NAME: Final = re.compile(
    rf"({_SYMBOL})_(\d+)_(20\d\d-\d\d)-01_20\d\d-\d\d-\d\d\.csv(?:\.gz)?"
)
_INVERSE: Final = re.compile(r"[A-Z0-9]+USD(?:[HMUZ]\d\d)?")


def name_of(sample: Sample, pattern: re.Pattern[str]) -> re.Match[str] | None:
    """Return the match of the first name of a sample, from the innermost, that has a form."""
    return next((f for n in reversed(sample.names) if (f := pattern.fullmatch(n))), None)


def origin_of_symbol(symbol: str, name: str, interval: str = "") -> Origin:
    """Return the origin of a derivative's data; the name states the days."""
    return Origin(BYBIT, symbol, instrument_of(symbol), interval, *days_in(name))


def instrument_of(symbol: str) -> str:
    """Return NautilusTrader's id of a derivative of Bybit."""
    kind = "INVERSE" if _INVERSE.fullmatch(symbol) else "LINEAR"
    return f"{symbol}-{kind}.BYBIT"
