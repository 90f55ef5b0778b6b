"""The table of positions: each from flat to flat, with its results, costs and excursions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backtests.run.results.accounting.ledger import Ledger


POSITION: Final = np.dtype(
    [
        ("contract", np.int64),
        ("is_open", np.bool_),
        ("entry_ns", np.int64),
        ("exit_ns", np.int64),
        ("side", np.int64),
        ("quantity", np.float64),
        ("peak_quantity", np.float64),
        ("entry_price", np.float64),
        ("exit_price", np.float64),
        ("mark", np.float64),
        ("notional", np.float64),
        ("price_pnl", np.float64),
        ("funding", np.float64),
        ("fees", np.float64),
        ("pnl", np.float64),
        ("slippage", np.float64),
        ("mae", np.float64),
        ("mfe", np.float64),
        ("fills", np.int64),
        ("entry_order", np.int64),
        ("exit_order", np.int64),
    ]
)
"""A position from flat to flat; amounts are in its contract's currency.

``entry_ns`` and ``exit_ns`` are those of the first fill and of the last one, of an open position
the end of the run, UNIX nanoseconds. ``side``: 1 long, -1 short. ``quantity`` is all that was
entered, ``notional`` its value, ``peak_quantity`` the most that was held at once. ``entry_price``
and ``exit_price`` are averages of all entries and of all exits, NaN without an exit; ``mark`` is
the last price of an open position, NaN of a closed one. ``price_pnl`` is the gain of the price, of
an open position up to its mark; ``pnl`` is that, plus ``funding`` received, minus ``fees`` paid in
the same currency. ``slippage`` is paid, and contained in ``price_pnl``. ``mae`` and ``mfe`` are
the lowest and the highest gain of the price, realised and not, while it was open: at most, and at
least, 0. ``entry_order`` and ``exit_order`` are indexes of the ledger's ``order_ids``.
"""


@dataclass(frozen=True, kw_only=True)
class FillMarks:
    """What the market says about each fill.

    Attributes
    ----------
    lows, highs : float64 arrays of shape (fills,)
        The extremes of the price until the position's next fill; infinite where there is none.
    expected : float64 array of shape (fills,)
        The price that was expected when the order was sent; NaN where it is not known.
    last : float64 array of shape (contracts,)
        The last price of each contract; NaN without one.

    """

    lows: NDArray[np.float64]
    highs: NDArray[np.float64]
    expected: NDArray[np.float64]
    last: NDArray[np.float64]


def position_table(ledger: Ledger, marks: FillMarks, end_ns: int) -> NDArray[Any]:
    """Make the table of positions.

    Parameters
    ----------
    ledger : Ledger
        Fills, fees and fundings.
    marks : FillMarks
        Prices of the market about each fill.
    end_ns : int
        The end of the run, UNIX nanoseconds.

    Returns
    -------
    structured array of shape (positions,)
        As ``POSITION``, in the order in which they were opened.

    """
    fills, starts, is_open = ledger.fills, ledger.starts, ledger.is_open
    owner, count = fills["position"], len(ledger.position_ids)
    table = np.zeros(count, POSITION)
    if not count:
        return table
    lasts = np.append(starts[1:], len(fills)) - 1
    worth, size, held = _worth(ledger, fills["price"]), np.abs(fills["quantity"]), ledger.held()
    side = np.sign(fills["quantity"][starts])
    is_entry = np.sign(fills["quantity"]) == side[owner]

    def summed(amounts: NDArray[Any]) -> NDArray[np.float64]:
        return np.bincount(owner, amounts, count)

    table["contract"], table["is_open"], table["side"] = ledger.contract, is_open, side
    table["entry_ns"] = fills["ts"][starts]
    table["exit_ns"] = np.where(is_open, end_ns, fills["ts"][lasts])
    table["quantity"] = summed(size * is_entry)
    table["peak_quantity"] = np.maximum.reduceat(np.abs(held), starts)
    table["entry_price"] = _price(ledger, summed(size * worth * is_entry), table["quantity"])
    exited = summed(size * ~is_entry)
    table["exit_price"] = _price(ledger, summed(size * worth * ~is_entry), exited)
    table["notional"] = summed(size * np.abs(worth) * is_entry)
    last = marks.last[ledger.contract]
    # Where the market never had a price, the last fill is one.
    last = np.where(np.isnan(last), fills["price"][lasts], last)
    table["mark"] = np.where(is_open, last, np.nan)
    paid = ledger.running(fills["quantity"] * worth)
    open_worth = held[lasts] * _worth_of(ledger, ledger.contract, last)
    table["price_pnl"] = np.where(is_open, open_worth, 0.0) - paid[lasts]
    table["funding"] = np.bincount(ledger.funding["position"], ledger.funding["amount"], count)
    table["fees"] = summed(fills["fee"] * ledger.has_own_fee())
    table["pnl"] = table["price_pnl"] + table["funding"] - table["fees"]
    table["slippage"] = summed(_slippage(ledger, worth, marks.expected))
    worst, best = _excursions(ledger, marks, held, paid, worth)
    table["mae"] = np.minimum(np.minimum.reduceat(worst, starts), 0.0)
    table["mfe"] = np.maximum(np.maximum.reduceat(best, starts), 0.0)
    table["fills"] = np.bincount(owner, minlength=count)
    table["entry_order"], table["exit_order"] = fills["order"][starts], fills["order"][lasts]
    return table


def _slippage(
    ledger: Ledger, worth: NDArray[np.float64], expected: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return what each fill paid beyond its expected price; 0 where none is known."""
    paid = ledger.fills["quantity"] * (worth - _worth(ledger, expected))
    return np.where(np.isnan(paid), 0.0, paid)


def _excursions(
    ledger: Ledger,
    marks: FillMarks,
    held: NDArray[np.float64],
    paid: NDArray[np.float64],
    worth: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lowest and the highest gain of the price from each fill to the next one."""
    after = held * worth - paid
    worst, best = after, after
    for prices in (marks.lows, marks.highs):
        is_known = np.isfinite(prices)
        gain = held * _worth(ledger, np.where(is_known, prices, 1.0)) - paid
        gain = np.where(is_known, gain, after)
        worst, best = np.minimum(worst, gain), np.maximum(best, gain)
    return worst, best


def _worth(ledger: Ledger, prices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what one contract of each fill is worth at a price."""
    return _worth_of(ledger, ledger.contract[ledger.fills["position"]], prices)


def _worth_of(
    ledger: Ledger, contracts: NDArray[np.int64], prices: NDArray[np.float64]
) -> NDArray[np.float64]:
    multiplier, is_inverse = _terms(ledger)
    if not is_inverse.any():
        return multiplier[contracts] * prices
    inverse = is_inverse[contracts]
    return multiplier[contracts] * np.where(inverse, -1.0 / prices, prices)


def _price(
    ledger: Ledger, worth: NDArray[np.float64], quantity: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the average price of quantities whose worth is summed; NaN of none."""
    multiplier, is_inverse = _terms(ledger)
    average = np.full(len(worth), np.nan)
    np.divide(worth, quantity, out=average, where=quantity > 0)
    average /= multiplier[ledger.contract]
    return np.where(is_inverse[ledger.contract], -1.0 / average, average)


def _terms(ledger: Ledger) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    contracts: Sequence[tuple[float, bool]] = [
        (c.multiplier, c.is_inverse) for c in ledger.contracts
    ]
    multiplier, is_inverse = zip(*contracts, strict=True)
    return np.array(multiplier), np.array(is_inverse)
