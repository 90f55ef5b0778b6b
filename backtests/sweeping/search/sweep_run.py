"""SweepRun: gives the trials of all folds to workers until all are done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from backtests.sweeping.search.fold_search import FoldSearch
    from backtests.sweeping.trials.trial_job import TrialJob, TrialOutcome
    from backtests.sweeping.trials.worker_pool import Workers

_WAIT_S: Final = 0.2
"""So long a Ctrl-C may wait."""
MOST_LOST: Final = 3
"""Workers that a trial may kill; then it failed."""


class SweepError(DolphinError):
    """A sweep cannot reach its end."""


class SweepRun:
    """The run of the trials.

    Parameters
    ----------
    searches : sequence of FoldSearch
        The folds.
    workers : Workers
        Who runs the trials.
    on_progress : callable
        Called after each change.
    is_stopped : callable
        Returns True to end early.

    """

    def __init__(
        self,
        searches: Sequence[FoldSearch],
        workers: Workers,
        on_progress: Callable[[], None],
        is_stopped: Callable[[], bool],
    ) -> None:
        self._searches: Final = {search.fold.number: search for search in searches}
        self._workers: Final = workers
        self._on_progress: Final = on_progress
        self._is_stopped: Final = is_stopped
        self._waiting: list[TrialJob] = []
        self._running: dict[tuple[int, int], TrialJob] = {}
        self._lost: dict[tuple[int, int], int] = {}

    def run(self) -> bool:
        """Run all trials, and the tests of what was chosen; return whether all are done.

        Raises
        ------
        SweepError
            If all trials of a fold failed.
        WorkersError
            If workers die one after the other.

        """
        while not self._is_stopped():
            self._propose()
            if not self._waiting and not self._running:
                return True
            self._begin()
            outcomes = self._workers.outcomes(_WAIT_S)
            # Before the outcomes are kept and looked at: no worker waits for that.
            self._begin()
            for outcome in outcomes:
                self._take(outcome)
        return False

    def _begin(self) -> None:
        while self._waiting and self._workers.free:
            job = self._waiting.pop(0)
            self._running[job.key] = job
            self._workers.begin(job)

    def _propose(self) -> None:
        for search in self._searches.values():
            self._waiting += search.next_jobs()
            number = search.fold.number
            if search.is_over and not self._is_busy(number):
                job = search.test_job()
                if job is not None:
                    self._waiting.append(job)
                elif search.best() is None:
                    msg = (
                        f"all {search.done} trials of fold {number} failed, the first one: "
                        f"{search.failures[0]}"
                    )
                    raise SweepError(msg)

    def _is_busy(self, fold: int) -> bool:
        return any(job.fold == fold for job in (*self._waiting, *self._running.values()))

    def _take(self, outcome: TrialOutcome) -> None:
        job = self._running.pop(outcome.key, None)
        if job is None:
            return
        if outcome.is_lost:
            self._lost[job.key] = self._lost.get(job.key, 0) + 1
            if self._lost[job.key] < MOST_LOST:
                self._waiting.insert(0, job)
                return
            text = f"it killed {MOST_LOST} workers"
            outcome = type(outcome)(fold=job.fold, number=job.number, problem=text)
        search = self._searches[job.fold]
        if job.number < 0:
            search.tell_test(outcome)
        else:
            search.tell(outcome)
        self._on_progress()
