"""Readings: the newest mark or index price, funding rate, open interest or volatility index."""

from __future__ import annotations

import math
from typing import Any, Final

from dolphin_strategies.computed.inputs import NAN, number_of
from dolphin_strategies.computed.states.market_state import MarketState

HOUR_NS: Final = 3_600_000_000_000
"""No venue's funding interval is shorter."""


class Reading(MarketState):
    """One number: ``number``, NaN before the first and while it is not usable."""

    __slots__ = ()

    def _take(self, number: float, ts_event: int, ts_init: int, *, may_be_negative: bool) -> bool:
        is_good = math.isfinite(number) and (may_be_negative or number > 0)
        is_taken = self.put_number(ts_event, ts_init, number if is_good else NAN)
        self.invalid += is_taken and not is_good
        return is_taken


class Price(Reading):
    """The newest MarkPriceUpdate or IndexPriceUpdate."""

    __slots__ = ()

    def take(self, data: Any) -> bool:
        """Take over a MarkPriceUpdate or an IndexPriceUpdate."""
        return self._take(
            number_of(data.value) / self.units, data.ts_event, data.ts_init, may_be_negative=False
        )


class OpenInterest(Reading):
    """The newest open interest, in the instrument's own unit."""

    __slots__ = ()

    def take(self, data: Any) -> bool:
        """Take over a BinanceFuturesOpenInterest or HyperliquidOpenInterest."""
        number = float(data.open_interest)
        return self._take(number, data.ts_event, data.ts_init, may_be_negative=False)


class VolatilityIndex(Reading):
    """The newest volatility index, percent a year."""

    __slots__ = ()

    def take(self, data: Any) -> bool:
        """Take over a DeribitVolatilityIndex."""
        return self._take(data.volatility, data.ts_event, data.ts_init, may_be_negative=False)


class Funding(Reading):
    """The newest FundingRateUpdate.

    Attributes
    ----------
    number : float
        The rate of one interval, a fraction.
    interval_minutes : float
        What the rate is for: the venue's statement, else the distance of two funding times of
        which the second was seen within an hour after the first; NaN: not known.
    next_ns : int
        The next funding, UNIX nanoseconds; 0: not known.

    """

    __slots__ = ("interval_minutes", "next_ns")

    def __init__(self) -> None:
        super().__init__()
        self.interval_minutes = NAN
        self.next_ns = 0

    def take(self, data: Any) -> bool:
        """Take over a FundingRateUpdate."""
        rate, before_ns = float(data.rate), self.ts_init
        if not self._take(rate, data.ts_event, data.ts_init, may_be_negative=True):
            return False
        next_ns, interval = data.next_funding_ns or 0, data.interval
        if interval:
            self.interval_minutes = float(interval)
        elif 0 < self.next_ns < next_ns and self.ts_init - before_ns < HOUR_NS:
            self.interval_minutes = (next_ns - self.next_ns) / 60e9
        self.next_ns = next_ns
        return True
