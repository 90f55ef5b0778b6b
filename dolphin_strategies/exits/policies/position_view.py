"""PositionView: what a policy sees of an open position."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nautilus_trader.model import InstrumentId

    from dolphin_strategies.exits.policies.price_ranges import PriceRanges


class PositionView:
    """An open position at one instant.

    Gains and excursions are fractions of the average entry price, 0.01 for 1 %, before costs.
    Prices are mids of quotes, prices of trades or closes of bars, whichever came last; the highs
    and lows of bars count for the excursions.

    Attributes
    ----------
    instrument_id : InstrumentId
        The instrument.
    side : int
        1 if long, -1 if short.
    remaining : float
        The quantity as a fraction of the most that the position has held.
    entry_price : float
        Average price of the entries.
    opened_ns, now_ns : int
        When it was opened, and now: UNIX nanoseconds of the strategy's clock.
    price : float
        The newest price.
    gain : float
        At that price; negative for a loss.
    favourable, adverse : float
        The largest gain and the largest loss so far, 0 or more.
    is_whole : bool
        Whether the excursions are those since the entry: after a restart with an open position
        what happened before is not known, and they begin at the restart.
    volatility : float
        Standard deviation of log returns over one interval of the policy, as known when the
        position was opened; NaN while unknown.
    ranges : PriceRanges
        Ranges and volatility of the instrument's price now.
    factors : ExternalFactors or None
        The newest factors that may be traded on; None while there are none.
    bucket : str
        The policy's bucket of the instrument.

    Notes
    -----
    One object for each position, changed in place: a policy keeps no reference to it.

    """

    __slots__ = (
        "adverse",
        "bucket",
        "entry_price",
        "factors",
        "favourable",
        "gain",
        "instrument_id",
        "is_whole",
        "now_ns",
        "opened_ns",
        "price",
        "ranges",
        "remaining",
        "side",
        "volatility",
    )

    def __init__(  # noqa: PLR0913 - by name
        self,
        *,
        instrument_id: InstrumentId,
        side: int,
        entry_price: float,
        opened_ns: int,
        ranges: PriceRanges,
        bucket: str = "",
        is_whole: bool = True,
    ) -> None:
        self.instrument_id = instrument_id
        self.side = side
        self.entry_price = self.price = entry_price
        self.opened_ns = self.now_ns = opened_ns
        self.ranges = ranges
        self.volatility = ranges.volatility
        self.bucket = bucket
        self.is_whole = is_whole
        self.remaining = 1.0
        self.gain = self.favourable = self.adverse = 0.0
        self.factors: Any = None

    @property
    def held_ns(self) -> int:
        """Time since the position was opened, nanoseconds."""
        return self.now_ns - self.opened_ns

    def see(self, price: float, low: float, high: float, now_ns: int) -> None:
        """Take in a price, and the lowest and highest since the one before.

        Parameters
        ----------
        price, low, high : float
            In quote currency; what is not finite and above 0 is left out.
        now_ns : int
            UNIX nanoseconds.

        """
        self.now_ns = now_ns
        if not (0 < low <= price <= high < math.inf):
            return
        side, entry = self.side, self.entry_price
        self.price = price
        self.gain = side * (price / entry - 1)
        # Comparisons, not max: this is done for every quote.
        best = side * ((high if side > 0 else low) / entry - 1)
        self.favourable = max(self.favourable, best)
        worst = -side * ((low if side > 0 else high) / entry - 1)
        self.adverse = max(self.adverse, worst)
