"""LossRules: whether an account has lost more than it may, in a day or since its highest value."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

DAY_NS: Final = 86_400_000_000_000


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """What losses count from.

    Attributes
    ----------
    day : int
        Days since 1970, UTC.
    day_began : Decimal
        The account's value at the first look of that day.
    highest : Decimal
        Its highest value.
    newest : Decimal
        Its value at the newest look.

    """

    day: int
    day_began: Decimal
    highest: Decimal
    newest: Decimal

    def moved(self, amount: Decimal) -> Baseline:
        """Return the same losses of an account that is worth more by an amount."""
        return replace(
            self,
            day_began=self.day_began + amount,
            highest=self.highest + amount,
            newest=self.newest + amount,
        )


class LossRules:
    """Compares the value of an account with what losses count from.

    Parameters
    ----------
    max_daily_loss, max_drawdown : Decimal, optional
        The limits.
    baseline : Baseline, optional
        That of an earlier run.
    is_new_account : bool
        Whether the account began anew with this run, as a paper account does: what the earlier run
        had lost counts on.

    """

    def __init__(
        self,
        max_daily_loss: Decimal | None,
        max_drawdown: Decimal | None,
        baseline: Baseline | None = None,
        *,
        is_new_account: bool = False,
    ) -> None:
        self._max_daily_loss: Final = max_daily_loss
        self._max_drawdown: Final = max_drawdown
        self._is_new_account = is_new_account
        self.baseline = baseline

    def look(self, value: Decimal, now_ns: int) -> str:
        """Take the account's value at a time; return which limit is reached, or ``""``.

        Parameters
        ----------
        value : Decimal
            Balance and unrealised PnL.
        now_ns : int
            UNIX nanoseconds.

        """
        day, known = now_ns // DAY_NS, self.baseline
        if known is None:
            known = Baseline(day=day, day_began=value, highest=value, newest=value)
        elif self._is_new_account:
            known = known.moved(value - known.newest)
        self._is_new_account = False
        if day > known.day:
            known = replace(known, day=day, day_began=value)
        known = replace(known, highest=max(known.highest, value), newest=value)
        self.baseline = known
        in_day, in_all = known.day_began - value, known.highest - value
        return _lost("max_daily_loss", in_day, self._max_daily_loss, "since 00:00 UTC") or _lost(
            "max_drawdown", in_all, self._max_drawdown, "below the highest value"
        )

    def begin_anew(self) -> None:
        """Count losses from the next look on."""
        self.baseline = None


def _lost(name: str, loss: Decimal, limit: Decimal | None, what: str) -> str:
    if limit is None or loss < limit:
        return ""
    return f"{name}: {loss:.2f} lost {what}, the limit is {limit.normalize():f}"
