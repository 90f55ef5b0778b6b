"""InstrumentSpec: an instrument in TOML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class InstrumentSpec:
    """``[[instruments]]`` of an import, ``[instrument]`` of a backtest: a traded instrument.

    Attributes
    ----------
    id : str
        Such as ``BTCUSDT-PERP.BINANCE``.
    kind : "perpetual" or "spot"
        Its kind.
    base, quote, settlement : str
        Codes of its currencies; settled in ``quote`` by default.
    price_increment, size_increment : str
        Decimal text; the number of decimals is the precision.
    margin_init, margin_maint : str
        Fractions of the notional.
    multiplier : str
        What one of its size is worth: base currency, or quote currency if it is inverse.
    inverse : bool
        Whether a contract's value is in the quote currency and settled in the base currency.

    """

    id: str
    kind: Literal["perpetual", "spot"]
    base: str
    quote: str
    settlement: str = ""
    price_increment: str
    size_increment: str
    margin_init: str = "0"
    margin_maint: str = "0"
    multiplier: str = "1"
    inverse: bool = False
