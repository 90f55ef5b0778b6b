"""FoldSearch: the study of one fold, of which trials are asked, and to which results are told."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.trial import TrialState

from backtests.sweeping.search.scores import score_of
from backtests.sweeping.trials.trial_job import TrialJob, TrialOutcome, packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

    from backtests.sweeping.setup.folds import Fold
    from backtests.sweeping.setup.parameters import Parameter
    from backtests.sweeping.setup.sweep_settings import SweepSettings

TEST: Final = -1
"""The number of the job that tests what was chosen."""


@dataclass(frozen=True, kw_only=True)
class TrialResult:
    """A trial that is done.

    Attributes
    ----------
    number : int
        Its number in its fold.
    values : dict
        By field of the strategy's config its value.
    score : float
        The objective in the train window.
    returns : float64 array of shape (steps,)
        The returns of the train window.
    positions : int
        Positions that were opened.

    """

    number: int
    values: dict[str, Any]
    score: float
    returns: NDArray[np.float64]
    positions: int


class FoldSearch:
    """The trials of one fold.

    Each trial is proposed from the results of earlier batches alone, by a sampler whose seed
    depends on the fold and the trial's number, so that neither the number of workers, nor their
    pace, nor an interruption changes what is proposed.

    Parameters
    ----------
    storage : BaseStorage
        Where the studies are.
    fold : Fold
        The fold.
    parameters : sequence of Parameter
        What is searched.
    settings : SweepSettings
        How.
    step_ns : int
        The step of the returns, nanoseconds.

    """

    def __init__(
        self,
        storage: BaseStorage,
        fold: Fold,
        parameters: Sequence[Parameter],
        settings: SweepSettings,
        step_ns: int,
    ) -> None:
        self.fold: Final = fold
        self._parameters: Final = {p.name: p for p in parameters}
        self._space: Final = {p.name: p.distribution() for p in parameters}
        self._settings: Final = settings
        self._step_ns: Final = step_ns
        self._study: Final = optuna.create_study(
            storage=storage,
            study_name=f"fold {fold.number}",
            direction="maximize",
            load_if_exists=True,
        )
        self._jobs: dict[int, TrialJob] = {}
        self._results: dict[int, tuple[str, TrialResult]] = {}
        for trial in self._trials(TrialState.RUNNING):
            self._complete(trial)

    @property
    def done(self) -> int:
        """The trials that have a result, or failed."""
        return sum(t.state.is_finished() for t in self._trials())

    @property
    def is_over(self) -> bool:
        """Whether all trials are done."""
        return self.done >= self._settings.trials

    @property
    def failures(self) -> list[str]:
        """Why trials failed."""
        return [str(t.user_attrs.get("problem")) for t in self._trials(TrialState.FAIL)]

    def results(self) -> list[TrialResult]:
        """Return the trials with a result, each set of values once, in the order of numbers."""
        found: dict[str, TrialResult] = {}
        for trial in self._trials(TrialState.COMPLETE):
            # A result that is told does not change: there may be thousands.
            known = self._results.get(trial.number)
            if known is None:
                known = self._results[trial.number] = self._result(trial)
            found.setdefault(*known)
        return list(found.values())

    def best(self) -> TrialResult | None:
        """Return the trial with the highest score, of equal ones the first."""
        return max(self.results(), key=lambda r: (r.score, -r.number), default=None)

    def next_jobs(self) -> list[TrialJob]:
        """Return the trials to run now: what was interrupted, else the next batch.

        Empty while a batch is not done, and when all are.
        """
        if self._jobs:
            return []
        pending = self._trials(TrialState.RUNNING)
        if not pending:
            count = len(self._trials())
            size = min(
                self._settings.batch - count % self._settings.batch, self._settings.trials - count
            )
            pending = [self._ask(count + i) for i in range(size)]
        known = {repr(r.values): r for r in self.results()}
        jobs: list[TrialJob] = []
        for trial in pending:
            values = self._values(trial.params)
            same = known.get(repr(values))
            if same is not None:
                self._tell(trial.number, same.score, same.returns, same.positions)
                continue
            jobs.append(self._job(trial.number, values))
        self._jobs = {job.number: job for job in jobs}
        # All of a batch were tried before: the next one.
        return jobs if jobs or self.is_over else self.next_jobs()

    def tell(self, outcome: TrialOutcome) -> None:
        """Keep the outcome of a trial; a second one of the same trial changes nothing."""
        if self._jobs.pop(outcome.number, None) is None:
            return
        score = score_of(outcome.returns, self._settings.objective)
        if outcome.problem or score is None:
            problem = outcome.problem or "its returns have no score"
            trial_id = self._trials()[outcome.number]._trial_id  # noqa: SLF001 - Optuna's own key
            self._study._storage.set_trial_user_attr(trial_id, "problem", problem)  # noqa: SLF001
            self._study.tell(outcome.number, state=TrialState.FAIL)
            return
        self._tell(outcome.number, score, outcome.returns, outcome.positions)

    def test_job(self) -> TrialJob | None:
        """Return the run that tests the best trial; None without one, or if it is done."""
        best = self.best()
        if best is None or self.test() is not None:
            return None
        return TrialJob(
            fold=self.fold.number,
            number=TEST,
            values=best.values,
            start_ns=self.fold.start_ns,
            end_ns=self.fold.test_ns[1],
            from_ns=self.fold.test_ns[0],
            step_ns=self._step_ns,
        )

    def tell_test(self, outcome: TrialOutcome) -> None:
        """Keep the outcome of the test of the best trial."""
        best = self.best()
        self._study.set_user_attr(
            "test",
            {
                "of": None if best is None else best.number,
                "returns": packed(outcome.returns),
                "positions": outcome.positions,
                "problem": outcome.problem,
            },
        )

    def test(self) -> Mapping[str, Any] | None:
        """Return the outcome of the test of the best trial; None if it was not run yet."""
        found: Mapping[str, Any] | None = self._study.user_attrs.get("test")
        best = self.best()
        return found if found and best is not None and found["of"] == best.number else None

    def _result(self, trial: FrozenTrial) -> tuple[str, TrialResult]:
        """Return what names a trial's values, and the trial."""
        values = self._values(trial.params)
        return repr(values), TrialResult(
            number=trial.number,
            values=values,
            score=float(trial.value),
            returns=unpacked(trial.user_attrs["returns"]),
            positions=int(trial.user_attrs["positions"]),
        )

    def _trials(self, *states: TrialState) -> list[FrozenTrial]:
        found: list[FrozenTrial] = self._study.get_trials(deepcopy=False, states=states or None)
        return found

    def _ask(self, number: int) -> FrozenTrial:
        self._study.sampler = self._sampler(number)
        trial = self._study.ask(self._space)
        return self._trials()[trial.number]

    def _complete(self, trial: FrozenTrial) -> None:
        """Give a trial whose proposal was interrupted the values that it lacks."""
        if set(trial.params) == set(self._space):
            return
        self._study.sampler = self._sampler(trial.number)
        again = optuna.trial.Trial(self._study, trial._trial_id)  # noqa: SLF001 - Optuna's key
        for name, distribution in self._space.items():
            again._suggest(name, distribution)  # noqa: SLF001 - as ask does

    def _sampler(self, number: int) -> optuna.samplers.BaseSampler:
        seed = zlib.crc32(f"{self._settings.seed} {self.fold.number} {number}".encode())
        if self._settings.sampler == "tpe":
            return optuna.samplers.TPESampler(seed=seed, constant_liar=True)
        if self._settings.sampler == "random":
            return optuna.samplers.RandomSampler(seed=seed)
        # One sequence: its position is in the study.
        return optuna.samplers.QMCSampler(seed=self._settings.seed, scramble=True)

    def _values(self, drawn: Mapping[str, Any]) -> dict[str, Any]:
        return {name: p.value_of(drawn[name]) for name, p in self._parameters.items()}

    def _job(self, number: int, values: dict[str, Any]) -> TrialJob:
        start_ns, end_ns = self.fold.train_ns
        return TrialJob(
            fold=self.fold.number,
            number=number,
            values=values,
            start_ns=start_ns,
            end_ns=end_ns,
            from_ns=start_ns,
            step_ns=self._step_ns,
        )

    def _tell(
        self, number: int, score: float, returns: NDArray[np.float64], positions: int
    ) -> None:
        trial_id = self._trials()[number]._trial_id  # noqa: SLF001 - Optuna's own key
        keep = self._study._storage.set_trial_user_attr  # noqa: SLF001 - before the end, not after
        keep(trial_id, "returns", packed(returns))
        keep(trial_id, "positions", positions)
        self._study.tell(number, score)
