"""WorkerPool: worker processes of this machine, each with one trial at a time."""

from __future__ import annotations

import select
from typing import TYPE_CHECKING, Final, Protocol, Self

from adapters.process.child import Child, module_command
from backtests.sweeping.trials.trial_job import TrialJob, TrialOutcome
from backtests.sweeping.trials.worker_process import READY
from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    from collections.abc import Sequence

_MODULE: Final = "backtests.sweeping.trials.worker_process"
MOST_DEATHS: Final = 3
"""Deaths of workers in a row, without a trial done, after which the sweep ends."""


class Workers(Protocol):
    """Who runs trials."""

    @property
    def free(self) -> int:
        """How many more trials can be begun."""

    def begin(self, job: TrialJob) -> None:
        """Begin a trial; only if there is a free worker."""

    def outcomes(self, timeout_s: float) -> list[TrialOutcome]:
        """Return what is done, after at most the given time; a lost trial is marked so."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


class WorkersError(DolphinError):
    """Workers die, or cannot be started."""


class WorkerPool:
    """Worker processes; one that dies is replaced, and its trial is lost.

    Parameters
    ----------
    count : int
        The number of workers.
    arguments : sequence of str
        The command line of sweep.py, which tells them catalog and settings.

    """

    def __init__(self, count: int, arguments: Sequence[str]) -> None:
        self._arguments: Final = arguments
        self._count: Final = count
        self._workers: list[_Worker] = []
        self._deaths = 0

    def __enter__(self) -> Self:
        self._workers = [_Worker(self._arguments) for _ in range(self._count)]
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.child.kill()

    @property
    def free(self) -> int:
        """How many more trials can be begun."""
        return sum(worker.job is None for worker in self._workers)

    @property
    def pids(self) -> list[int]:
        """The workers' processes."""
        return [worker.child.pid for worker in self._workers]

    def begin(self, job: TrialJob) -> None:
        """Give a trial to a free worker."""
        worker = next(worker for worker in self._workers if worker.job is None)
        worker.job = job
        # It need not be ready: the line waits in its pipe.
        worker.child.send(job.to_line())

    def outcomes(self, timeout_s: float) -> list[TrialOutcome]:
        """Return what is done, after at most the given time.

        Raises
        ------
        WorkersError
            If workers die one after the other.

        """
        by_out = {worker.child.out: worker for worker in self._workers}
        found: list[TrialOutcome] = []
        for out in select.select(list(by_out), [], [], timeout_s)[0]:
            worker = by_out[out]
            lines = worker.child.lines(0)
            if lines is None:
                found += self._replace(worker)
                continue
            for line in lines:
                if line == READY:
                    continue
                outcome = TrialOutcome.from_line(line)
                found.append(outcome)
                worker.job = None
                self._deaths = 0
                if outcome.problem:
                    # Nautilus keeps the engine of a strategy that raised.
                    self._renew(worker)
        return found

    def _replace(self, worker: _Worker) -> list[TrialOutcome]:
        self._deaths += 1
        job = worker.job
        if self._deaths >= MOST_DEATHS * self._count:
            worker.child.kill()
            code = worker.child.exit_code
            msg = (
                f"{self._deaths} workers in a row died without a trial done, the last one with "
                f"exit code {code}; see their errors above, and free memory or use --workers 1"
            )
            raise WorkersError(msg)
        self._renew(worker)
        if job is None:
            return []
        return [TrialOutcome(fold=job.fold, number=job.number, is_lost=True)]

    def _renew(self, worker: _Worker) -> None:
        worker.child.kill()
        self._workers[self._workers.index(worker)] = _Worker(self._arguments)


class _Worker:
    """A process and the trial that it runs."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self.job: TrialJob | None = None
        self.child: Final = Child(module_command(_MODULE, *arguments))
