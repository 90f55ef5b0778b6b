"""The figures of one instrument: its part of the result, and the benchmark."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from backtests.run.results.accounting.measures.hold import HoldFigures

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from backtests.run.results.accounting.books import Books

_DECIMALS: Final = 10


@dataclass(frozen=True, kw_only=True)
class InstrumentFigures:
    """The figures of one instrument; those in money are in its currency.

    Attributes
    ----------
    currency : str
        The code of the currency of its profits.
    positions, fills : int
        Positions, open ones too, and fills.
    pnl, price_pnl, funding, fees, slippage : float
        As of a currency; fees in another currency are not among them.
    traded : float
        The notional value of all fills.
    hold : HoldFigures
        The benchmark: the instrument, bought at the start and held.

    """

    currency: str
    positions: int
    fills: int
    pnl: float
    price_pnl: float
    funding: float
    fees: float
    slippage: float
    traded: float
    hold: HoldFigures


def instrument_figures(books: Books, fills: Mapping[str, int]) -> dict[str, InstrumentFigures]:
    """Return the figures of each instrument of a run, traded or not.

    Parameters
    ----------
    books : Books
        The books of the run.
    fills : mapping of str to int
        The number of fills of each instrument; in the books one that reverses a position is two.

    """
    ledger, found = books.ledger, {}
    for index, contract in enumerate(ledger.contracts):
        own = books.positions[books.positions["contract"] == index]
        own_fills = ledger.fills[ledger.of_contract(index)]
        found[contract.instrument_id] = InstrumentFigures(
            currency=contract.currency,
            positions=len(own),
            fills=fills.get(contract.instrument_id, 0),
            pnl=total(own["pnl"]),
            price_pnl=total(own["price_pnl"]),
            funding=total(own["funding"]),
            fees=total(own["fees"]),
            slippage=total(own["slippage"]),
            traded=total(np.abs(own_fills["quantity"]) * contract.notional(own_fills["price"])),
            hold=books.hold[contract.instrument_id],
        )
    return found


def total(amounts: NDArray[np.float64]) -> float:
    """Return a sum without the rests of binary fractions."""
    return round(math.fsum(amounts.tolist()), _DECIMALS)
