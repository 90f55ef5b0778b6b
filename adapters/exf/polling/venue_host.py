"""VenueHost: the state that all sources of a venue share: rate limit, bans, clock."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from adapters.exf.polling.clock_skew import ClockSkew

if TYPE_CHECKING:
    from collections.abc import Callable

USED_SHARE: Final = 0.8
"""Share of the exchange's rate limit that is used: other programs may share the address."""
BURST_S: Final = 10.0
"""A burst may use as much of the rate limit as is allowed in this time."""
FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
JITTER: Final = 0.2


class VenueHost:
    """A venue's host, as this process uses it.

    Parameters
    ----------
    name : str
        The name of the venue.
    base_url : str
        Scheme and host of its requests.
    weight_per_minute : float, optional
        The exchange's rate limit; None: no limit is observed.
    clock_s : callable
        Returns monotonic seconds.

    """

    def __init__(
        self,
        name: str,
        base_url: str,
        weight_per_minute: float | None,
        clock_s: Callable[[], float],
    ) -> None:
        self.name: Final = name
        self.base_url: Final = base_url
        self.skew: Final = ClockSkew()
        self.rate_limited = 0
        self._clock_s: Final = clock_s
        self._rate_per_s = None if weight_per_minute is None else (
            weight_per_minute * USED_SHARE / 60
        )  # fmt: skip
        self._left = 0.0 if self._rate_per_s is None else self._rate_per_s * BURST_S
        self._filled_at_s = clock_s()
        self._pause_until_s = 0.0
        self._pauses = 0

    @property
    def budget_left(self) -> float | None:
        """Weight that may be used now; None without a rate limit."""
        return None if self._rate_per_s is None else self._refill(self._rate_per_s)

    @property
    def pause_left_s(self) -> float:
        """The remaining time in which nothing may be sent, seconds."""
        return max(0.0, self._pause_until_s - self._clock_s())

    def take(self, weight: float) -> bool:
        """Use some of the rate limit; return False if too little is left."""
        if self._rate_per_s is None:
            return True
        # A request that costs more than the burst requires the whole burst.
        if self._refill(self._rate_per_s) < min(weight, self._rate_per_s * BURST_S):
            return False
        self._left -= weight
        return True

    def pause(self, retry_after_s: float | None) -> float:
        """Pause for the time the exchange demands, or longer each time; return the seconds."""
        self.rate_limited += 1
        asked_s = retry_after_s
        if asked_s is None:
            asked_s = min(FIRST_PAUSE_S * 2**self._pauses, LONGEST_PAUSE_S)
            asked_s *= random.uniform(1, 1 + JITTER)  # noqa: S311 - no secret
        self._pauses = min(self._pauses + 1, 16)
        # Several requests in flight may be refused: the longest pause applies.
        self._pause_until_s = max(self._pause_until_s, self._clock_s() + asked_s)
        return asked_s

    def succeeded(self) -> None:
        """Forget earlier refusals."""
        self._pauses = 0

    def _refill(self, rate_per_s: float) -> float:
        now_s = self._clock_s()
        gained = (now_s - self._filled_at_s) * rate_per_s
        self._left = min(self._left + gained, rate_per_s * BURST_S)
        self._filled_at_s = now_s
        return self._left
