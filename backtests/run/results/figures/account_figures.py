"""The figures of one currency: result, returns, drawdowns, exposure, positions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from backtests.run.results.accounting.books import EVERY_DAY
from backtests.run.results.accounting.measures.daily_returns import (
    ReturnFigures,
    daily_returns,
    return_figures,
)
from backtests.run.results.accounting.measures.drawdowns import Drawdown, drawdowns
from backtests.run.results.accounting.measures.exposure import ExposureFigures, exposure_figures
from backtests.run.results.accounting.measures.trade_figures import (
    LEAST_POSITIONS,
    TradeFigures,
    too_few,
    trade_figures,
)
from backtests.run.results.figures.instrument_figures import total

if TYPE_CHECKING:
    from backtests.run.results.accounting.books import Books

MOST_DRAWDOWNS: Final = 10
"""Drawdowns that are listed."""
_NS_PER_S: Final = 1e9
_DECIMALS: Final = 10


@dataclass(frozen=True, kw_only=True)
class AccountFigures:
    """The figures of one currency; those in money are in it, and None means: no statistic.

    Attributes
    ----------
    start, end : float
        The starting balances of all venues, and the equity at the end.
    pnl, price_pnl, funding, fees : float
        ``end - start``; the gain of the price; funding received; fees paid.
    unexplained : float
        What the balances gained beyond fills, fees and fundings; 0 unless something else was
        booked.
    slippage : float
        What fills paid beyond the price that was expected; contained in ``price_pnl``.
    return_on_equity : float, optional
        ``pnl`` over ``start``; None without a starting balance.
    return_on_notional : float, optional
        ``pnl`` over the mean notional value while something was held; None if nothing was.
    return_on_traded : float, optional
        ``pnl`` over the notional value of all fills; None without one.
    drawdowns : list of Drawdown
        The deepest ones of the equity, the deepest one first.
    returns : ReturnFigures
        Ratios of its daily returns.
    exposure : ExposureFigures
        How long and how much was held and traded.
    trades : TradeFigures
        Figures of the closed positions.

    """

    start: float
    end: float
    pnl: float
    price_pnl: float
    funding: float
    fees: float
    unexplained: float
    slippage: float
    return_on_equity: float | None
    return_on_notional: float | None
    return_on_traded: float | None
    drawdowns: list[Drawdown]
    returns: ReturnFigures
    exposure: ExposureFigures
    trades: TradeFigures


def account_figures(books: Books, currency: str, days_per_year: int) -> AccountFigures:
    """Return the figures of a currency.

    Parameters
    ----------
    books : Books
        The books of the run.
    currency : str
        The code of the currency.
    days_per_year : int
        The trading days of a year.

    """
    account, ledger = books.accounts[currency], books.ledger
    is_own = np.array([c.currency == currency for c in ledger.contracts], bool)
    positions = books.positions[is_own[books.positions["contract"]]]
    is_fee = np.array([c == currency for c in ledger.currencies], bool)
    fees = ledger.fills["fee"][is_fee[ledger.fills["fee_currency"]]]
    ts, equity = books.stated_ts, books.stated_equity(currency)
    exposure = exposure_figures(account.ts, account.notional, account.equity, account.traded)
    closed = np.sort(positions[~positions["is_open"]], order="exit_ns", kind="stable")
    holding_s = (closed["exit_ns"] - closed["entry_ns"]) / _NS_PER_S
    returns = return_figures(
        daily_returns(ts, equity, None if days_per_year == EVERY_DAY else books.market_days),
        days_per_year,
        is_owned=bool(np.all(equity > 0)),
    )
    if len(closed) < LEAST_POSITIONS and not returns.why_none:
        returns = ReturnFigures(
            days=returns.days, days_per_year=days_per_year, why_none=too_few(len(closed))
        )
    price_pnl, funding = total(positions["price_pnl"]), total(positions["funding"])
    pnl = round(price_pnl + funding - total(fees), _DECIMALS)
    return AccountFigures(
        start=account.start,
        end=round(account.start + pnl, _DECIMALS),
        pnl=pnl,
        price_pnl=price_pnl,
        funding=funding,
        fees=total(fees),
        unexplained=0.0,
        slippage=total(positions["slippage"]),
        return_on_equity=_over(pnl, account.start),
        return_on_notional=_over(pnl, exposure.mean_notional),
        return_on_traded=_over(pnl, exposure.traded),
        drawdowns=drawdowns(ts, equity, MOST_DRAWDOWNS),
        returns=returns,
        exposure=exposure,
        trades=trade_figures(closed["pnl"], holding_s),
    )


def _over(amount: float, base: float) -> float | None:
    return amount / base if base > 0 else None
