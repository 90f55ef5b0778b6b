"""evaluate: all figures of all factors, a few factors at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from os import process_cpu_count
from typing import TYPE_CHECKING, Final

import numpy as np
from tqdm import tqdm

from backtests.evaluation.inputs.time_groups import hours, months, regimes
from backtests.evaluation.measures.redundancy import redundancy
from backtests.evaluation.scoring.error_bars import add_error_bars
from backtests.evaluation.scoring.factor_draft import FactorDraft, Market, draft
from backtests.evaluation.scoring.figures import Evaluation
from backtests.evaluation.scoring.verdicts import judge

if TYPE_CHECKING:
    from collections.abc import Callable

    from backtests.evaluation.evaluation_data import EvaluationData
    from backtests.evaluation.evaluation_settings import EvaluationSettings

AT_ONCE: Final = 8
"""Factors whose error bars are made together."""


def evaluate(
    data: EvaluationData, settings: EvaluationSettings, is_stopped: Callable[[], bool]
) -> Evaluation:
    """Return what the factors are worth.

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
    bar_format = "{percentage:3.0f}% |{bar}| {n_fmt} of {total_fmt} factors {elapsed}<{remaining}"
    with (
        tqdm(
            total=len(data.names),
            bar_format=bar_format,
            disable=None,
            leave=False,
            dynamic_ncols=True,
        ) as bar,
        ThreadPoolExecutor(process_cpu_count()) as pool,
    ):
        for first in range(0, len(data.names), AT_ONCE):
            if is_stopped():
                break
            places = range(first, min(first + AT_ONCE, len(data.names)))
            drafts = []
            for one in pool.map(drafted, places):
                drafts.append(one)
                bar.update()
            add_error_bars(drafts, cost, settings.resamples, settings.seed, pool)
            for one in drafts:
                # They are no longer needed, and most of the memory.
                one.cells.clear()
            finished += drafts
    ranks = np.empty((len(sampling.instants), 0), np.float32)
    if finished:
        ranks = np.column_stack([one.ranks for one in finished])
    found = redundancy(ranks)
    if finished:
        judge(finished, found, settings.rate)
    return Evaluation(
        sampling=sampling,
        factors=[one.figures for one in finished],
        redundancy=found,
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
