"""The factors computed anew from all events up to an instant, as a textbook would.

Nothing here is incremental, and nothing is shared with the product.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

import numpy as np

from tests.support.computed.events import PERPETUAL, SPOT, Event, Quote, Trade

NAN: Final = math.nan
SECOND: Final = 1_000_000_000
YEAR: Final = 365 * 86_400 * SECOND


@dataclass(frozen=True)
class Known:
    """All that was delivered up to an instant.

    Attributes
    ----------
    events : list of Event
        In the order of delivery.
    now : int
        The instant, UNIX nanoseconds.
    multiplier : float
        Coins, or quote currency, for a size of 1.
    is_inverse : bool
        Whether it is quote currency.

    """

    events: list[Event]
    now: int
    multiplier: float = 1.0
    is_inverse: bool = False

    def coins(self, size: float, price: float) -> float:
        """Return the coins of a size."""
        return size * self.multiplier / price if self.is_inverse else size * self.multiplier

    @cached_property
    def taken(self) -> dict[str, list[Quote]]:
        """Quotes that were not out of order, by instrument."""
        found: dict[str, list[Quote]] = {PERPETUAL: [], SPOT: []}
        for e in self.events:
            if isinstance(e, Quote) and e.ts <= self.now:
                newest = max((q.ts_event for q in found[e.instrument]), default=0)
                if e.ts_event >= newest:
                    found[e.instrument].append(e)
        return found

    @cached_property
    def good(self) -> dict[str, list[Quote]]:
        """Good quotes, by instrument."""
        return {name: [q for q in taken if q.is_good] for name, taken in self.taken.items()}

    def quotes(self, instrument: str = PERPETUAL) -> list[Quote]:
        """Return the good quotes."""
        return self.good[instrument]

    def touch(self, instrument: str = PERPETUAL) -> Quote | None:
        """Return the newest quote if it is good."""
        taken = self.taken[instrument]
        return taken[-1] if taken and taken[-1].is_good else None

    def trades(self) -> list[Trade]:
        """Return the trades."""
        return [e for e in self.events if isinstance(e, Trade) and e.ts <= self.now]

    def mid_before(self, ts: int, instrument: str = PERPETUAL) -> float | None:
        """Return the last good mid before an instant."""
        mids = [q.mid for q in self.quotes(instrument) if q.ts < ts]
        return mids[-1] if mids else None

    def mid_at(self, ts: int, instrument: str = PERPETUAL) -> float | None:
        """Return the last good mid at an instant."""
        return self.mid_before(ts + 1, instrument)

    def points(self, step: int) -> list[int]:
        """Return the points of a grid, from the first good quote of the perpetual on."""
        quotes = self.quotes()
        if not quotes:
            return []
        first = quotes[0].ts // step + 1
        return [n * step for n in range(first, self.now // step + 1)]


def touch_imbalance(k: Known) -> float:
    """Return the imbalance of the sizes at the touch."""
    q = k.touch()
    if q is None or q.bid_size + q.ask_size == 0:
        return NAN
    return (q.bid_size - q.ask_size) / (q.bid_size + q.ask_size)


def microprice_offset(k: Known) -> float:
    """Return the microprice over the mid, bps."""
    q = k.touch()
    if q is None or q.bid_size + q.ask_size == 0:
        return NAN
    micro = (q.bid * q.ask_size + q.ask * q.bid_size) / (q.bid_size + q.ask_size)
    return (micro / q.mid - 1) * 1e4


def order_flow(k: Known, *, window: int = 0, events: int = 0) -> float:
    """Return the order flow imbalance."""
    quotes = k.quotes()
    found = []
    for old, new in pairwise(quotes):
        flow = 0.0
        if new.bid >= old.bid:
            flow += k.coins(new.bid_size, new.bid)
        if new.bid <= old.bid:
            flow -= k.coins(old.bid_size, old.bid)
        if new.ask <= old.ask:
            flow -= k.coins(new.ask_size, new.ask)
        if new.ask >= old.ask:
            flow += k.coins(old.ask_size, old.ask)
        found.append((new.ts, flow))
    if k.touch() is None:
        return NAN
    if events:
        return math.fsum(f for _, f in found[-events:]) if len(found) >= events else NAN
    if k.now - quotes[0].ts < window:
        return NAN
    return math.fsum(f for ts, f in found if ts > k.now - window)


def quote_rate(k: Known, *, window: int) -> float:
    """Return good quotes a second."""
    quotes = k.quotes()
    if k.touch() is None or k.now - quotes[0].ts < window:
        return NAN
    return sum(q.ts > k.now - window for q in quotes) / (window / SECOND)


def window_of_trades(k: Known, *, window: int = 0, events: int = 0) -> list[Trade] | None:
    """Return the trades of a full window."""
    trades = k.trades()
    if events:
        return trades[-events:] if len(trades) >= events else None
    if not trades or k.now - trades[0].ts < window:
        return None
    return [t for t in trades if t.ts > k.now - window]


def trade_flow(k: Known, *, window: int = 0, events: int = 0) -> float:
    """Return the imbalance of bought and sold sizes."""
    trades = window_of_trades(k, window=window, events=events)
    bought = math.fsum(t.size for t in trades or () if t.side == 1)
    sold = math.fsum(t.size for t in trades or () if t.side == -1)
    return (bought - sold) / (bought + sold) if bought + sold > 0 else NAN


def volume_delta(k: Known, *, window: int = 0, events: int = 0) -> float:
    """Return coins bought less coins sold."""
    trades = window_of_trades(k, window=window, events=events)
    if trades is None:
        return NAN
    bought = math.fsum(k.coins(t.size, t.price) for t in trades if t.side == 1)
    return bought - math.fsum(k.coins(t.size, t.price) for t in trades if t.side == -1)


def trade_rate(k: Known, *, window: int) -> float:
    """Return trades a second."""
    trades = window_of_trades(k, window=window)
    return NAN if trades is None else len(trades) / (window / SECOND)


def vwap_distance(k: Known, *, window: int = 0, events: int = 0) -> float:
    """Return the mid over the average price, bps."""
    trades, q = window_of_trades(k, window=window, events=events), k.touch()
    if not trades or q is None:
        return NAN
    average = math.fsum(t.price * t.size for t in trades) / math.fsum(t.size for t in trades)
    return (q.mid / average - 1) * 1e4


def return_bps(k: Known, *, lag: int) -> float:
    """Return the mid over that of a while ago, bps."""
    q, before = k.touch(), k.mid_at(k.now - lag)
    return NAN if q is None or before is None else (q.mid / before - 1) * 1e4


def volatility(k: Known, *, window: int, sample: int, is_bipower: bool, is_yearly: bool) -> float:
    """Return the realised or bipower volatility."""
    quotes = k.quotes()
    if sample:
        points = k.points(sample)
        mids = [(ts, k.mid_before(ts) or NAN) for ts in points]
    else:
        mids = [(q.ts, q.mid) for q in quotes]
    if k.touch() is None or not mids or k.now - mids[0][0] < window:
        return NAN
    sizes = [(new[0], abs(math.log(new[1] / old[1]))) for old, new in pairwise(mids)]
    terms = [
        (ts, size * before if is_bipower else size * size)
        for (ts, size), before in zip(sizes, [0.0, *(s for _, s in sizes)], strict=False)
    ]
    total = math.fsum(term for ts, term in terms if ts > k.now - window)
    weight = math.pi / 2 if is_bipower else 1.0
    scale = math.sqrt(YEAR / window) * 100 if is_yearly else 1e4
    return math.sqrt(weight * total) * scale


def regime(k: Known, *, step: int, memory: int, model: tuple[Any, Any, Any], state: int) -> float:
    """Return the filtered probability of a state, by numpy over all returns that count."""
    began = k.now - k.now % memory - memory
    points = [ts for ts in k.points(step) if ts >= began]
    if k.touch() is None or not points or points[0] > began:
        return NAN
    transition, means, deviations = map(np.array, model)
    p = np.linalg.matrix_power(transition, 10_000)[0]
    for old, new in pairwise(k.mid_before(ts) or NAN for ts in points):
        logs = -0.5 * ((math.log(new / old) * 1e4 - means) / deviations) ** 2 - np.log(deviations)
        p = p @ transition * np.exp(logs - logs.max())
        p /= p.sum()
    return float(p[state])


def kyles_lambda(k: Known, *, window: int, step: int) -> float:
    """Return the slope of the mid's changes over net coins bought, of exact fractions."""
    points = k.points(step)
    if k.touch() is None or not points or k.now - points[0] < window:
        return NAN
    x, y = [], []
    for ts in points:
        if ts > k.now - window:
            coins = 0.0
            for t in k.trades():
                if ts - step <= t.ts < ts:
                    coins += t.side * k.coins(t.size, t.price)
            x.append(Fraction(coins))
            y.append(Fraction((k.mid_before(ts) or 0.0) - (k.mid_before(ts - step) or 0.0)))
    n = len(x)
    variation = n * sum(a * a for a in x) - sum(x) ** 2
    covariation = n * sum(a * b for a, b in zip(x, y, strict=True)) - sum(x) * sum(y)
    return float(Fraction(covariation) / variation) if variation else NAN


