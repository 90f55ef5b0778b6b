"""RiskLimits: what a node may hold, send and lose, and what happens when it has lost too much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, Self

type OnLoss = Literal["reduce", "halt", "flat"]


@dataclass(frozen=True, kw_only=True)
class RiskLimits:
    """The limits of a node; None, or empty: none.

    Exits pass all of them: an order that only reduces, or that closes no more than is open and
    not closed by other orders already. Money is in the account's currency.

    Attributes
    ----------
    instruments : frozenset of str
        The instruments of which orders are sent; empty: any.
    max_order_notional : Decimal, optional
        Of one order.
    max_position : mapping of str to Decimal
        By instrument, in its unit: the position with every order filled that would enlarge it.
    max_notional : Decimal, optional
        The same over all instruments, as money.
    max_orders_per_s : int, optional
        Orders in any second.
    max_factor_age_ns : int, optional
        How old the record may be on which the strategy acts, nanoseconds after its ``ts_event``.
    max_daily_loss : Decimal, optional
        Since the first look of a day, UTC, open positions included.
    max_drawdown : Decimal, optional
        Below the highest value of the account that was seen.
    on_loss : "reduce", "halt" or "flat"
        What happens once one of these two is lost.

    """

    instruments: frozenset[str] = frozenset()
    max_order_notional: Decimal | None = None
    max_position: Mapping[str, Decimal] = field(default_factory=dict)
    max_notional: Decimal | None = None
    max_orders_per_s: int | None = None
    max_factor_age_ns: int | None = None
    max_daily_loss: Decimal | None = None
    max_drawdown: Decimal | None = None
    on_loss: OnLoss = "flat"

    def plain(self) -> dict[str, Any]:
        """Return the limits that refuse orders, as JSON has them; :meth:`of_plain` reads them."""
        return {
            "instruments": sorted(self.instruments),
            "max_order_notional": _text(self.max_order_notional),
            "max_position": {name: str(limit) for name, limit in self.max_position.items()},
            "max_notional": _text(self.max_notional),
            "max_orders_per_s": self.max_orders_per_s,
            "max_factor_age_ns": self.max_factor_age_ns,
        }

    @classmethod
    def of_plain(cls, table: Mapping[str, Any]) -> Self:
        """Return the limits that :meth:`plain` described.

        Raises
        ------
        ValueError, TypeError, KeyError, ArithmeticError
            If the table is not of this version.

        """
        rate, age_ns = table["max_orders_per_s"], table["max_factor_age_ns"]
        return cls(
            instruments=frozenset(map(str, table["instruments"])),
            max_order_notional=_amount(table["max_order_notional"]),
            max_position={str(n): Decimal(v) for n, v in dict(table["max_position"]).items()},
            max_notional=_amount(table["max_notional"]),
            max_orders_per_s=None if rate is None else int(rate),
            max_factor_age_ns=None if age_ns is None else int(age_ns),
        )

    @property
    def bounds_entries(self) -> bool:
        """Whether an order can be refused by a limit."""
        return bool(self.instruments or self.max_position) or any(
            limit is not None
            for limit in (
                self.max_order_notional,
                self.max_notional,
                self.max_orders_per_s,
                self.max_factor_age_ns,
            )
        )


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)


def _amount(text: Any) -> Decimal | None:
    return None if text is None else Decimal(text)
