"""CalendarAdvice: when a strategy should stay out, and what is left of its trades then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backtests.advising.trade_outcomes import DAY_NS

if TYPE_CHECKING:
    from backtests.advising.calendar_effects import CalendarEffects, Effect
    from backtests.advising.trade_outcomes import TradeOutcomes
    from dolphin_strategies.calendar_factors.calendar_rule import CalendarRule


@dataclass(frozen=True, kw_only=True)
class CalendarAdvice:
    """What follows from the effects that survive.

    Attributes
    ----------
    stay_out : tuple of str
        The ranges of a CalendarFilter; empty: none is advised.
    trades, kept : int
        All trades, and those that begin outside these ranges.
    mean_bps, kept_bps : float
        What one of all trades paid, and one of those that are kept; NaN without any.

    """

    stay_out: tuple[str, ...]
    trades: int
    kept: int
    mean_bps: float
    kept_bps: float


def rules_of(effect: Effect) -> tuple[CalendarRule, ...]:
    """Return when to stay out because of an effect.

    Where trades in the range lose and pay less than the others, in the range; where those outside
    lose, outside; where both pay, nowhere: a filter would cost what it leaves out.
    """
    rule = effect.question.rule
    if effect.effect_bps < 0 and effect.mean_bps < 0:
        return (rule,)
    if effect.effect_bps > 0 and effect.others_bps < 0:
        return rule.complement
    return ()


def calendar_advice(outcomes: TradeOutcomes, effects: CalendarEffects) -> CalendarAdvice:
    """Return the ranges that follow from the effects, the surest first.

    A range is added while it still changes the trades that are left for the better: effects
    overlap, as a weekday and the sessions in it.
    """
    at, returns = outcomes.entry_ns, outcomes.return_bps
    is_kept = np.ones(len(at), bool)
    stay_out: list[str] = []
    for effect in effects.survivors:
        rules = rules_of(effect)
        drops = np.zeros(len(at), bool)
        for rule in rules:
            drops |= rule.holds(at)
        dropped, left = is_kept & drops, is_kept & ~drops
        is_tellable = len(np.unique(at[dropped] // DAY_NS)) > 1 and left.any()
        if rules and is_tellable and returns[dropped].mean() < min(0.0, returns[left].mean()):
            is_kept = left
            stay_out += [str(rule) for rule in rules]
    return CalendarAdvice(
        stay_out=tuple(stay_out),
        trades=len(at),
        kept=int(is_kept.sum()),
        mean_bps=float(returns.mean()) if len(at) else float("nan"),
        kept_bps=float(returns[is_kept].mean()) if is_kept.any() else float("nan"),
    )
