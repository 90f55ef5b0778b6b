"""Contract: what an instrument's prices are worth, in the currency in which it is settled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nautilus_trader.model import (
    AssetClass,
    BinaryOption,
    CurrencyPair,
    CurrencyType,
    PerpetualContract,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Contract:
    """An instrument, as far as amounts of money depend on it.

    Attributes
    ----------
    instrument_id : str
        The instrument.
    currency : str
        The code of the currency of its profits: the settlement currency.
    multiplier : float
        Units of the underlying that one contract stands for.
    is_inverse : bool
        Whether the profit of a contract is that of its reciprocal price.
    size_precision : int
        The decimals of a quantity.

    """

    instrument_id: str
    currency: str
    multiplier: float
    is_inverse: bool
    size_precision: int

    def value(self, price: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what one contract is worth, up to a constant, in the contract's currency.

        The profit of a quantity ``q`` bought at ``a`` and worth ``b`` is ``q (value(b) -
        value(a))``: of an inverse contract ``multiplier q (1 / a - 1 / b)``, of any other
        ``multiplier q (b - a)``, as in Nautilus's ``Position``.
        """
        return -self.multiplier / price if self.is_inverse else self.multiplier * price

    def notional(self, price: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the notional value of one contract, in the contract's currency."""
        return self.multiplier / price if self.is_inverse else self.multiplier * price


def contract_of(instrument: Any) -> Contract:
    """Return the contract of one of Nautilus's instruments."""
    currency = getattr(instrument, "settlement_currency", None)
    if currency is None:
        currency = instrument.base_currency if instrument.is_inverse else instrument.quote_currency
    return Contract(
        instrument_id=str(instrument.id),
        currency=currency.code,
        multiplier=instrument.multiplier.as_double(),
        is_inverse=instrument.is_inverse,
        size_precision=instrument.size_precision,
    )


def never_closes(instrument: Any) -> bool:
    """Return whether an instrument is traded on all days of a year.

    Spot and derivatives of crypto assets, perpetual contracts and prediction markets are; pairs
    of two national currencies, equities and other listed contracts are not.
    """
    if isinstance(instrument, CurrencyPair):
        pair = (instrument.base_currency, instrument.quote_currency)
        return any(currency.currency_type == CurrencyType.CRYPTO for currency in pair)
    return (
        isinstance(instrument, PerpetualContract | BinaryOption)
        or instrument.asset_class == AssetClass.CRYPTOCURRENCY
    )
