"""The holes of the markets as text: in the summary, and in words for the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from adapters.command.durations import show_duration
from adapters.command.instants import iso_instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from backtests.run.results.figures.market_figures import (
        HoleFigures,
        MarketFigures,
        TouchedTrade,
    )

MOST_HOLES: Final = 3
"""Holes of an instrument in the summary; all are in result.json and in the report."""


def market_lines(markets: Sequence[MarketFigures]) -> Iterator[str]:
    """Yield the lines of the summary: each market with its holes, the longest first."""
    for m in markets:
        yield f"  prices    {market_words(m)}"
        ranked = sorted(m.holes, key=lambda hole: (not _touches(hole), -length_ns(hole)))
        for hole in ranked[:MOST_HOLES]:
            yield f"            {_span(hole)}: {_touched(hole)}"
        if len(ranked) > MOST_HOLES:
            yield f"            and {len(ranked) - MOST_HOLES} more holes, which result.json has"
        if m.ending:
            yield f"            {ending_words(m)}"


def show_age(ns: int) -> str:
    """Return a length of time to the second, or shorter ones exactly: ``2d 3h``, ``5s``."""
    if ns < 60_000_000_000:
        return show_duration(ns)
    minutes, seconds = divmod(round(ns / 1e9), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s")]
    return " ".join(f"{n}{unit}" for n, unit in parts if n)


def market_words(m: MarketFigures) -> str:
    """Return how often a market was not there, and what that touched."""
    if m.max_price_age_ns is None:
        return f"{m.instrument_id}: of any age (max_price_age = none)"
    age = show_age(m.max_price_age_ns)
    if m.last_price_ns is None:
        return f"{m.instrument_id}: none in the window; orders cannot be filled"
    if not m.holes:
        return f"{m.instrument_id}: never older than {age}"
    touched = sum(map(_touches, m.holes))
    holes = f"{len(m.holes):,} hole{'s' if len(m.holes) > 1 else ''}"
    return (
        f"{m.instrument_id}: {holes} of more than {age}; {touched:,} touched trades or orders; "
        f"{_orders(sum(h.refused for h in m.holes))} refused, "
        f"{sum(h.waited for h in m.holes):,} waited"
    )


def _span(hole: HoleFigures) -> str:
    if hole.last_price_ns is None:
        return f"no price for {show_age(length_ns(hole))} from the window's start"
    if hole.until_ns is None:
        return f"no price after {iso_instant(hole.last_price_ns)}"
    return f"no price for {show_age(length_ns(hole))} after {iso_instant(hole.last_price_ns)}"


def _touched(hole: HoleFigures) -> str:
    parts = [trade_words(trade) for trade in hole.trades]
    parts += [f"{_orders(hole.refused)} refused"] if hole.refused else []
    parts += [f"{_orders(hole.waited)} waited"] if hole.waited else []
    return ", ".join(parts) or "touched nothing"


def _orders(number: int) -> str:
    return f"{number:,} order{'' if number == 1 else 's'}"


def trade_words(trade: TouchedTrade) -> str:
    """Return what was held, and since when."""
    return f"{trade.side} {trade.quantity:g} held since {iso_instant(trade.opened_ns)}"


def ending_words(m: MarketFigures) -> str:
    """Return what became of a position whose market ends before the window does."""
    if m.ending == "closed":
        return (
            f"ENDS BEFORE THE WINDOW: the end of the data, not the strategy, closed "
            f"{m.closed_quantity:+g} at the last price {m.close_price:.10g}"
        )
    if m.ending == "unresolved":
        return "ENDS IN A HOLE: A POSITION IS UNRESOLVED, valued at the last price before it"
    return "ends before the window, without a position"


def _touches(hole: HoleFigures) -> bool:
    return bool(hole.trades or hole.refused or hole.waited)


def length_ns(hole: HoleFigures) -> int:
    """Return the time from price (or the window's start) to price, nanoseconds; else longest."""
    if hole.until_ns is None:
        return (1 << 63) - 1
    return hole.until_ns - (hole.from_ns if hole.last_price_ns is None else hole.last_price_ns)
