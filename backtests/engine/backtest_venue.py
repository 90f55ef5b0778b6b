"""BacktestVenue: the simulated venue of a backtest, its account, its fees and its fills."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class BacktestVenue:
    """The ``[venue]`` table: the account, and how orders are filled.

    Attributes
    ----------
    account : "margin" or "cash"
        Its type.
    oms : "netting" or "hedging"
        One position per instrument, or one per entry.
    balances : list of str
        Starting balances, such as ``"100000 USDT"``.
    leverage : Decimal
        Of a margin account.
    maker_fee, taker_fee : Decimal
        Fractions of the notional.
    latency_ms : float
        From the order's sending to its arrival at the venue, milliseconds.
    fill_on : "auto", "quotes", "trades" or "bars"
        What moves the market that orders are matched against. ``auto``: quotes where the catalog
        has them, else trades, else bars.

    Raises
    ------
    ValueError
        If a value is out of its range, with the key.

    """

    account: Literal["margin", "cash"] = "margin"
    oms: Literal["netting", "hedging"] = "netting"
    balances: list[str] = field(default_factory=lambda: ["100000 USDT"])
    leverage: Decimal = Decimal(10)
    maker_fee: Decimal = Decimal("0.0002")
    taker_fee: Decimal = Decimal("0.0005")
    latency_ms: float = 0.0
    fill_on: Literal["auto", "quotes", "trades", "bars"] = "auto"

    def __post_init__(self) -> None:
        if not (self.leverage.is_finite() and self.leverage >= 1):
            msg = f"leverage: expected at least 1, found {self.leverage}"
            raise ValueError(msg)
        for name in ("maker_fee", "taker_fee"):
            fee = getattr(self, name)
            if not (fee.is_finite() and abs(fee) < 1):
                msg = f"{name}: expected a fraction such as 0.0005, found {fee}"
                raise ValueError(msg)
        if not 0 <= self.latency_ms < float("inf"):
            msg = f"latency_ms: expected 0 or more, found {self.latency_ms}"
            raise ValueError(msg)
        if not self.balances:
            msg = 'balances: expected at least one such as "100000 USDT", found none'
            raise ValueError(msg)
