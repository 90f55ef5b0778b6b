"""evaluation.json: every figure of an evaluation as plain data."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from adapters.command.instants import iso_instant

if TYPE_CHECKING:
    from backtests.evaluation.scoring.figures import (
        Evaluation,
        FactorFigures,
        HorizonFigures,
    )

VERSION: Final = 1


def as_data(evaluation: Evaluation) -> dict[str, Any]:
    """Return an evaluation as what ``json.dumps`` takes; null is "not stated".

    Times are UNIX nanoseconds in UTC, returns and costs fractions.
    """
    sampling, redundancy = evaluation.sampling, evaluation.redundancy
    found: dict[str, Any] = _plain(
        {
            "version": VERSION,
            "start": iso_instant(sampling.start_ns),
            "end": iso_instant(sampling.end_ns),
            "start_ns": sampling.start_ns,
            "end_ns": sampling.end_ns,
            "step_ns": sampling.step_ns,
            "instants": len(sampling.instants),
            "horizons_ns": sampling.horizons_ns,
            "delays_ns": sampling.delays_ns,
            **evaluation.facts,
            "cost": evaluation.cost,
            "false_discovery_rate": evaluation.rate,
            "tests": evaluation.tests,
            "tests_of_all_instruments": evaluation.tests_of_all,
            "discoveries": evaluation.discoveries,
            "is_whole": len(evaluation.factors) == evaluation.asked,
            "groups": evaluation.labels,
            "factors": [_factor(factor) for factor in evaluation.factors],
            "redundancy": {
                "order": redundancy.order,
                "rank_correlations": redundancy.correlations,
            },
        }
    )
    return found


def _factor(factor: FactorFigures) -> dict[str, Any]:
    return {
        "name": factor.name,
        "verdict": factor.verdict,
        "reason": factor.reason,
        "coverage": factor.coverage,
        "records": factor.records,
        "distinct_records": factor.distinct,
        "half_life_ns": factor.half_life_ns,
        "step_autocorrelation": factor.step_autocorrelation,
        "cluster": factor.cluster,
        "same_as": factor.same_as or None,
        "best_horizon_ns": factor.best.horizon_ns,
        "horizons": [_horizon(one) for one in factor.horizons],
    }


def _horizon(one: HorizonFigures) -> dict[str, Any]:
    return {
        "horizon_ns": one.horizon_ns,
        **vars(one.predicted),
        "rank_ic_by_delay": one.delayed,
        "quantile_rows": one.quantiles.rows,
        "quantile_returns": one.quantiles.gross,
        "quantile_returns_net": one.quantiles.net,
        "quantile_turnover": one.quantiles.turnover,
        "spread": vars(one.spread),
        "rank_ic_by_group": one.groups,
        "rows_by_group": one.group_rows,
        "suspicion": one.suspicion,
    }


def _plain(value: Any) -> Any:
    """Return a value in types of JSON, six digits of each figure."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(item) for item in value]
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value
