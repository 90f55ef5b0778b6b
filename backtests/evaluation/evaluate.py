"""evaluate: all figures of all factors, a few factors at a time, of one or more instruments."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from os import process_cpu_count
from typing import TYPE_CHECKING, Final

import numpy as np

from adapters.command.progress_bar import StepProgress
from backtests.evaluation.inputs.time_groups import hours, months, regimes
from backtests.evaluation.measures.redundancy import redundancy
from backtests.evaluation.scoring.error_bars import add_error_bars
from backtests.evaluation.scoring.factor_draft import FactorDraft, Market, draft
from backtests.evaluation.scoring.figures import Evaluation
from backtests.evaluation.scoring.verdicts import find_discoveries, judge

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from backtests.evaluation.evaluation_data import EvaluationData
    from backtests.evaluation.evaluation_settings import EvaluationSettings

AT_ONCE: Final = 8
"""Factors whose error bars are made together."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What was found for one instrument, before it is judged.

    Attributes
    ----------
    drafts : list of FactorDraft
        The factors that are finished, with error bars.
    evaluation : Evaluation
        The same without discoveries and verdicts.

    """

    drafts: list[FactorDraft]
    evaluation: Evaluation


def evaluate(
    data: EvaluationData, settings: EvaluationSettings, is_stopped: Callable[[], bool]
) -> Evaluation:
    """Return what the factors are worth, of one instrument.

    Parameters
    ----------
    data, settings, is_stopped
        As of :func:`measure`.

    """
    return conclude([measure(data, settings, is_stopped)])[0]


def conclude(measured: Sequence[Measured]) -> list[Evaluation]:
    """Return what the factors are worth; the discoveries are over all instruments together.

    Parameters
    ----------
    measured : sequence of Measured
        What was found, by instrument, at one false-discovery rate.

    """
    found = [one.evaluation for one in measured]
    every = [factor for one in found for factor in one.factors]
    if every:
        find_discoveries(every, found[0].rate)
    for one in measured:
        judge(one.drafts, one.evaluation.redundancy)
    tests = sum(one.tests for one in found)
    return [replace(one, tests_of_all=tests, instruments=len(found)) for one in found]


def measure(
    data: EvaluationData, settings: EvaluationSettings, is_stopped: Callable[[], bool]
) -> Measured:
    """Return the figures of the factors for one instrument.

    Parameters
    ----------
    data : EvaluationData
        Factors and returns.
    settings : EvaluationSettings
        How to evaluate.
    is_stopped : callable
        Asked between factors whether to return those that are finished.

    """
    sampling = data.sampling
    divisions = {
        "months": months(sampling.instants),
        "regimes": regimes(data.returns.known, sampling.step_ns),
        "hours": hours(sampling.instants),
    }
    cost = settings.cost_bps / 1e4
    market = Market(
        sampling=sampling,
        returns=data.returns,
        groups=divisions,
        quantiles=settings.quantiles,
        cost=cost,
    )

    def drafted(place: int) -> FactorDraft:
        counts = int(data.factors.records[place]), int(data.factors.distinct[place])
        return draft(data.names[place], data.factors.values[:, place], counts, market)

    finished: list[FactorDraft] = []
    with (
        StepProgress(len(data.names), "factors") as bar,
        ThreadPoolExecutor(process_cpu_count()) as pool,
    ):
        for first in range(0, len(data.names), AT_ONCE):
            if is_stopped():
                break
            places = range(first, min(first + AT_ONCE, len(data.names)))
            drafts = []
            for one in pool.map(drafted, places):
                drafts.append(one)
                bar.add()
            add_error_bars(drafts, cost, settings.resamples, settings.seed, pool)
            for one in drafts:
                # They are no longer needed, and most of the memory.
                one.cells.clear()
            finished += drafts
    ranks = np.empty((len(sampling.instants), 0), np.float32)
    if finished:
        ranks = np.column_stack([one.ranks for one in finished])
    evaluation = Evaluation(
        sampling=sampling,
        factors=[one.figures for one in finished],
        redundancy=redundancy(ranks),
        labels={name: division.labels for name, division in divisions.items()},
        rate=settings.rate,
        cost=cost,
        asked=len(data.names),
        facts={
            "instrument": str(data.table.instrument_id),
            "prices": f"{data.table.kind} of {data.table.identifier}",
            "quantiles": str(settings.quantiles),
            "resamples": str(settings.resamples),
            "seed": str(settings.seed),
        },
    )
    return Measured(drafts=finished, evaluation=evaluation)
