"""Evaluation in a process of its own: ``python -m …research.evaluate_process JOB FOLDER …``.

``write FOLDER FACTORS ROWS`` makes a catalog of factors and bars of five minutes. ``whole FOLDER``
evaluates it as the command does. ``ours FOLDER FACTORS`` and ``alphalens FOLDER FACTORS`` compute
what both know: rank IC, mean returns of quantiles and their turnover at eight horizons.
"""

from __future__ import annotations

import os

# As the command does: factors are divided among threads already.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import json
import resource
import sys
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from backtests.evaluation.evaluate import evaluate
from backtests.evaluation.evaluation_data import read_data
from backtests.evaluation.evaluation_settings import EvaluationSettings
from backtests.evaluation.measures.correlations import correlation
from backtests.evaluation.measures.past_quantiles import past_quantiles
from backtests.evaluation.measures.quantile_returns import quantile_returns
from backtests.evaluation.measures.ranks import ranks_of, value_order
from tests.benchmarks.report import require
from tests.support.catalogs.planted import STEP_NS, noise, planted, returns_of, write_planted

if TYPE_CHECKING:
    from backtests.evaluation.evaluation_data import EvaluationData

HORIZONS: Final = (1, 3, 6, 12, 24, 48, 96, 288)
QUANTILES: Final = 5
RESAMPLES: Final = 500
NAMES: Final = tuple(f"{n}m" for n in (5, 15, 30, 60, 120, 240, 480, 1_440))


def write(folder: Path, factors: int, rows: int) -> None:
    """Make a catalog; the first factor has an IC of 0.05."""
    returns = returns_of(rows)
    made = noise(rows, factors - 1)
    values = {f"noise_{i}": made[:, i] for i in range(factors - 1)}
    write_planted(folder, returns, {"edge": planted(returns, 0.05)} | values)


def settings() -> EvaluationSettings:
    """Return the settings of all measurements."""
    return EvaluationSettings(
        horizons_ns=tuple(n * STEP_NS for n in HORIZONS), resamples=RESAMPLES, quantiles=QUANTILES
    )


def whole(folder: Path) -> dict[str, Any]:
    """Evaluate all factors as the command does, from the files on."""
    start_s = time.perf_counter()
    data = read_data(folder, settings())
    found = evaluate(data, settings(), lambda: False)
    took_s = time.perf_counter() - start_s
    first = found.factors[0].horizons[0].predicted
    require(abs(first.ic - 0.05) < 4 * first.ic_error, f"edge: IC {first.ic}")
    return {
        "s": took_s,
        "cpu_s": time.process_time(),
        "factors": len(found.factors),
        "instants": len(data.sampling.instants),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def ours(data: EvaluationData, factors: int) -> list[float]:
    """Return the rank ICs of some factors, the quantiles computed beside them."""
    found = []
    for place in range(factors):
        values = np.ascontiguousarray(data.factors.values[:, place])  # noqa: PD011
        order, has_value = value_order(values), ~np.isnan(values)
        quantiles = past_quantiles(values, QUANTILES)
        for horizon in HORIZONS:
            later = data.returns.returns(horizon, 0)
            keep = has_value & ~np.isnan(later)
            ranks = ranks_of(later, data.returns.order(horizon, 0), keep)
            found.append(correlation(ranks_of(values, order, keep), ranks))
            quantile_returns(quantiles, later, QUANTILES, horizon, 0.0)
    return found


def alphalens(data: EvaluationData, factors: int) -> list[float]:
    """Return the same by alphalens: the instants are the assets of one date."""
    from alphalens import performance, utils

    instants = np.arange(len(data.sampling.instants))
    index = pd.MultiIndex.from_arrays(
        [np.zeros(len(instants), "datetime64[ns]"), instants], names=["date", "asset"]
    )
    later = {
        name: data.returns.returns(horizon, 0)
        for name, horizon in zip(NAMES, HORIZONS, strict=True)
    }
    found: list[float] = []
    for place in range(factors):
        values = data.factors.values[:, place]  # noqa: PD011
        frame = pd.DataFrame({**later, "factor": values}, index=index)
        frame["factor_quantile"] = utils.quantize_factor(frame, QUANTILES, None, by_group=False)
        # One sample for all horizons is what alphalens takes.
        frame = frame.dropna()
        found += performance.factor_information_coefficient(frame)[list(NAMES)].iloc[0].tolist()
        performance.mean_return_by_quantile(frame, demeaned=False)
        held = frame["factor_quantile"].to_numpy()
        for horizon in HORIZONS:
            count = len(held) - horizon
            dates = np.repeat(np.array(["2024-01-01", "2024-01-02"], "datetime64[ns]"), count)
            pairs = pd.Series(
                np.concatenate([held[:-horizon], held[horizon:]]),
                index=pd.MultiIndex.from_arrays(
                    [dates, np.tile(np.arange(count), 2)], names=["date", "asset"]
                ),
            )
            for quantile in range(1, QUANTILES + 1):
                performance.quantile_turnover(pairs, quantile, 1)
    return found


def both(job: str, folder: Path, factors: int) -> dict[str, Any]:
    """Time one of the two over the same arrays."""
    data = read_data(folder, settings())
    compute = ours if job == "ours" else alphalens
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compute(data, 1)
        start_s = time.perf_counter()
        found = compute(data, factors)
    return {"s": time.perf_counter() - start_s, "ics": found}


if __name__ == "__main__":
    job, path, *numbers = sys.argv[1:]
    if job == "write":
        write(Path(path), int(numbers[0]), int(numbers[1]))
        print(json.dumps(None))
    elif job == "whole":
        print(json.dumps(whole(Path(path))))
    else:
        print(json.dumps(both(job, Path(path), int(numbers[0]))))
