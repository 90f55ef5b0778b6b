"""The ExtF service as a process: from its configuration to its exit code."""

from __future__ import annotations

import asyncio
import atexit
import gc
import logging
import os
import queue
import signal
import sys
import time
from logging.handlers import QueueHandler, QueueListener, RotatingFileHandler
from typing import TYPE_CHECKING, Any, Final

from adapters.exf.fetcher import Fetcher
from adapters.exf.publisher import RegionPublisher
from adapters.exf.service import ExfService
from adapters.shm import FactorWriter
from live.exf_files import ServiceFiles
from live.exf_settings import hosts_of, registry_of

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType

    from live.exf_settings import Settings

log: Final = logging.getLogger("exf")

OK: Final = 0
FAILED: Final = 1
NO_ANSWER: Final = 5
SECOND_SIGNAL: Final = 130
STATUS_INTERVAL_S: Final = 1.0
STOP_TIMEOUT_S: Final = 4.0
LOG_BYTES: Final = 1_000_000
LOGS_KEPT: Final = 3
LOG_LINES_WAITING: Final = 10_000


class ServiceProcess:
    """One run of the service.

    Parameters
    ----------
    settings : Settings
        Checked settings.
    seconds : float
        Stop after so many seconds; 0: run until told to stop.
    detached : bool
        Nobody reads what it prints, once it runs.

    Notes
    -----
    ``run`` takes over SIGINT, SIGTERM and SIGHUP and must be called on the main thread, once.

    """

    def __init__(
        self, settings: Settings, seconds: float = 0.0, *, detached: bool = False
    ) -> None:
        self._settings: Final = settings
        self._detached: Final = detached
        self._seconds: Final = seconds
        self._stop = asyncio.Event()
        self._reason = ""
        self._started_unix_s = time.time()

    def run(self) -> int:
        """Run to the end and return the exit code: 0 stopped as asked, 1 something failed,
        5 stopped as asked and no host had ever answered.

        Raises
        ------
        DolphinError
            If it cannot start.

        """
        registry = registry_of(self._settings)
        region = self._settings.exf.region
        with (
            ServiceFiles(region).hold() as service_files,
            FactorWriter(region, registry.schema) as writer,
        ):
            return asyncio.run(self._run(registry, writer, service_files))

    async def _run(self, registry: Any, writer: FactorWriter, service_files: ServiceFiles) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._on_signal, number)
        exf = self._settings.exf
        used = {source.venue for source in registry.sources}
        hosts = {name: host for name, host in hosts_of(self._settings).items() if name in used}
        code = FAILED
        async with Fetcher(deadline_s=exf.deadline_s, largest_body=exf.largest_body) as fetcher:
            service = ExfService(
                registry,
                fetcher,
                [RegionPublisher(writer)],
                hosts=hosts,
                period_s=exf.period_s,
                trusts_exchange_time=exf.age_from == "exchange",
            )
            log.info(
                "%d factors from %d sources of %d venues into %s, pid %d",
                len(registry.schema), len(registry.sources), len(used), exf.region, os.getpid(),
            )  # fmt: skip
            if self._detached:
                let_go_of_terminal()
            gc.collect()
            gc.freeze()
            work = asyncio.create_task(service.run())
            told = asyncio.create_task(self._keep_status(service, service_files))
            stop = asyncio.create_task(self._wait_for_stop())
            try:
                await asyncio.wait({work, told, stop}, return_when=asyncio.FIRST_COMPLETED)
                if stop.done():
                    code = OK if service.ever_answered else NO_ANSWER
                else:
                    failed = work if work.done() else told
                    self._reason = f"failed: {failed.exception()}"
                    log.error("the service ended by itself", exc_info=failed.exception())
            finally:
                limit_stop()
                for task in (work, told, stop):
                    task.cancel()
                await asyncio.gather(work, told, stop, return_exceptions=True)
                service_files.write_status(self._status("stopped", service, code))
        log.info("stopped: %s, exit code %d", self._reason, code)
        return code

    async def _wait_for_stop(self) -> None:
        try:
            async with asyncio.timeout(self._seconds or None):
                await self._stop.wait()
        except TimeoutError:
            self._reason = f"{self._seconds:g} s are over"

    async def _keep_status(self, service: ExfService, service_files: ServiceFiles) -> None:
        while True:
            service_files.write_status(self._status("running", service, None))
            await asyncio.sleep(STATUS_INTERVAL_S)

    def _status(self, state: str, service: ExfService, code: int | None) -> dict[str, Any]:
        return {
            "state": state,
            "pid": os.getpid(),
            "region": str(self._settings.exf.region),
            "started_unix_s": self._started_unix_s,
            "updated_unix_s": time.time(),
            "period_s": self._settings.exf.period_s,
            "reason": self._reason,
            "exit_code": code,
            **service.report(),
        }

    def _on_signal(self, number: signal.Signals) -> None:
        if self._stop.is_set():
            os._exit(SECOND_SIGNAL)
        self._reason = f"stopped by {signal.Signals(number).name}"
        self._stop.set()


def limit_stop() -> None:
    """Have the kernel end a stop that hangs."""

    def leave(number: int, frame: FrameType | None) -> None:
        sys.stderr.write(f"run_exf.py: did not stop within {STOP_TIMEOUT_S:g} s\n")
        os._exit(FAILED)

    signal.signal(signal.SIGALRM, leave)
    signal.setitimer(signal.ITIMER_REAL, STOP_TIMEOUT_S)


def let_go_of_terminal() -> None:
    """Print to nowhere from now on, and stay in nobody's folder."""
    os.chdir("/")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nowhere, fd)
    os.close(nowhere)


def log_to(path: Path | None) -> None:
    """Send the log to a file that is kept small, or to standard error."""
    handler: logging.Handler
    if path is None:
        handler = logging.StreamHandler()
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=LOGS_KEPT)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(message)s"))
    # Written by a thread: a full disk or a terminal that nobody reads must not stop the polls.
    lines: queue.Queue[logging.LogRecord] = queue.Queue(maxsize=LOG_LINES_WAITING)
    log.addHandler(QueueHandler(lines))
    listener = QueueListener(lines, handler)
    listener.start()
    atexit.register(listener.stop)
    logging.raiseExceptions = False
    log.setLevel(logging.INFO)
    log.propagate = False
