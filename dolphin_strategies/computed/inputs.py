"""Inputs: the streams of market data that factors are computed from, and what their sizes mean."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from nautilus_trader.model import InstrumentId, Price, Quantity

NAN: Final = math.nan
NEVER: Final = (1 << 63) - 1
"""The instant of what does not happen, UNIX nanoseconds."""


class DataKind(StrEnum):
    """What a factor can be computed from."""

    QUOTES = "quotes"
    TRADES = "trades"
    BOOK = "book"
    MARK = "mark"
    INDEX = "index"
    FUNDING = "funding"
    OPEN_INTEREST = "open_interest"
    LIQUIDATIONS = "liquidations"
    VOLATILITY_INDEX = "volatility_index"


class Input(NamedTuple):
    """One stream of market data.

    Attributes
    ----------
    kind : DataKind
        The kind of data.
    instrument_id : InstrumentId or str
        Its instrument; the name of the index for ``DataKind.VOLATILITY_INDEX``.

    """

    kind: DataKind
    instrument_id: InstrumentId | str


class Definition(NamedTuple):
    """What a size of one means.

    Attributes
    ----------
    multiplier : float
        Coins for a size of 1, or units of the quote currency if the contract is inverse.
    is_inverse : bool
        Whether the contract is worth a fixed amount of the quote currency.
    units : float
        How many coins the venue's prices are of: 1000 for 1000PEPE.

    """

    multiplier: float
    is_inverse: bool
    units: float = 1.0

    @classmethod
    def of(cls, instrument: Any, units: float = 1.0) -> Definition | None:
        """Return the definition of a Nautilus instrument; None for a quanto.

        Parameters
        ----------
        instrument : Instrument
            The instrument.
        units : float
            How many coins of the asset one unit of its base is.

        """
        if getattr(instrument, "is_quanto", False):
            return None
        is_inverse = bool(getattr(instrument, "is_inverse", False))
        coins = 1.0 if is_inverse else units
        return cls(number_of(instrument.multiplier) * coins, is_inverse, units)

    def coins(self, size: float, price: float) -> float:
        """Return the amount of the base currency."""
        return size * self.multiplier / price if self.is_inverse else size * self.multiplier

    def quote(self, size: float, price: float) -> float:
        """Return the amount of the quote currency."""
        return size * self.multiplier if self.is_inverse else size * self.multiplier * price


def key_of(data: Any) -> InstrumentId | str:
    """Return what an input of these data names: the instrument, or the index."""
    key: InstrumentId | str = (
        data.index_name if hasattr(data, "index_name") else data.instrument_id
    )
    return key


def number_of(decimal: Price | Quantity) -> float:
    """Return the float64 that is nearest to a Price or Quantity.

    Nautilus's own conversion is often one off in its last bit (2.0.0rc7).
    """
    return round(decimal.as_double(), decimal.precision)
