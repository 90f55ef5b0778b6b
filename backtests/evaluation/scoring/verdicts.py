"""Verdicts: what all figures of a factor come to, in one word and one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from adapters.command.durations import show_duration
from backtests.evaluation.measures.false_discoveries import adjusted_p_values
from backtests.evaluation.measures.look_ahead import DecayCurve, suspicion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backtests.evaluation.measures.redundancy import Redundancy
    from backtests.evaluation.scoring.factor_draft import FactorDraft
    from backtests.evaluation.scoring.figures import FactorFigures, HorizonFigures, Spread

NO_VALUES: Final = "no values"
TOO_SHORT: Final = "too short"
SUSPECT: Final = "look-ahead?"
NOTHING: Final = "nothing found"
UNSTABLE: Final = "unstable"
TOO_DEAR: Final = "costs eat it"
PAYS: Final = "pays"
PREDICTS: Final = "predicts"
VERDICTS: Final = {
    PAYS: "a discovery whose spread after cost is above zero by two standard errors",
    PREDICTS: "a discovery whose spread after cost is not surely above zero, or below",
    TOO_DEAR: "a discovery whose spread after cost is below zero at every horizon found",
    UNSTABLE: "a discovery with the other sign in more than a third of the months",
    SUSPECT: "it says of later returns what only one who saw them could; look how it is stamped",
    NOTHING: "no horizon is a discovery at the stated rate",
    TOO_SHORT: "fewer than five blocks in which it varies at every horizon: no statistic",
    NO_VALUES: "no values, or always the same one",
}
_LEAST_MONTHS: Final = 3
_OTHER_SIGN: Final = 1 / 3


def find_discoveries(factors: Sequence[FactorFigures], rate: float) -> None:
    """Enter discoveries into the figures of all factors, of all instruments.

    Parameters
    ----------
    factors : sequence of FactorFigures
        All factors, with error bars.
    rate : float
        The false-discovery rate over all factors, horizons and instruments.

    """
    every = [one.predicted for factor in factors for one in factor.horizons]
    for one, q_value in zip(
        every, adjusted_p_values(np.array([p.p_value for p in every])).tolist(), strict=True
    ):
        one.q_value, one.is_discovery = q_value, q_value <= rate


def judge(drafts: Sequence[FactorDraft], redundancy: Redundancy) -> None:
    """Enter clusters and verdicts into the figures of the factors of one instrument.

    Parameters
    ----------
    drafts : sequence of FactorDraft
        Its factors, with discoveries.
    redundancy : Redundancy
        Their clusters.

    """
    factors = [one.figures for one in drafts]
    for draft, cluster in zip(drafts, redundancy.clusters.tolist(), strict=True):
        draft.figures.cluster = cluster
        _suspect(draft)
        draft.figures.verdict, draft.figures.reason = _verdict(draft.figures)
    for factor in factors:
        rivals = [f for f in factors if f.cluster == factor.cluster]
        strongest = max(rivals, key=lambda rival: rival.best.predicted.strength)
        if strongest.best.predicted.strength > factor.best.predicted.strength:
            factor.same_as = strongest.name


def _suspect(one: FactorDraft) -> None:
    for i, figures in enumerate(one.figures.horizons):
        if figures.predicted.is_discovery:
            figures.suspicion = suspicion(
                DecayCurve(
                    ic=figures.predicted.rank_ic,
                    standard_error=figures.predicted.rank_ic_error,
                    ic_a_step_later=one.step_later[i],
                    ic_a_horizon_later=one.horizon_later[i],
                    ic_a_horizon_before=one.before[i],
                    step_autocorrelation=one.figures.step_autocorrelation,
                    horizon_autocorrelation=one.autocorrelations[i],
                )
            )


def _verdict(factor: FactorFigures) -> tuple[str, str]:
    best = factor.best
    if not factor.records or all(np.isnan(h.predicted.rank_ic) for h in factor.horizons):
        return NO_VALUES, f"{factor.records:,} records with a value, {factor.distinct:,} distinct"
    if all(np.isnan(h.predicted.p_value) for h in factor.horizons):
        return TOO_SHORT, f"{best.predicted.blocks:.1f} blocks, {best.predicted.rows:,} instants"
    found = [h for h in factor.horizons if h.predicted.is_discovery]
    if not found:
        return NOTHING, f"best {_shown(best)}, q {best.predicted.q_value:.2g}"
    suspicions = [h for h in found if h.suspicion]
    if suspicions:
        first = suspicions[0]
        return SUSPECT, f"at {show_duration(first.horizon_ns)} {first.suspicion}"
    others = _other_sign(best)
    if others is not None and others > _OTHER_SIGN:
        return UNSTABLE, f"{_shown(best)}, but the other sign in {others:.0%} of the months"
    paying = max(found, key=lambda h: _surety(h.spread))
    net, error = paying.spread.net, paying.spread.net_error
    earned = (
        f"{_shown(best)}; after cost {net * 1e4:+.1f} ± {error * 1e4:.1f} bp at "
        f"{show_duration(paying.horizon_ns)}"
    )
    if net > 2 * error:
        return PAYS, earned
    if all(h.spread.net < 0 for h in found):
        return TOO_DEAR, f"{earned}, which a trade below {_break_even(found):.1f} bp would earn"
    return PREDICTS, earned


def _surety(spread: Spread) -> float:
    return _or_least(spread.net / spread.net_error) if spread.net_error > 0 else -np.inf


def _or_least(value: float) -> float:
    return value if np.isfinite(value) else -np.inf


def _break_even(found: Sequence[HorizonFigures]) -> float:
    return max((_or_least(h.spread.break_even) for h in found), default=np.nan) * 1e4


def _other_sign(best: HorizonFigures) -> float | None:
    """Return the share of months whose rank IC has the other sign than that of all."""
    months = best.groups["months"]
    months = months[~np.isnan(months)]
    if len(months) < _LEAST_MONTHS:
        return None
    return float(np.mean(months * best.predicted.rank_ic < 0))


def _shown(one: HorizonFigures) -> str:
    predicted = one.predicted
    return (
        f"rank IC {predicted.rank_ic:+.3f} ± {predicted.rank_ic_error:.3f} at "
        f"{show_duration(one.horizon_ns)}"
    )
