"""Whose data a file of Tardis holds: the exchange and the symbol of its rows, Nautilus's id."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from nautilus_trader.adapters.tardis import tardis_normalize_symbol_str

from backtests.importing.backfilling.formats.archive_format import Origin, days_in

if TYPE_CHECKING:
    from backtests.importing.backfilling.archives.csv_blocks import Sample


class Exchange(NamedTuple):
    """An exchange as Tardis names it.

    Attributes
    ----------
    venue : str
        The venue in the registry of factors, or a name of the same form.
    code : str
        NautilusTrader's venue.
    kind : str
        What its instruments are.

    """

    venue: str
    code: str
    kind: str


EXCHANGES: Final = {
    "binance": Exchange("binance_spot", "BINANCE", "spot"),
    "binance-futures": Exchange("binance_usdm", "BINANCE", "perpetual"),
    "binance-delivery": Exchange("binance_coinm", "BINANCE", "other"),
    "bybit": Exchange("bybit", "BYBIT", "perpetual"),
    "bybit-spot": Exchange("bybit_spot", "BYBIT", "spot"),
    "okex": Exchange("okx", "OKX", "spot"),
    "okex-swap": Exchange("okx", "OKX", "perpetual"),
    "okex-futures": Exchange("okx", "OKX", "other"),
    "deribit": Exchange("deribit", "DERIBIT", "perpetual"),
    "hyperliquid": Exchange("hyperliquid", "HYPERLIQUID", "perpetual"),
    "coinbase": Exchange("coinbase", "COINBASE", "spot"),
    "kraken": Exchange("kraken", "KRAKEN", "spot"),
    "cryptofacilities": Exchange("kraken_futures", "KRAKEN", "other"),
    "bitmex": Exchange("bitmex", "BITMEX", "other"),
}
_IS_INVERSE: Final = re.compile(r"[A-Z0-9]+USD(?:[HMUZ]\d\d)?")
_DATED: Final = re.compile(r".*_\d{6}")


def origin_of(sample: Sample) -> Origin | None:
    """Return whose data a sample holds, by its first row; the names state the day.

    Raises
    ------
    ValueError
        If the exchange is not known.

    """
    if not sample.rows:
        return None
    exchange, symbol = sample.rows[0][:2]
    if exchange not in EXCHANGES:
        msg = f"exchange {exchange!r:.40}: expected one of {', '.join(EXCHANGES)}"
        raise ValueError(msg)
    days = next((d for n in reversed(sample.names) if (d := days_in(n))[0]), (None, None))
    return Origin(EXCHANGES[exchange].venue, symbol, instrument_of(exchange, symbol), "", *days)


def instrument_of(exchange: str, symbol: str) -> str:
    """Return NautilusTrader's id of an instrument of an exchange."""
    known = EXCHANGES[exchange]
    name = symbol
    if known.kind != "other" and not _DATED.fullmatch(symbol):
        is_inverse = _IS_INVERSE.fullmatch(symbol) is not None
        name = tardis_normalize_symbol_str(symbol, exchange, known.kind, is_inverse)
    return f"{name}.{known.code}"


def kind_in(sample: Sample, *kinds: str) -> str:
    """Return the kind of data that the names of a sample state; empty: none of these."""
    text = "/".join(sample.names).lower()
    return next((kind for kind in kinds if kind in text), "")
