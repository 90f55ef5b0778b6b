"""The ExtF service as a process: from its configuration to its exit code."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Final

from adapters.command.terminal import let_go_of_terminal
from adapters.exf.publishing.publishers import RegionPublisher
from adapters.process.stop_signals import StopSignals, call_soon
from adapters.process.writer_child import RecordingError
from adapters.shm import FactorWriter
from dolphin_strategies.errors import ConfigError
from live.exf.service_files import ServiceFiles
from live.exf.work.service_outputs import ServiceOutputs
from live.exf.work.service_recording import ServiceRecording
from live.exf.work.service_watch import ServiceWatch
from live.exf.work.service_work import make_work, schema_of

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence
    from pathlib import Path
    from types import FrameType

    from adapters.exf.publishing.publishers import VectorPublisher
    from adapters.run_state.service_beat import ServiceBeat
    from live.exf.exf_settings import ExfSettings
    from live.exf.work.market.market_recording import MarketRecording
    from live.exf.work.service_work import Work
    from live.metrics.metrics_endpoint import MetricsEndpoint
log: Final = logging.getLogger("exf")

OK: Final = 0
FAILED: Final = 1
NO_ANSWER: Final = 5
STATUS_INTERVAL_S: Final = 2.0
STOP_TIMEOUT_S: Final = 5.0
MARKET_STOP_TIMEOUT_S: Final = 25.0
"""For making files of recorded market data, on a slow disk."""


class ServiceProcess:
    """One run of the service.

    Parameters
    ----------
    settings : ExfSettings
        Checked settings.
    seconds : float
        Stop after so many seconds; 0: run until a signal.
    detached : bool
        Whether to discard the output once the service runs.
    log_file : Path, optional
        Where the log goes, if not to standard error.
    beat : ServiceBeat, optional
        Tells a supervisor that this turns.

    Notes
    -----
    ``run`` takes over SIGINT, SIGTERM and SIGHUP and must be called on the main thread, once.

    """

    def __init__(
        self,
        settings: ExfSettings,
        seconds: float = 0.0,
        *,
        detached: bool = False,
        log_file: Path | None = None,
        beat: ServiceBeat | None = None,
    ) -> None:
        self._beat: Final = beat
        self._settings: Final = settings
        market_s = MARKET_STOP_TIMEOUT_S if settings.exf.record_market is not None else 0.0
        self._watch: Final = ServiceWatch(log_file, STOP_TIMEOUT_S + market_s)
        self._seconds: Final = seconds
        self._detached: Final = detached
        self._stop: Final = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._recording: ServiceRecording | None = None
        self._market: MarketRecording | None = None
        self._outputs: ServiceOutputs | None = None
        self._reason = self._hang = ""
        self._has_begun = False
        self._started_unix_s = time.time()

    def run(self, endpoint: MetricsEndpoint) -> int:
        """Run to the end, and let an endpoint tell the figures.

        Returns
        -------
        int
            The exit code: 0 stopped on request, 1 something failed, 5 stopped on request and no
            host had ever answered.

        Raises
        ------
        DolphinError
            If the service cannot start; what it made is removed.

        """
        exf = self._settings.exf
        # Before anything is made that has to be undone.
        StopSignals(self._on_first_signal, self._watch.second_signal).take_over()
        schema = schema_of(self._settings)
        with ServiceFiles(exf.region).hold() as service_files:
            is_new = not os.path.lexists(exf.region)
            told = endpoint.serving(service_files.figures)
            with FactorWriter(exf.region, schema) as writer, told:
                try:
                    return self._run_with(writer, service_files)
                except BaseException:
                    if is_new and not self._has_begun:
                        writer.close(unlink=True)
                    raise

    def _run_with(self, writer: FactorWriter, service_files: ServiceFiles) -> int:
        exf = self._settings.exf
        if exf.record is not None:
            self._recording = ServiceRecording(exf.record, exf.region)
        outputs = self._outputs = ServiceOutputs(exf, writer.schema.names)
        publishers: list[VectorPublisher] = [RegionPublisher(writer), *outputs.publishers]
        try:
            if exf.record_market is not None:
                self._market = market_recording(exf.record_market)
            work = self._run(publishers, service_files)
            return _run_unfinished(work) if exf.streams else asyncio.run(work)
        finally:
            if self._market is not None:
                self._market.stop()
            outputs.close()

    async def _run(
        self, publishers: Sequence[VectorPublisher], service_files: ServiceFiles
    ) -> int:
        self._loop = asyncio.get_running_loop()
        async with AsyncExitStack() as stack:
            work = await make_work(
                self._settings,
                stack,
                publishers,
                None if self._market is None else self._market.tap,
            )
            if self._market is not None:
                self._market.start(self._loop)
            if self._recording is not None:
                self._recording.start()
            if self._settings.exf.streams:
                over = self._watch.over(self._loop, self._stop.is_set, self._end_after_hang)
                stack.enter_context(over)
            if self._detached:
                let_go_of_terminal()
            gc.collect()
            gc.freeze()
            code = await self._run_until_stop(work, service_files)
        log.info("stopped: %s, exit code %d", self._reason, code)
        return code

    async def _run_until_stop(self, work: Work, service_files: ServiceFiles) -> int:
        code = FAILED
        self._has_begun = True
        tasks = (
            asyncio.create_task(work.run()),
            asyncio.create_task(self._keep_status(work, service_files)),
            asyncio.create_task(self._wait_for_stop()),
        )
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            failed = next((t for t in tasks if t.done() and t.exception() is not None), None)
            if failed is not None:
                self._reason = f"failed: {failed.exception()}"
                log.error("the service ended by itself", exc_info=failed.exception())
            else:
                self._reason = self._reason or "the recording is over"
                code = OK if work.ever_answered else NO_ANSWER
            if self._hang:
                self._reason, code = f"failed: {self._hang}", FAILED
        finally:
            limit_stop()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._recording is not None:
                await self._recording.stop()
            if self._market is not None:
                limit_stop(MARKET_STOP_TIMEOUT_S)
                self._watch.ending(code)
                self._market.stop()
            service_files.write_status(self._status("stopped", work, code))
            if self._beat is not None:
                self._beat.ended(code, self._reason)
        return code

    async def _wait_for_stop(self) -> None:
        try:
            async with asyncio.timeout(self._seconds or None):
                await self._stop.wait()
        except TimeoutError:
            self._reason = f"{self._seconds:g} s are over"

    async def _keep_status(self, work: Work, service_files: ServiceFiles) -> None:
        while True:
            service_files.write_status(self._status("running", work, None))
            if self._beat is not None:
                self._beat.beat(trouble="" if work.ever_answered else "no host has answered yet")
            await asyncio.sleep(STATUS_INTERVAL_S)

    def _status(self, state: str, work: Work, code: int | None) -> dict[str, Any]:
        exf = self._settings.exf
        return {
            "state": state,
            "pid": os.getpid(),
            "region": str(exf.region),
            "replay": None if exf.replay is None else str(exf.replay),
            "started_unix_s": self._started_unix_s,
            "updated_unix_s": time.time(),
            "period_s": exf.period_s,
            "reason": self._reason,
            "exit_code": code,
            **({} if self._outputs is None else self._outputs.report()),
            "recording": None if self._recording is None else self._recording.report(),
            "market_recording": None if self._market is None else self._market.report(),
            **work.report(),
        }

    def _end_after_hang(self, reason: str) -> None:
        self._hang = reason
        self._ask_to_stop("the watch over it")

    def _on_first_signal(self, name: str) -> None:
        if self._loop is None:
            self._ask_to_stop(name)
        else:
            call_soon(self._loop, self._ask_to_stop, name)

    def _ask_to_stop(self, name: str) -> None:
        self._reason = f"stopped by {name}"
        self._stop.set()


def _run_unfinished(work: Coroutine[Any, Any, int]) -> int:
    """Run to the end, but do not wait for tasks that cannot be cancelled, as ``run`` would."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    return loop.run_until_complete(work)


def market_recording(catalog: Path) -> MarketRecording:
    """Return the recording of the streams' market data; Nautilus is loaded only for it.

    Raises
    ------
    ConfigError
        If its writer cannot be started, or cannot write.

    """
    from live.exf.work.market.market_recording import MarketRecording  # noqa: PLC0415 - loads Nautilus

    try:
        return MarketRecording(catalog)
    except RecordingError as error:
        raise ConfigError(str(error)) from None


def limit_stop(timeout_s: float = STOP_TIMEOUT_S) -> None:
    """Let the kernel end a stop that hangs, seconds."""

    def leave(number: int, frame: FrameType | None) -> None:
        sys.stderr.write(f"run_exf.py: did not stop within {timeout_s:g} s\n")
        os._exit(FAILED)

    signal.signal(signal.SIGALRM, leave)
    signal.setitimer(signal.ITIMER_REAL, timeout_s)