def basis(k: Known, a: float | None, b: float | None) -> float:
    """Return one mid over another, bps."""
    return NAN if a is None or b is None else (a / b - 1) * 1e4


def basis_now(k: Known) -> float:
    """Return the basis of the perpetual over spot."""
    a, b = k.touch(), k.touch(SPOT)
    return basis(k, a.mid if a else None, b.mid if b else None)


def basis_z_score(k: Known, *, window: int, step: int) -> float:
    """Return how many deviations the basis is from its mean, of exact fractions."""
    samples = []
    for ts in k.points(step):
        value = basis(k, k.mid_before(ts), k.mid_before(ts, SPOT))
        if not math.isnan(value):
            samples.append((ts, value))
    now = basis_now(k)
    if not samples or k.now - samples[0][0] < window or math.isnan(now):
        return NAN
    values = [Fraction(value) for ts, value in samples if ts > k.now - window]
    n = len(values)
    mean = sum(values) / n
    variance = sum((v - mean) ** 2 for v in values) / (n - 1)
    return float(Fraction(now) - mean) / math.sqrt(variance) if variance else NAN


def lead_lag(k: Known, *, lag: int) -> float:
    """Return the perpetual's log return less that of spot, bps."""
    a, b = k.touch(), k.touch(SPOT)
    before, other = k.mid_at(k.now - lag), k.mid_at(k.now - lag, SPOT)
    if a is None or b is None or before is None or other is None:
        return NAN
    return (math.log(a.mid / before) - math.log(b.mid / other)) * 1e4
