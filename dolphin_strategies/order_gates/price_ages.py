"""PriceAges: whether an instrument's newest price is young enough, by Nautilus's cache."""

from __future__ import annotations

from itertools import pairwise
from statistics import median_low
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.model import AggregationSource

from dolphin_strategies.order_gates.price_rules import BAR_SPANS, DISTANCES, SHORTEST_AGE_NS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nautilus_trader.common import Cache
    from nautilus_trader.model import BarType, InstrumentId

    from dolphin_strategies.order_gates.price_rules import PriceRules

_SOURCES: Final = (AggregationSource.EXTERNAL, AggregationSource.INTERNAL)
_SAMPLE: Final = 1_001


class PriceAges:
    """Tells whether an order of an instrument would meet a price that is too old.

    Parameters
    ----------
    cache : Cache
        Of the node or engine.
    rules : PriceRules
        How old a price may be, and which data gives one.

    Notes
    -----
    Nothing is kept and nothing is done between orders. Owned by the thread of the strategy.

    """

    __slots__ = ("_cache", "_rules")

    def __init__(self, cache: Cache, rules: PriceRules) -> None:
        self._cache = cache
        self._rules = rules

    def problem(self, instrument_id: InstrumentId, now_ns: int) -> str:
        """Return why an order that is sent now would have no price, or ``""``.

        Parameters
        ----------
        instrument_id : InstrumentId
            The order's instrument.
        now_ns : int
            The clock, UNIX nanoseconds.

        """
        rules = self._rules
        quote = self._cache.quote(instrument_id) if "quotes" in rules.kinds else None
        if quote is not None and not self._excess_ns(instrument_id, quote.ts_init, now_ns):
            return ""  # by far the most frequent case
        newest_ns = self._newest_ns(instrument_id)
        if newest_ns is None:
            return self._missing(instrument_id) if rules.needs_price else ""
        limit_ns = self._excess_ns(instrument_id, newest_ns, now_ns)
        if not limit_ns:
            return ""
        return f"PRICE_TOO_OLD: {instrument_id} has no price younger than {limit_ns / 1e9:g} s"

    def _missing(self, instrument_id: InstrumentId) -> str:
        """Return why there is no price yet, and what brings one."""
        what = f"PRICE_MISSING: {instrument_id} has no price yet"
        if self._rules.kinds != ("quotes",):
            return what
        return f"{what}; a node has quotes once on_start has called subscribe_quotes"

    def _excess_ns(self, instrument_id: InstrumentId, newest_ns: int, now_ns: int) -> int:
        """Return the greatest age, nanoseconds, that a price of an instant exceeds; 0: none."""
        rules = self._rules
        age_ns = now_ns + rules.latency_ns - newest_ns
        name = instrument_id.value
        if name in rules.max_age_ns:
            limit_ns = rules.max_age_ns[name]
        elif rules.other_max_age_ns is not None:
            limit_ns = rules.other_max_age_ns
        elif age_ns <= SHORTEST_AGE_NS:
            return 0
        else:
            limit_ns = self._usual_ns(instrument_id)
        return limit_ns if limit_ns is not None and age_ns > limit_ns else 0

    def bar_types(self, instrument_id: InstrumentId) -> list[BarType]:
        """Return the bar types of the shortest span of time, whose bars are prices."""
        if "bars" not in self._rules.kinds:
            return []
        known = [b for b in self._rules.bar_types if b.instrument_id == instrument_id]
        if known:
            return known
        found = [
            bar_type
            for source in _SOURCES
            for bar_type in self._cache.bar_types(source, instrument_id)
            if bar_type.spec.is_time_aggregated()
        ]
        shortest = min((b.spec.timedelta for b in found), default=None)
        return [b for b in found if b.spec.timedelta == shortest]

    def _newest_ns(self, instrument_id: InstrumentId) -> int | None:
        """Return ``ts_init`` of the newest price, UNIX nanoseconds."""
        kinds = self._rules.kinds
        cache = self._cache
        newest = [
            cache.quote(instrument_id) if "quotes" in kinds else None,
            cache.trade(instrument_id) if "trades" in kinds else None,
            *(cache.bar(bar_type) for bar_type in self.bar_types(instrument_id)),
        ]
        return max((row.ts_init for row in newest if row is not None), default=None)

    def _usual_ns(self, instrument_id: InstrumentId) -> int:
        """Return the greatest age by default: of the bars' span, or of the newest distances."""
        cache = self._cache
        ticks: Sequence[Any] = ()
        if "quotes" in self._rules.kinds:
            ticks = cache.quotes(instrument_id) or ()
        if not ticks and "trades" in self._rules.kinds:
            ticks = cache.trades(instrument_id) or ()
        usual_ns = 0
        if ticks:
            stamps = sorted({tick.ts_init for tick in ticks[:_SAMPLE]})
            distances = [later - earlier for earlier, later in pairwise(stamps)]
            usual_ns = DISTANCES * median_low(distances) if distances else 0
        elif bars := self.bar_types(instrument_id):
            usual_ns = BAR_SPANS * round(bars[0].spec.timedelta.total_seconds() * 1e9)
        return max(usual_ns, SHORTEST_AGE_NS)
