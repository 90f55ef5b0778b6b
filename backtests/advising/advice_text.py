"""The advice as text: a verdict, a table of the effects, and the lines of a filter."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from adapters.command.text_table import text_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backtests.advising.calendar_advice import CalendarAdvice
    from backtests.advising.calendar_effects import CalendarEffects, Effect

HEAD: Final = (
    "when trades begin", "trades", "days", "mean bp", "others bp", "effect bp", "95 % interval",
    "p", "p of all", "q", "verdict",
)  # fmt: skip
RIGHT: Final = frozenset(range(1, 10))
SHOWN: Final = 8
NO_EVIDENCE: Final = "no evidence"
TOO_FEW: Final = "too few trades"


def verdict_of(effect: Effect) -> str:
    """Return an effect's verdict in words."""
    if math.isnan(effect.p):
        return TOO_FEW
    if not effect.survives:
        return NO_EVIDENCE
    return "pays less" if effect.effect_bps < 0 else "pays more"


def rows_of(effects: Iterable[Effect]) -> list[list[str]]:
    """Return the cells of a table, a row for each effect."""
    return [
        [
            effect.question.label,
            f"{effect.trades:,}",
            f"{effect.days:,}",
            number(effect.mean_bps),
            number(effect.others_bps),
            number(effect.effect_bps),
            f"{number(effect.low_bps)} .. {number(effect.high_bps)}",
            chance(effect.p),
            chance(effect.p_all),
            chance(effect.q),
            verdict_of(effect),
        ]
        for effect in effects
    ]


def number(value: float) -> str:
    """Return basis points with their sign; a dash for none."""
    return "-" if math.isnan(value) else f"{value:+.1f}"


def chance(value: float) -> str:
    """Return a chance; a dash for none."""
    return "-" if math.isnan(value) else f"{value:.4f}"


def verdict_text(effects: CalendarEffects, advice: CalendarAdvice) -> str:
    """Return the verdict in one sentence."""
    if not effects.asked:
        return f"verdict: no evidence: {advice.trades:,} trades are too few for any question"
    found = len(effects.survivors)
    if not found:
        return (
            f"verdict: no evidence that the result depends on the calendar ({effects.asked} "
            "questions)"
        )
    surest = effects.survivors[0]
    return (
        f"verdict: the result depends on the calendar: {found} of {effects.asked} questions "
        f"survive, the surest: {surest.question.label} ({number(surest.effect_bps)} bp)"
    )


def filter_text(effects: CalendarEffects, advice: CalendarAdvice) -> str:
    """Return the lines of a filter, or why there is none; empty if nothing survives."""
    if not effects.survivors:
        return ""
    if not advice.stay_out:
        return "no filter: trades pay on both sides of what survives"
    lines = "\n".join(f'    "{rule}",' for rule in advice.stay_out)
    return (
        f"[strategy]\nstay_out = [\n{lines}\n]\n\n"
        f"with it {advice.kept:,} of {advice.trades:,} trades are left, which paid "
        f"{number(advice.kept_bps)} bp instead of {number(advice.mean_bps)} bp: in these trades, "
        "from which it was chosen; expect less, and run it over others"
    )


def summary(effects: CalendarEffects, advice: CalendarAdvice, days: int) -> str:
    """Return what the command prints."""
    order = sorted(
        (effect for effect in effects.effects if not math.isnan(effect.p)),
        key=lambda effect: (effect.p_all, effect.p),
    )
    shown = order[: max(SHOWN, len(effects.survivors))]
    parts = [
        f"{advice.trades:,} trades on {days:,} days, {number(advice.mean_bps)} bp each; about "
        f"{effects.block:.1f} neighbours depend on each other",
    ]
    if shown:
        parts.append(text_table([list(HEAD), *rows_of(shown)], right=RIGHT))
        if len(order) > len(shown):
            parts.append(f"{len(order) - len(shown)} more questions: no evidence")
    parts += [verdict_text(effects, advice), filter_text(effects, advice)]
    return "\n\n".join(part for part in parts if part)
