"""The equity and the notional value held in one currency, at every instant of a run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from backtests.run.results.accounting.contract import Contract
    from backtests.run.results.accounting.ledger import Ledger


@dataclass(frozen=True, kw_only=True)
class CurrencyAccount:
    """What was owned in one currency, of all venues together.

    Attributes
    ----------
    currency : str
        Its code.
    start : float
        The starting balances.
    ts : int64 array of shape (instants,)
        UNIX nanoseconds, rising: the instants asked for and those of the fills.
    equity : float64 array of shape (instants,)
        The starting balances, plus the gain of the price of all positions, closed ones and open
        ones at the newest mark, plus funding received, minus fees paid.
    notional : float64 array of shape (instants,)
        The value of all positions, long and short ones added up.
    traded : float
        The notional value of all fills.

    """

    currency: str
    start: float
    ts: NDArray[np.int64]
    equity: NDArray[np.float64]
    notional: NDArray[np.float64]
    traded: float


class Accounts:
    """Make the account of each currency, contract by contract.

    Parameters
    ----------
    ledger : Ledger
        Fills, fees and fundings.
    ts : int64 array of shape (instants,)
        UNIX nanoseconds, rising.

    """

    def __init__(self, ledger: Ledger, ts: NDArray[np.int64]) -> None:
        self._ledger: Final = ledger
        self._ts: Final = ts
        self._equity: dict[str, NDArray[np.float64]] = {}
        self._notional: dict[str, NDArray[np.float64]] = {}
        self._traded: Counter[str] = Counter()
        held = ledger.held()
        self._opened: Final = np.abs(held) - np.abs(held - ledger.fills["quantity"])
        for code in (*(c.currency for c in ledger.contracts), *ledger.currencies):
            # A fill without a fee has no currency of it.
            if code and code not in self._equity:
                self._equity[code] = self._cash(code)
                self._notional[code] = np.zeros(len(ts))

    def add(self, index: int, marks: NDArray[np.float64]) -> None:
        """Add the positions of a contract.

        Parameters
        ----------
        index : int
            The contract, as an index of the ledger's.
        marks : float64 array of shape (instants,)
            Its newest price at the instants, NaN before the first one.

        """
        contract = self._ledger.contracts[index]
        chosen = self._ledger.of_contract(index)
        if not len(chosen):
            return
        fills, ts = self._ledger.fills[chosen], self._ts
        mark = _known_marks(marks, ts, fills)
        self._equity[contract.currency] += _gain(contract, fills, ts, mark)
        held = _at(ts, fills["ts"], _rounded(np.cumsum(self._opened[chosen]), contract))
        self._notional[contract.currency] += np.where(held > 0, held * contract.notional(mark), 0)
        notional = np.abs(fills["quantity"]) * contract.notional(fills["price"])
        self._traded[contract.currency] += float(np.sum(notional))  # type: ignore[assignment]

    def accounts(self) -> dict[str, CurrencyAccount]:
        """Return the account of each currency in which something is settled or paid."""
        return {
            code: CurrencyAccount(
                currency=code,
                start=self._ledger.balances.get(code, 0.0),
                ts=self._ts,
                equity=equity,
                notional=self._notional[code],
                traded=self._traded[code],
            )
            for code, equity in self._equity.items()
        }

    def _cash(self, code: str) -> NDArray[np.float64]:
        """Return the starting balances, plus funding, minus fees."""
        ledger, ts = self._ledger, self._ts
        is_fee = np.array([c == code for c in ledger.currencies], bool)
        paid = ledger.fills[is_fee[ledger.fills["fee_currency"]]]
        is_own = np.array([c.currency == code for c in ledger.contracts], bool)[ledger.contract]
        received = ledger.funding[is_own[ledger.funding["position"]]]
        cash = np.full(len(ts), ledger.balances.get(code, 0.0))
        cash -= _summed(ts, paid["ts"], paid["fee"])
        return cash + _summed(ts, received["ts"], received["amount"])


def _gain(
    contract: Contract, fills: NDArray[np.void], ts: NDArray[np.int64], mark: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the gain of the price of one contract since the start."""
    held = _at(ts, fills["ts"], _rounded(np.cumsum(fills["quantity"]), contract))
    paid = _at(ts, fills["ts"], np.cumsum(fills["quantity"] * contract.value(fills["price"])))
    return np.where(held != 0, held * contract.value(mark), 0.0) - paid


def _known_marks(
    marks: NDArray[np.float64], ts: NDArray[np.int64], fills: NDArray[np.void]
) -> NDArray[np.float64]:
    """Return the marks; where the market had no price yet, that of the newest fill."""
    unknown = np.isnan(marks)
    if not unknown.any():
        return marks
    newest = np.searchsorted(fills["ts"], ts[unknown], side="right") - 1
    known = marks.copy()
    known[unknown] = fills["price"][np.maximum(newest, 0)]
    return known


def _at(
    ts: NDArray[np.int64], stamps: NDArray[np.int64], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the newest value at each instant; 0 before the first one."""
    return np.concatenate([[0.0], values])[np.searchsorted(stamps, ts, side="right")]


def _summed(
    ts: NDArray[np.int64], stamps: NDArray[np.int64], amounts: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the sum of all amounts up to each instant."""
    order = np.argsort(stamps, kind="stable")
    return _at(ts, stamps[order], np.cumsum(amounts[order]))


def _rounded(quantity: NDArray[np.float64], contract: Contract) -> NDArray[np.float64]:
    """Return quantities without the rests of float sums, so that flat is exactly 0."""
    return np.round(quantity, contract.size_precision)
