"""SweepResult: the figures of a sweep, made of its studies."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from backtests.sweeping.evidence.overfitting import overfitting
from backtests.sweeping.evidence.sharpe_ratios import (
    deflated_sharpe,
    expected_maximum,
    moments,
    probabilistic_sharpe,
)
from backtests.sweeping.results.verdict import Check, checks_of, verdict_of
from backtests.sweeping.search.fold_search import TrialResult
from backtests.sweeping.trials.trial_job import unpacked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backtests.sweeping.search.fold_search import FoldSearch

_YEAR_NS: Final = 365 * 86_400 * 1_000_000_000


@dataclass(frozen=True, kw_only=True)
class FoldFigures:
    """The figures of one fold; Sharpe ratios are of a year of 365 days.

    Attributes
    ----------
    number : int
        The fold.
    trials, failed : int
        Different trials with a result; those that failed.
    values : dict
        The parameters that were chosen.
    score : float
        Their objective in the train window.
    train_sharpe, test_sharpe : float
        Their Sharpe ratios.
    test_return : float
        Their return in the test window.
    test_positions : int
        Positions in train and test window together.
    test_problem : str
        Why the test has no result; empty if it has.
    noise_sharpe : float
        What the best of as many trials without an edge is expected to have.
    deflated : float, optional
        The deflated Sharpe ratio.
    pbo, loss : float, optional
        The probability of backtest overfitting of its trials, and that of a loss.

    """

    number: int
    trials: int
    failed: int
    values: dict[str, Any]
    score: float
    train_sharpe: float
    test_sharpe: float
    test_return: float
    test_positions: int
    test_problem: str
    noise_sharpe: float
    deflated: float | None
    pbo: float | None
    loss: float | None


@dataclass(frozen=True, kw_only=True)
class SweepResult:
    """The figures of a sweep.

    Attributes
    ----------
    verdict : str
        The verdict.
    checks : list of Check
        What it is made of.
    folds : list of FoldFigures
        The folds with a test.
    ts : int64 array of shape (steps,)
        The ends of the steps out of sample, UNIX nanoseconds.
    returns : float64 array of shape (steps,)
        The returns out of sample, fold after fold.
    trials : list of list of TrialResult
        The trials of each fold.
    is_whole : bool
        Whether all trials and tests are done.

    """

    verdict: str
    checks: list[Check]
    folds: list[FoldFigures]
    ts: NDArray[np.int64]
    returns: NDArray[np.float64]
    trials: list[list[TrialResult]]
    is_whole: bool

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as plain data."""
        return {
            "verdict": self.verdict,
            "is_whole": self.is_whole,
            "checks": [asdict(check) | {"holds": check.holds} for check in self.checks],
            "folds": [asdict(fold) for fold in self.folds],
            "out_of_sample": {"ts": self.ts.tolist(), "returns": self.returns.tolist()},
            "trials": [
                [
                    {"number": t.number, "values": t.values, "score": t.score,
                     "positions": t.positions}
                    for t in fold
                ]
                for fold in self.trials
            ],
        }  # fmt: skip


def result_of(
    searches: Sequence[FoldSearch], step_ns: int, horizon_ns: int, *, is_whole: bool
) -> SweepResult:
    """Make the figures of what is done.

    Parameters
    ----------
    searches : sequence of FoldSearch
        The folds.
    step_ns : int
        The step of the returns, nanoseconds.
    horizon_ns : int
        The strategy's horizon, nanoseconds.
    is_whole : bool
        Whether all trials and tests are done.

    """
    folds: list[FoldFigures] = []
    stamps: list[NDArray[np.int64]] = []
    parts: list[NDArray[np.float64]] = []
    for search in searches:
        test, best = search.test(), search.best()
        if test is None or best is None:
            continue
        returns = unpacked(test["returns"])
        first = -(-search.fold.test_ns[0] // step_ns) + 1
        stamps.append((first + np.arange(len(returns), dtype=np.int64)) * step_ns)
        parts.append(returns)
        folds.append(_fold_figures(search, best, dict(test), step_ns, horizon_ns))
    joined = np.concatenate(parts) if parts else np.empty(0)
    last = folds[-1] if folds and len(folds) == len(searches) else None
    checks = checks_of(
        probabilistic_sharpe(moments(joined)),
        None if last is None else last.deflated,
        None if last is None else last.loss,
        None if last is None else last.pbo,
    )
    return SweepResult(
        verdict=verdict_of(checks),
        checks=checks,
        folds=folds,
        ts=np.concatenate(stamps) if stamps else np.empty(0, np.int64),
        returns=joined,
        trials=[search.results() for search in searches],
        is_whole=is_whole,
    )


def _fold_figures(
    search: FoldSearch, best: TrialResult, test: dict[str, Any], step_ns: int, horizon_ns: int
) -> FoldFigures:
    root = math.sqrt(_YEAR_NS / step_ns)
    results = search.results()
    sharpes = [moments(r.returns).sharpe for r in results]
    deviation = float(np.std(sharpes, ddof=1)) if len(sharpes) > 1 else 0.0
    returns = unpacked(test["returns"])
    found = overfitting(
        np.column_stack([r.returns for r in results]), gap=-(-horizon_ns // step_ns)
    )
    return FoldFigures(
        number=search.fold.number,
        trials=len(results),
        failed=len(search.failures),
        values=best.values,
        score=best.score,
        train_sharpe=moments(best.returns).sharpe * root,
        test_sharpe=moments(returns).sharpe * root,
        test_return=float(np.prod(1 + returns) - 1),
        test_positions=int(test["positions"]),
        test_problem=str(test["problem"]),
        noise_sharpe=expected_maximum(len(sharpes), deviation) * root,
        deflated=deflated_sharpe(moments(best.returns), sharpes),
        pbo=None if found is None else found.probability,
        loss=None if found is None else found.loss,
    )
