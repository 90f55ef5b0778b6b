"""Whose data a file of OKX holds: its instrument and days, which are those of UTC+8."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from adapters.exchanges.venues import okx
from backtests.importing.backfilling.formats.archive_format import Origin, days_in

if TYPE_CHECKING:
    from backtests.importing.backfilling.archives.csv_blocks import Sample

OKX: Final = okx.VENUE.name
_SYMBOL: Final = "[A-Z0-9]+(?:-[A-Z0-9]+){1,4}"
_NAME: Final = re.compile(rf"({_SYMBOL})-([a-z]+)-(20\d\d-\d\d(?:-\d\d)?)\.(?:zip|csv|csv\.gz)")
_IS_SYMBOL: Final = re.compile(_SYMBOL)


def origin_of(sample: Sample, symbol: str, interval: str = "") -> Origin:
    """Return the origin of a file's data.

    Parameters
    ----------
    sample : Sample
        Its names state the days, and the instrument if no row does.
    symbol : str
        The instrument as a row states it; empty: the rows do not.
    interval : str
        The span of a row.

    Raises
    ------
    ValueError
        If neither a row nor a name states the instrument.

    """
    found = next((f for n in reversed(sample.names) if (f := _NAME.fullmatch(n))), None)
    symbol = symbol or (found[1] if found else "")
    if not _IS_SYMBOL.fullmatch(symbol):
        msg = (
            "no row and no name states the instrument: expected a name such as "
            "BTC-USDT-SWAP-trades-2025-04-19.zip, as OKX names it"
        )
        raise ValueError(msg)
    days = days_in(found[3]) if found else (None, None)
    return Origin(OKX, symbol, f"{symbol}.OKX", interval, *days)
