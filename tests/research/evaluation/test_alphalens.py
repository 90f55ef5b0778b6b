"""Beside alphalens-reloaded: the same figures where the definition is the same."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pytest

from backtests.evaluation.evaluate import evaluate
from backtests.evaluation.evaluation_data import read_data
from backtests.evaluation.evaluation_settings import EvaluationSettings
from backtests.evaluation.measures.past_quantiles import NO_QUANTILE, past_quantiles
from tests.support.catalogs.planted import STEP_NS, noise, planted, returns_of, write_planted

if TYPE_CHECKING:
    from backtests.evaluation.evaluation_data import EvaluationData
    from backtests.evaluation.scoring.figures import Evaluation

ROWS: Final = 12_000
HORIZON: Final = 12
PERIOD: Final = "1h"
COUNT: Final = 5


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[EvaluationData, Evaluation]:
    """Evaluate two factors over six weeks; one has holes and many equal values."""
    returns = returns_of(ROWS)
    rough = np.round(noise(ROWS, 1, 0.9)[:, 0], 1)
    rough[np.random.default_rng(3).random(ROWS) < 0.1] = np.nan
    factors = {"edge": planted(returns, 0.1), "rough": rough}
    path = write_planted(tmp_path_factory.mktemp("alphalens") / "c", returns, factors)
    settings = EvaluationSettings(
        horizons_ns=(STEP_NS, HORIZON * STEP_NS), delays_ns=(STEP_NS,), resamples=100
    )
    data = read_data(path, settings)
    return data, evaluate(data, settings, lambda: False)


def factor_data(data: EvaluationData, place: int) -> pd.DataFrame:
    """Return a factor in alphalens's form.

    Alphalens compares assets at one date. One instrument over time is the same with the instants
    of a month as the assets of its date.
    """
    stamps = pd.to_datetime(data.sampling.instants)
    months = stamps.to_period("M").to_timestamp()
    values = data.factors.values[:, place]  # noqa: PD011
    quantiles = past_quantiles(values, COUNT).astype(float) + 1
    quantiles[quantiles > NO_QUANTILE] = np.nan
    return pd.DataFrame(
        {
            PERIOD: data.returns.returns(HORIZON, 0),
            "factor": values,
            "factor_quantile": quantiles,
        },
        index=pd.MultiIndex.from_arrays([months, np.arange(len(stamps))], names=["date", "asset"]),
    )


def performance() -> Any:
    """Return the peer, which warns about its own use of pandas."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from alphalens import performance as peer
    return peer


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("place", [0, 1])
def test_rank_ics_of_the_months_are_alphalenss(
    found: tuple[EvaluationData, Evaluation], place: int
) -> None:
    """``factor_information_coefficient``, to the last digits, with holes and ties."""
    data, evaluation = found
    known = factor_data(data, place).dropna(subset=["factor", PERIOD])
    expected = performance().factor_information_coefficient(known)[PERIOD].to_numpy()
    ours = evaluation.factors[place].horizons[1]
    np.testing.assert_allclose(ours.groups["months"], expected, atol=1e-12)
    whole = known.copy()
    whole.index = pd.MultiIndex.from_arrays(
        [np.zeros(len(known), "datetime64[ns]"), np.arange(len(known))], names=["date", "asset"]
    )
    expected = performance().factor_information_coefficient(whole)[PERIOD].iloc[0]
    assert ours.predicted.rank_ic == pytest.approx(expected, abs=1e-12)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("place", [0, 1])
def test_mean_returns_of_the_quantiles_are_alphalenss(
    found: tuple[EvaluationData, Evaluation], place: int
) -> None:
    """``mean_return_by_quantile`` of the same quantiles, not demeaned, at one date."""
    data, evaluation = found
    known = factor_data(data, place).dropna()
    known.index = pd.MultiIndex.from_arrays(
        [np.zeros(len(known), "datetime64[ns]"), np.arange(len(known))], names=["date", "asset"]
    )
    expected, _ = performance().mean_return_by_quantile(known, demeaned=False)
    ours = evaluation.factors[place].horizons[1].quantiles
    np.testing.assert_allclose(ours.gross, expected[PERIOD].to_numpy(), atol=1e-12)
    assert ours.rows.sum() == len(known)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("place", "lag"), [(0, 1), (1, HORIZON)])
def test_the_turnover_of_a_quantile_is_alphalenss(
    found: tuple[EvaluationData, Evaluation], place: int, lag: int
) -> None:
    """``quantile_turnover``: of the instants in a quantile, those that were not a horizon ago."""
    data, evaluation = found
    quantiles = factor_data(data, place)["factor_quantile"].to_numpy()
    count = len(quantiles) - lag
    dates = np.repeat(np.array(["2024-01-01", "2024-01-02"], "datetime64[ns]"), count)
    held = pd.Series(
        np.concatenate([quantiles[:-lag], quantiles[lag:]]),
        index=pd.MultiIndex.from_arrays(
            [dates, np.tile(np.arange(count), 2)], names=["date", "asset"]
        ),
    )
    ours = evaluation.factors[place].horizons[0 if lag == 1 else 1].quantiles.turnover
    for quantile in range(1, COUNT + 1):
        expected = performance().quantile_turnover(held, quantile, 1).iloc[-1]
        assert ours[quantile - 1] == pytest.approx(expected, abs=1e-12)
