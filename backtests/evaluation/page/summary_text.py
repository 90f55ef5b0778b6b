"""The printed summary: one line a factor, the best first, and what was tested."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adapters.command.durations import show_duration
from adapters.command.text_table import text_table

if TYPE_CHECKING:
    from backtests.evaluation.scoring.figures import Evaluation, FactorFigures


def ordered(evaluation: Evaluation) -> list[FactorFigures]:
    """Return the factors, that with the largest rank IC beside its error first."""
    factors = evaluation.factors
    return sorted(factors, key=lambda one: one.best.predicted.strength, reverse=True)


def summary_text(evaluation: Evaluation) -> str:
    """Return the summary as text for a terminal."""
    rows = [
        ["factor", "coverage", "half-life", "best", "rank IC", "±", "q", "after cost", "verdict"]
    ]
    for factor in ordered(evaluation):
        best = factor.best
        rows.append(
            [
                factor.name,
                f"{factor.coverage:.0%}",
                half_life_text(factor, evaluation),
                show_duration(best.horizon_ns),
                number(best.predicted.rank_ic, "+.4f"),
                number(best.predicted.rank_ic_error, ".4f"),
                number(best.predicted.q_value, ".2g"),
                f"{number(best.spread.net * 1e4, '+.1f')} bp",
                factor.verdict + (f", same as {factor.same_as}" if factor.same_as else ""),
            ]
        )
    return text_table(rows, right=range(1, 8)) + "\n\n" + tests_text(evaluation)


def tests_text(evaluation: Evaluation) -> str:
    """Return how many tests there were, and what their discoveries mean."""
    horizons = ", ".join(map(show_duration, evaluation.sampling.horizons_ns))
    text = (
        f"{evaluation.discoveries:,} of {evaluation.tests:,} tests (each factor at {horizons}) "
        f"are discoveries at a false-discovery rate of {evaluation.rate:.0%} "
        f"(Benjamini-Hochberg): of these, so much may be chance."
    )
    if evaluation.instruments > 1:
        text += (
            f" The rate holds for the {evaluation.tests_of_all:,} tests of "
            f"{evaluation.instruments:,} instruments together."
        )
    if len(evaluation.factors) < evaluation.asked:
        text += (
            f" Interrupted: {len(evaluation.factors):,} of {evaluation.asked:,} factors were "
            "evaluated, and the rate holds for these."
        )
    return text


def half_life_text(factor: FactorFigures, evaluation: Evaluation) -> str:
    """Return the half-life in the unit that suits it, or that it is longer than was looked."""
    if np.isnan(factor.step_autocorrelation):
        return "-"
    if factor.half_life_ns is None:
        sampling = evaluation.sampling
        return f"> {rounded(len(sampling.instants) // 4 * sampling.step_ns)}"
    return rounded(factor.half_life_ns)


def rounded(ns: int) -> str:
    """Return a duration with two or three digits."""
    for unit, size in (("d", 86_400e9), ("h", 3_600e9), ("m", 60e9), ("s", 1e9)):
        if ns >= 2 * size or unit == "s":
            return f"{ns / size:.3g}{unit}"
    return f"{ns}ns"


def number(value: float, form: str) -> str:
    """Return a figure, or a dash."""
    return format(value, form) if np.isfinite(value) else "-"
