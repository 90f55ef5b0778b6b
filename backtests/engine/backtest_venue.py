"""BacktestVenue: the simulated venue of a backtest, its account, its fees and its fills."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Final, Literal

from adapters.command.field_rules import CheckedFields, Fee, Rule, at_least

SOME_BALANCE: Final = Rule('at least one such as "100000 USDT"', bool)


@dataclass(frozen=True, kw_only=True)
class BacktestVenue(CheckedFields):
    """The ``[venue]`` table: the account, and how orders are filled.

    Attributes
    ----------
    account : "margin" or "cash"
        The account type.
    oms : "netting" or "hedging"
        One position per instrument, or one per entry.
    balances : list of str
        Starting balances, such as ``"100000 USDT"``.
    leverage : Decimal
        The leverage of a margin account.
    maker_fee, taker_fee : Decimal
        Fractions of the notional.
    latency_ms : float
        From the submission of an order to its arrival at the venue, milliseconds.
    fill_on : "auto", "quotes", "trades" or "bars"
        The kind of data that moves the market against which orders are matched. ``auto``: quotes
        if the catalog has them, else trades, else bars.

    Raises
    ------
    ValueError
        If a value is out of its range, with the key.

    """

    account: Literal["margin", "cash"] = "margin"
    oms: Literal["netting", "hedging"] = "netting"
    balances: Annotated[list[str], SOME_BALANCE] = field(default_factory=lambda: ["100000 USDT"])
    leverage: Annotated[Decimal, at_least(1)] = Decimal(10)
    maker_fee: Fee = Decimal("0.0002")
    taker_fee: Fee = Decimal("0.0005")
    latency_ms: Annotated[float, at_least(0)] = 0.0
    fill_on: Literal["auto", "quotes", "trades", "bars"] = "auto"
