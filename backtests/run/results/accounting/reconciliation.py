"""Reconciliation: whether fills, fees and fundings explain the balances that Nautilus kept."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
from nautilus_trader.model import AccountType, InstrumentId

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nautilus_trader.backtest import BacktestEngine

    from backtests.run.results.accounting.books import Books


def unexplained(
    engine: BacktestEngine, books: Books, pnl: Mapping[str, float]
) -> dict[str, float]:
    """Return what the balances gained beyond fills, fees and fundings, by currency.

    Parameters
    ----------
    engine : BacktestEngine
        The engine after its run.
    books : Books
        The books of the run.
    pnl : mapping of str to float
        What they come to, by currency, open positions at their last price.

    Returns
    -------
    dict of str to float
        By each currency of ``pnl``; 0 where the difference is no more than Nautilus's rounding of
        each booking to the currency's decimals.

    """
    gained: defaultdict[str, float] = defaultdict(float)
    decimals: dict[str, int] = {}
    for venue in engine.list_venues():
        account = engine.cache.account_for_venue(venue)
        if account is None:
            continue
        for currency, money in account.balances_total().items():
            start = account.starting_balances().get(currency)
            gained[currency.code] += money.as_double() - (start.as_double() if start else 0.0)
            decimals[currency.code] = currency.precision
    held, bought = _held(engine, books)
    bookings = len(books.ledger.fills) + len(books.ledger.funding) + 1
    found = {}
    for code, amount in pnl.items():
        rest = gained[code] - (amount - held[code] + bought[code])
        rounding = max(bookings * 10.0 ** -decimals.get(code, 0), 1e-9 * abs(held[code]))
        found[code] = rest if abs(rest) > rounding else 0.0
    return found


def _held(
    engine: BacktestEngine, books: Books
) -> tuple[defaultdict[str, float], defaultdict[str, float]]:
    """Return the value that is in ``pnl`` and not in the balances, and what was bought with them.

    A margin account has it of open positions since their opening; a cash account has paid for
    all of it, and has the base currency instead.
    """
    held: defaultdict[str, float] = defaultdict(float)
    bought: defaultdict[str, float] = defaultdict(float)
    ledger = books.ledger
    marks = {int(row["contract"]): row["mark"] for row in books.positions if row["is_open"]}
    net = np.bincount(
        ledger.contract[ledger.fills["position"]],
        ledger.fills["quantity"],
        len(ledger.contracts),
    )
    opened: defaultdict[str, list[Any]] = defaultdict(list)
    for position in engine.cache.positions_open():
        opened[str(position.instrument_id)].append(position)
    for index, mark in marks.items():
        contract = ledger.contracts[index]
        worth = contract.value(np.array([mark]))[0]
        instrument_id = InstrumentId.from_str(contract.instrument_id)
        account = engine.cache.account_for_venue(instrument_id.venue)
        if account is not None and account.account_type == AccountType.CASH:
            held[contract.currency] += float(net[index] * worth)
            base = getattr(engine.cache.instrument(instrument_id), "base_currency", None)
            if base is not None:
                bought[base.code] += float(net[index])
            continue
        for position in opened[contract.instrument_id]:
            entry = contract.value(np.array([position.avg_px_open]))[0]
            held[contract.currency] += float(position.signed_qty * (worth - entry))
    return held, bought
