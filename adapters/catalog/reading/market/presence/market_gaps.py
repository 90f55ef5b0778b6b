"""Market gaps: where an instrument has no price that is young enough to trade on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from adapters.catalog.reading.market.presence.price_instants import (
    bar_span_ns,
    median_distance_ns,
    price_instants,
)
from dolphin_strategies.order_gates.price_rules import BAR_SPANS, DISTANCES, SHORTEST_AGE_NS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from adapters.catalog.reading.market.market_tables import MarketTable


@dataclass(frozen=True, kw_only=True)
class MarketGap:
    """A span of time in which an instrument's price is too old.

    Attributes
    ----------
    after_ns : int
        ``ts_init`` of the last price before it, UNIX nanoseconds.
    until_ns : int or None
        ``ts_init`` of the next price; None: no price follows in the window.

    """

    after_ns: int
    until_ns: int | None


@dataclass(frozen=True, kw_only=True)
class MarketPresence:
    """When the market of one instrument is there, in a window.

    Attributes
    ----------
    instrument_id : str
        The instrument.
    max_age_ns : int or None
        How old its price may be, nanoseconds; None: of any age.
    first_ns, last_ns : int or None
        ``ts_init`` of the first and the last price, UNIX nanoseconds; None: there is no price.
    gaps : tuple of MarketGap
        The gaps that are longer than ``max_age_ns``, in order; the last one may have no end.

    """

    instrument_id: str
    max_age_ns: int | None
    first_ns: int | None
    last_ns: int | None
    gaps: tuple[MarketGap, ...]

    @property
    def ended_ns(self) -> int | None:
        """The last price, if it is too old at the window's end; None otherwise."""
        return self.gaps[-1].after_ns if self.gaps and self.gaps[-1].until_ns is None else None


def default_max_age_ns(tables: Sequence[MarketTable]) -> int:
    """Return how old an instrument's price may be by default, nanoseconds.

    Three times the bars' span; for quotes and trades 1,000 times the median distance of two
    prices; always 5 s at least.

    Parameters
    ----------
    tables : sequence of MarketTable
        What moves the instrument's market: :func:`~.price_instants.price_tables`.

    Raises
    ------
    ConfigError
        If a file cannot be read.

    """
    spans = [bar_span_ns(t.identifier) if t.kind == "bars" else None for t in tables]
    known = [span for span in spans if span is not None]
    if known and len(known) == len(tables):
        return max(BAR_SPANS * min(known), SHORTEST_AGE_NS)
    return max(DISTANCES * (median_distance_ns(tables) or 0), SHORTEST_AGE_NS)


def market_presence(
    instrument_id: str,
    tables: Sequence[MarketTable],
    window: tuple[int, int],
    max_age_ns: int | None,
    *,
    without: Sequence[tuple[int, int]] = (),
) -> MarketPresence:
    """Find when an instrument's market is there.

    Parameters
    ----------
    instrument_id : str
        The instrument.
    tables : sequence of MarketTable
        What moves its market.
    window : tuple of int
        Its start and its exclusive end, UNIX nanoseconds of ``ts_init``.
    max_age_ns : int, optional
        How old its price may be, nanoseconds; None: of any age.
    without : sequence of tuple of int
        Half-open windows whose prices are left out, UNIX nanoseconds.

    Raises
    ------
    ConfigError
        If a file cannot be read.

    """
    start_ns, end_ns = window
    first_ns: int | None = None
    last_ns: int | None = None
    gaps: list[MarketGap] = []
    for found in price_instants(tables, start_ns, end_ns):
        stamps = _outside(found, without)
        if not len(stamps):
            continue
        if last_ns is None:
            first_ns = int(stamps[0])
        else:
            # The distance between two pieces counts too.
            stamps = np.concatenate([[last_ns], stamps])
        last_ns = int(stamps[-1])
        if max_age_ns is not None:
            gaps += [
                MarketGap(after_ns=int(stamps[i]), until_ns=int(stamps[i + 1]))
                for i in np.flatnonzero(np.diff(stamps) > max_age_ns)
            ]
    if last_ns is not None and max_age_ns is not None and end_ns - 1 - last_ns > max_age_ns:
        gaps.append(MarketGap(after_ns=last_ns, until_ns=None))
    return MarketPresence(
        instrument_id=instrument_id,
        max_age_ns=max_age_ns,
        first_ns=first_ns,
        last_ns=last_ns,
        gaps=tuple(gaps),
    )


def _outside(ts: NDArray[np.int64], windows: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    """Return the instants that are in none of some half-open windows."""
    for first_ns, end_ns in windows:
        ts = ts[(ts < first_ns) | (ts >= end_ns)]
    return ts
