"""RayWorkers: the workers of a Ray cluster, each an actor with one trial at a time."""

from __future__ import annotations

import os
from contextlib import chdir, suppress
from typing import TYPE_CHECKING, Any, Final, Self

import ray

from adapters.command.terminal import say
from adapters.process.stop_signals import LEFT_AT_ONCE, StopSignals
from backtests.sweeping.trials.on_ray.ray_cluster import LOCAL, LOOPBACK, LocalCluster, is_loopback
from backtests.sweeping.trials.trial_job import TrialJob, TrialOutcome
from backtests.sweeping.trials.worker_pool import MOST_DEATHS, WorkersError
from backtests.sweeping.trials.worker_process import runner_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backtests.sweeping.trials.trial_runner import TrialRunner

_START_S: Final = 120.0
_MORE_STARTS: Final = 1


class TrialActor:
    """Runs the trials that it is sent, in a process of Ray.

    Parameters
    ----------
    arguments : sequence of str
        The command line of sweep.py.
    folder : str
        The working directory of the sweep, from which strategies are imported.

    """

    def __init__(self, arguments: Sequence[str], folder: str) -> None:
        os.chdir(folder)
        self._runner: TrialRunner = runner_of(arguments)

    def run(self, line: str) -> str:
        """Run a job; return its outcome."""
        return self._runner.run(TrialJob.from_line(line)).to_line()

    def pid(self) -> int:
        """Return the process of this actor."""
        return os.getpid()


class RayWorkers:
    """Actors; one that dies is replaced, and its trial is lost.

    Parameters
    ----------
    address : str
        ``local``: a cluster of this machine's loopback that ends with the sweep; else the
        ``HOST:PORT`` of a running one, whose nodes have the same code and paths.
    count : int
        The number of actors; each takes one processor of the cluster.
    arguments : sequence of str
        The command line of sweep.py.

    """

    def __init__(self, address: str, count: int, arguments: Sequence[str]) -> None:
        self._address: Final = address
        self._count: Final = count
        self._arguments: Final = list(arguments)
        self._cluster: LocalCluster | None = None
        self._actors: list[Any] = []
        self._jobs: dict[Any, tuple[Any, TrialJob]] = {}
        self._deaths = 0

    def __enter__(self) -> Self:
        """Connect, and start the actors.

        Raises
        ------
        WorkersError
            If there is no such cluster, or it refuses the connection.
        KeyboardInterrupt
            At a stop signal; nothing of it is left then.

        """
        # Ray puts its own in the place of the sweep's, which print, and end it in the middle.
        ray._private.utils.set_sigterm_handler = lambda _: None  # noqa: SLF001
        with StopSignals(_interrupt, _leave):
            self._start()
        return self

    def _start(self) -> None:
        address = self._address
        try:
            if address == LOCAL:
                self._cluster = _started(self._count)
                address = self._cluster.address
            own = {"_node_ip_address": LOOPBACK} if is_loopback(address) else {}
            # Ray lets its workers look for modules in this process's folder before all others.
            with chdir("/"):
                ray.init(address, log_to_driver=False, logging_level="ERROR", **own)
            self._actors = [self._made() for _ in range(self._count)]
            ray.get([actor.pid.remote() for actor in self._actors], timeout=_START_S)
            if self._cluster is not None:
                say(self._cluster.describe())
        except Exception as error:  # noqa: BLE001 - Ray raises it itself
            self.__exit__()
            text = str(error).strip().partition("\n")[0]
            msg = (
                f"--ray {self._address}: no workers: {text}; expected a running cluster, and its "
                "token in RAY_AUTH_TOKEN"
            )
            raise WorkersError(msg) from None
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        for actor in self._actors:
            ray.kill(actor)
        self._actors = []
        ray.shutdown()
        if self._cluster is not None:
            self._cluster.close()
            self._cluster = None

    @property
    def free(self) -> int:
        """How many more trials can be begun."""
        return len(self._actors) - len(self._jobs)

    def begin(self, job: TrialJob) -> None:
        """Give a trial to a free actor."""
        busy = [actor for actor, _ in self._jobs.values()]
        actor = next(a for a in self._actors if a not in busy)
        self._jobs[actor.run.remote(job.to_line())] = actor, job

    def outcomes(self, timeout_s: float) -> list[TrialOutcome]:
        """Return what is done, after at most the given time.

        Raises
        ------
        WorkersError
            If actors die one after the other.

        """
        if self._cluster is not None:
            self._cluster.keep_guarded()
        if not self._jobs:
            return []
        ready, _ = ray.wait(list(self._jobs), num_returns=1, timeout=timeout_s)
        found: list[TrialOutcome] = []
        for reference in ready:
            actor, job = self._jobs.pop(reference)
            try:
                outcome = TrialOutcome.from_line(ray.get(reference))
                self._deaths = 0
            except ray.exceptions.RayActorError as error:
                self._deaths += 1
                if self._deaths >= MOST_DEATHS * self._count:
                    msg = f"{self._deaths} workers in a row died, the last one: {error}"
                    raise WorkersError(msg) from None
                outcome = TrialOutcome(fold=job.fold, number=job.number, is_lost=True)
            if outcome.is_lost or outcome.problem:
                ray.kill(actor)
                self._actors[self._actors.index(actor)] = self._made()
            found.append(outcome)
        return found

    def _made(self) -> Any:
        actor = ray.remote(num_cpus=1, scheduling_strategy="SPREAD")(TrialActor)
        return actor.remote(self._arguments, os.getcwd())  # noqa: PTH109 - as text


def _interrupt(name: str) -> None:
    raise KeyboardInterrupt(name)


def _leave(name: str) -> None:
    # The guard ends what was started.
    os._exit(LEFT_AT_ONCE)


def _started(count: int) -> LocalCluster:
    """Start a cluster; again if a busy machine took longer than Ray waits."""
    for _ in range(_MORE_STARTS):
        with suppress(Exception):
            return LocalCluster(count)
    return LocalCluster(count)
