"""The paths of recorded positions: what each would have gained at each step, held on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from backtests.exit_training.learning.gain_paths import Floats, GainPaths

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from backtests.exit_training.recorded.price_steps import PriceSteps
    from backtests.exit_training.recorded.result_positions import Position


@dataclass(frozen=True, kw_only=True)
class FactorSteps:
    """Factors as records had them.

    Attributes
    ----------
    names : tuple of str
        The factors.
    ts_ns : int64 array of shape (n,)
        ``ts_init`` of the records, UNIX nanoseconds.
    values : float64 array of shape (n, names)
        Their values.

    """

    names: tuple[str, ...]
    ts_ns: NDArray[np.int64]
    values: Floats


@dataclass(frozen=True, kw_only=True)
class BuiltPaths:
    """Paths, and the positions that have none.

    Attributes
    ----------
    paths : GainPaths
        The paths.
    assets : tuple of str
        The instruments, by their numbers in the paths.
    beyond_end : int
        Positions whose path would reach beyond the recorded prices.
    without_volatility : int
        Positions before whose entry the volatility was not known.

    """

    paths: GainPaths
    assets: tuple[str, ...]
    beyond_end: int
    without_volatility: int


def build_paths(  # noqa: PLR0913 - by name
    positions: Sequence[Position],
    prices: Mapping[str, PriceSteps],
    factors: FactorSteps,
    *,
    interval_ns: int,
    steps: int,
    keeps_own_exits: bool,
) -> BuiltPaths:
    """Follow positions over their horizon.

    At each step a path has what was known then: the newest price, the extremes until it, the
    newest record of factors. Of the row of prices in which a position was opened only the close
    counts, and after the position's own exit, if that is kept, nothing does.

    Parameters
    ----------
    positions : sequence of Position
        The positions, in the order of their entries.
    prices : mapping of str to PriceSteps
        The prices of each instrument.
    factors : FactorSteps
        The factors.
    interval_ns : int
        The length of a step, nanoseconds.
    steps : int
        The number of steps.
    keeps_own_exits : bool
        Whether a path ends with the position's own exit.

    """
    assets = tuple(sorted({position.instrument_id for position in positions}))
    rows = []
    beyond = unknown = 0
    for position in positions:
        of = prices[position.instrument_id]
        end_ns = position.entry_ns + steps * interval_ns
        if keeps_own_exits and position.exit_ns is not None:
            end_ns = min(end_ns, position.exit_ns)
        at_entry = int(np.searchsorted(of.ts_ns, position.entry_ns, side="right")) - 1
        if end_ns > of.ts_ns[-1]:
            beyond += 1
        elif at_entry < 0 or not of.volatility[at_entry] > 0:
            unknown += 1
        else:
            path = _path(position, of, interval_ns, steps, keeps_own_exits=keeps_own_exits)
            unit = float(of.volatility[at_entry]) * np.sqrt(steps)
            rows.append((position, *path, unit, _factors(position, factors, interval_ns, steps)))
    paths = GainPaths(
        entry_ns=np.array([row[0].entry_ns for row in rows], dtype=np.int64),
        asset=np.array([assets.index(row[0].instrument_id) for row in rows], dtype=np.int64),
        side=np.array([row[0].side for row in rows], dtype=np.int64),
        gain=_stacked([row[1] for row in rows], steps),
        best=_stacked([row[2] for row in rows], steps),
        worst=_stacked([row[3] for row in rows], steps),
        ranges=_stacked([row[4] for row in rows], steps),
        unit=np.array([row[5] for row in rows], dtype=np.float64),
        factors=np.array([row[6] for row in rows], dtype=np.float64).reshape(
            len(rows), steps + 1, len(factors.names)
        ),
    )
    return BuiltPaths(paths=paths, assets=assets, beyond_end=beyond, without_volatility=unknown)


def _stacked(rows: list[Floats], steps: int) -> Floats:
    return np.array(rows, dtype=np.float64).reshape(len(rows), steps + 1)


def _path(
    position: Position, prices: PriceSteps, interval_ns: int, steps: int, *, keeps_own_exits: bool
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return gain, best, worst and ranges of a position at each step."""
    side, entry = position.side, position.entry_price
    at_ns = position.entry_ns + interval_ns * np.arange(steps + 1)
    begin = int(np.searchsorted(prices.ts_ns, position.entry_ns, side="right"))
    rows = np.searchsorted(prices.ts_ns, at_ns, side="right") - 1
    window = slice(begin, max(begin, int(rows[-1]) + 1))
    close = prices.close[window]
    low, high = prices.low[window].copy(), prices.high[window].copy()
    # The row in which the position was opened began before it.
    low[:1], high[:1] = close[:1], close[:1]
    gains = side * (close / entry - 1)
    best = np.maximum.accumulate(np.maximum(side * ((high if side > 0 else low) / entry - 1), 0))
    worst = np.maximum.accumulate(np.maximum(-side * ((low if side > 0 else high) / entry - 1), 0))
    inside = rows - begin
    gain = _known(gains, inside)
    best, worst = _known(best, inside), _known(worst, inside)
    if keeps_own_exits and position.exit_ns is not None:
        own = side * (position.exit_price / entry - 1)
        after = at_ns >= position.exit_ns
        if after.any():
            last = max(int(after.argmax()) - 1, 0)
            gain[after] = own
            best[after] = max(float(best[last]), own)
            worst[after] = max(float(worst[last]), -own)
    return gain, best, worst, prices.ranges[np.maximum(rows, 0)]


def _known(values: Floats, rows: NDArray[np.int64]) -> Floats:
    """Return the values at rows; 0 before the first one, when there was no price yet."""
    if not len(values):
        return np.zeros(len(rows))
    return np.where(rows >= 0, values[np.maximum(rows, 0)], 0.0)


def _factors(position: Position, factors: FactorSteps, interval_ns: int, steps: int) -> Floats:
    """Return the factors that were known at each step; NaN before the first record."""
    if not factors.names or not len(factors.ts_ns):
        return np.full((steps + 1, len(factors.names)), np.nan)
    at_ns = position.entry_ns + interval_ns * np.arange(steps + 1)
    rows = np.searchsorted(factors.ts_ns, at_ns, side="right") - 1
    return np.where((rows >= 0)[:, None], factors.values[np.maximum(rows, 0)], np.nan)
