"""Fixed instants: fundings and expiries that follow a rule without exceptions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from dolphin_strategies.calendar_factors.calendar_factor import CalendarFactor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from dolphin_strategies.calendar_factors.calendar_factor import Instants, Values

MINUTE_NS: Final = 60_000_000_000
HOUR_NS: Final = 60 * MINUTE_NS
DAY_NS: Final = 24 * HOUR_NS
WEEK_NS: Final = 7 * DAY_NS
EXPIRY_NS: Final = 8 * HOUR_NS
"""The time of day of expiries."""
_FRIDAY_NS: Final = DAY_NS
"""The first Friday after 1970-01-01, which was a Thursday."""
_EXPIRIES: Final = (
    "08:00 UTC at Deribit (contract specifications: daily, weekly on Fridays, monthly and "
    "quarterly on the last Friday), Binance (options and quarterly futures) and OKX"
)


def _every_to(at: Instants, period_ns: int, offset_ns: int) -> Values:
    return (period_ns - (at - offset_ns) % period_ns) / MINUTE_NS


def _every_from(at: Instants, period_ns: int, offset_ns: int) -> Values:
    return ((at - offset_ns) % period_ns) / MINUTE_NS


def _last_fridays(months: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the expiry on the last Friday of months since 1970-01, UNIX nanoseconds."""
    last = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) - 1
    return (last - (last - 1) % 7) * DAY_NS + EXPIRY_NS


def _neighbours(at: Instants, months: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the last expiry and the next one; ``months``: 1 monthly, 3 quarterly."""
    month = (at // DAY_NS).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    this = month - month % months + months - 1
    before, own, after = (_last_fridays(this + step) for step in (-months, 0, months))
    is_over = at >= own
    return np.where(is_over, own, before), np.where(is_over, after, own)


def _friday_to(at: Instants, months: int) -> Values:
    return (_neighbours(at, months)[1] - at) / MINUTE_NS


def _friday_from(at: Instants, months: int) -> Values:
    return (at - _neighbours(at, months)[0]) / MINUTE_NS


def _both(name: str, what: str, high: float, source: str, **rule: int) -> Iterator[CalendarFactor]:
    """Yield the minutes to and from instants of one rule."""
    functions: tuple[Callable[..., Values], ...] = (_every_to, _every_from)
    if "months" in rule:
        functions = (_friday_to, _friday_from)
    for word, about, function in zip(("to", "from"), ("until", "since"), functions, strict=True):
        yield CalendarFactor(
            name=f"minutes_{word}_{name}",
            unit="minutes",
            about=f"{about} {what}",
            low=0.0,
            high=high,
            source=source,
            compute=partial(function, **rule),
        )


def _funding(hours: int, venues: str) -> Iterator[CalendarFactor]:
    return _both(
        f"funding_{hours}h",
        f"the funding of contracts that pay every {hours} h",
        60.0 * hours,
        f"{venues}: whole multiples of {hours} h since midnight UTC",
        period_ns=hours * HOUR_NS,
        offset_ns=0,
    )


FACTORS: Final = (
    *_funding(1, "Hyperliquid, Kraken, Coinbase, and single contracts elsewhere"),
    *_funding(4, "many contracts of Binance, Bybit and OKX"),
    *_funding(8, "Binance, Bybit and OKX, most contracts"),
    *_both("daily_expiry", "the daily expiry", 1_440.0, _EXPIRIES, period_ns=DAY_NS,
           offset_ns=EXPIRY_NS),
    *_both("weekly_expiry", "the weekly expiry", 10_080.0, _EXPIRIES, period_ns=WEEK_NS,
           offset_ns=_FRIDAY_NS + EXPIRY_NS),
    *_both("monthly_expiry", "the monthly expiry", 50_400.0, _EXPIRIES, months=1),
    *_both("quarterly_expiry", "the quarterly expiry", 141_120.0, _EXPIRIES, months=3),
)  # fmt: skip
"""The factors of fundings and expiries."""
