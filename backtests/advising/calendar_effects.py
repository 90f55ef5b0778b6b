"""CalendarEffects: what trades in each range paid more than the others, and how surely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from backtests.advising.block_permutation import block_orders, mean_block
from backtests.advising.questions import Question, all_questions
from backtests.advising.trade_outcomes import DAY_NS
from backtests.evaluation.measures.block_bootstrap import block_weights
from backtests.evaluation.measures.false_discoveries import adjusted_p_values

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from backtests.advising.trade_outcomes import TradeOutcomes

LEVEL: Final = 0.02
"""The chance of any advice where there is nothing: below 5 %, since neighbours' dependence is
only estimated."""
LEAST_TRADES: Final = 10
LEAST_DAYS: Final = 5
_AT_ONCE: Final = 1 << 23
"""Numbers of a matrix in memory at once."""


class Sides(NamedTuple):
    """The trades in each range and outside: 1 or 0, of shape (questions, trades)."""

    inside: NDArray[np.float64]
    outside: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Effect:
    """The answer to a question.

    Attributes
    ----------
    question : Question
        The range.
    trades, days, others : int
        Trades in the range, the days on which they began, and trades outside.
    mean_bps, others_bps : float
        What a trade paid in the range and outside; NaN without any.
    low_bps, high_bps : float
        The 95 % interval of the difference, for this question alone; NaN if it was not asked.
    p, p_all, q : float
        How often chance alone gives such a difference: here; in any of the questions (the
        correction for looking at all of them); and the false-discovery rate. NaN: not asked.
    survives : bool
        Whether ``p_all`` is at most the level.

    """

    question: Question
    trades: int
    days: int
    others: int
    mean_bps: float
    others_bps: float
    low_bps: float
    high_bps: float
    p: float
    p_all: float
    q: float
    survives: bool

    @property
    def effect_bps(self) -> float:
        """What a trade in the range paid more than one outside."""
        return self.mean_bps - self.others_bps


@dataclass(frozen=True, kw_only=True)
class CalendarEffects:
    """All answers about some trades.

    Attributes
    ----------
    effects : tuple of Effect
        In the order of the questions.
    block : float
        The mean number of neighbouring trades that were kept together.
    draws, seed : int
        Orders and resamples, and their seed.
    level : float
        The chance of any advice where there is nothing.

    """

    effects: tuple[Effect, ...]
    block: float
    draws: int
    seed: int
    level: float

    @property
    def asked(self) -> int:
        """How many questions had enough trades."""
        return sum(not np.isnan(effect.p) for effect in self.effects)

    @property
    def survivors(self) -> tuple[Effect, ...]:
        """The effects that survive, the surest first."""
        found = [effect for effect in self.effects if effect.survives]
        return tuple(sorted(found, key=lambda e: (e.p_all, -abs(e.effect_bps))))


def calendar_effects(
    outcomes: TradeOutcomes,
    *,
    draws: int = 2_000,
    seed: int = 1,
    level: float = LEVEL,
    progress: Callable[[int], object] = lambda _: None,
) -> CalendarEffects:
    """Compare the trades in each range with the others.

    Parameters
    ----------
    outcomes : TradeOutcomes
        The trades.
    draws : int
        Orders of the trades by chance, and resamples.
    seed : int
        The same seed, the same result.
    level : float
        An effect survives if chance alone gives such a one in any question at most so often.
    progress : callable
        Called with the number of draws since the last call; there are twice ``draws``.

    Notes
    -----
    The statistic is Welch's t. Its distribution without an effect comes from orders of the trades
    in which neighbours that depend on each other stay together, and its largest value over all
    questions corrects for asking them all, with their overlap (P. Westfall, S. Young,
    *Resampling-Based Multiple Testing*, 1993, max T). The interval is of a circular block
    bootstrap of the trades.

    """
    questions = all_questions()
    at, returns = outcomes.entry_ns, outcomes.return_bps
    inside = np.zeros((len(questions), len(at)), np.float64)
    outside = np.zeros_like(inside)
    for i, (_, rule) in enumerate(questions):
        holds = rule.holds(at)
        inside[i] = holds
        outside[i] = ~holds & ~np.isnan(rule.values(at))
    days = at // DAY_NS
    is_asked = np.array([_is_enough(days, *pair) for pair in zip(inside, outside, strict=True)])
    block = mean_block(returns) if len(returns) else 1.0
    shape = len(questions)
    p, p_all = np.full(shape, np.nan), np.full(shape, np.nan)
    lows, highs = np.full(shape, np.nan), np.full(shape, np.nan)
    if is_asked.any():
        sides = Sides(inside[is_asked], outside[is_asked])
        chance = _Chance(draws, seed, progress)
        p[is_asked], p_all[is_asked] = _chances(returns, sides, block, chance)
        lows[is_asked], highs[is_asked] = _intervals(returns, sides, block, chance)
    q = adjusted_p_values(p)
    effects = tuple(
        Effect(
            question=question,
            trades=int(inside[i].sum()),
            days=len(np.unique(days[inside[i] > 0])),
            others=int(outside[i].sum()),
            mean_bps=_mean(returns, inside[i]),
            others_bps=_mean(returns, outside[i]),
            low_bps=float(lows[i]),
            high_bps=float(highs[i]),
            p=float(p[i]),
            p_all=float(p_all[i]),
            q=float(q[i]),
            survives=bool(p_all[i] <= level),
        )
        for i, question in enumerate(questions)
    )
    return CalendarEffects(effects=effects, block=block, draws=draws, seed=seed, level=level)


def _is_enough(
    days: NDArray[np.int64], inside: NDArray[np.float64], outside: NDArray[np.float64]
) -> bool:
    return all(
        part.sum() >= LEAST_TRADES and len(np.unique(days[part > 0])) >= LEAST_DAYS
        for part in (inside, outside)
    )


def _mean(returns: NDArray[np.float64], part: NDArray[np.float64]) -> float:
    return float(returns @ part / part.sum()) if part.any() else float("nan")


def welch(rows: NDArray[np.float64], sides: Sides) -> NDArray[np.float64]:
    """Return Welch's t of each row's returns, for each question.

    Parameters
    ----------
    rows : float64 array of shape (rows, trades)
        Returns.
    sides : Sides
        The trades in each range and outside.

    Returns
    -------
    float64 array of shape (rows, questions)

    """
    squares = rows * rows
    means, errors = [], []
    for part in sides:
        count = part.sum(axis=1)
        mean = rows @ part.T / count
        spread = np.maximum(squares @ part.T / count - mean * mean, 0.0)
        means.append(mean)
        errors.append(spread / (count - 1))
    error = np.sqrt(errors[0] + errors[1])
    difference = means[0] - means[1]
    return np.divide(difference, error, out=np.zeros_like(difference), where=error > 0)


class _Chance(NamedTuple):
    """How often something is drawn, from which seed, and who is told of it."""

    draws: int
    seed: int
    progress: Callable[[int], object]


def _chances(
    returns: NDArray[np.float64], sides: Sides, block: float, chance: _Chance
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return of each question how often chance gives its t, there and anywhere."""
    centred = returns - returns.mean()
    found = np.abs(welch(centred[None], sides)[0]) * (1 - 1e-12)
    random = np.random.default_rng([chance.seed, 1])
    here, anywhere, done = np.zeros(len(found)), np.zeros(len(found)), 0
    while done < chance.draws:
        size = min(chance.draws - done, max(1, _AT_ONCE // len(returns)))
        orders = block_orders(len(returns), block, size, random)
        drawn = np.abs(welch(centred[orders], sides))
        here += (drawn >= found).sum(axis=0)
        anywhere += (drawn.max(axis=1)[:, None] >= found).sum(axis=0)
        done += size
        chance.progress(size)
    return (1 + here) / (1 + chance.draws), (1 + anywhere) / (1 + chance.draws)


def _intervals(
    returns: NDArray[np.float64], sides: Sides, block: float, chance: _Chance
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the 95 % interval of each difference of means."""
    random = np.random.default_rng([chance.seed, 2])
    differences, done = [], 0
    while done < chance.draws:
        size = min(chance.draws - done, max(1, _AT_ONCE // len(returns)))
        weights = block_weights(len(returns), round(block), size, random).astype(np.float64)
        means = []
        for part in sides:
            count = weights @ part.T
            total = (weights * returns) @ part.T
            means.append(np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0))
        differences.append(means[0] - means[1])
        done += size
        chance.progress(size)
    low, high = np.nanquantile(np.concatenate(differences), [0.025, 0.975], axis=0)
    return low, high
