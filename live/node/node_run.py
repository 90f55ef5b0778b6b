"""Session: one run of a live node, from its producer's start to its summary."""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import signal
import sys
import time
import traceback
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

from adapters.command.terminal import say
from adapters.feed.latency import measure_on_factors
from adapters.hazelcast_map import HazelcastSettings, HazelcastSource
from adapters.process.ctrl_c import CtrlC
from adapters.shm.source import ShmSource
from live.node.market import Market, open_market
from live.node.node_builder import build_node, traded_venues
from live.node.run_folder import RunFolder
from live.node.run_report import RunReport
from live.node.session_header import describe
from live.node.session_recording import SessionRecording

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType

    from nautilus_trader.live import LiveNodeHandle

    from adapters.command.strategy_class import AnyFactorStrategy
    from dolphin_strategies import FactorSource
    from live.node.node_settings import Settings

PROGRESS_INTERVAL_S: Final = 2.0
WATCH_INTERVAL_S: Final = 0.25
STOP_TIMEOUT_S: Final = 4.0
START_DELAY_NS: Final = 1_000_000_000
"""From the node's start to the first quote and factor."""

OK: Final = 0
FAILED: Final = 1
LEFT_OPEN: Final = 3
SECOND_SIGNAL: Final = 130


class Session:
    """Run a node until it is asked to stop, something fails, or the market ends.

    The first SIGINT or SIGTERM cancels the orders, closes the position and prints the summary.
    A second one leaves at once and says what was left open.

    Parameters
    ----------
    settings : Settings
        Checked settings.
    strategy : FactorStrategy
        What trades.

    Notes
    -----
    ``run`` takes over SIGINT and SIGTERM and must be called on the main thread, once.

    """

    def __init__(self, settings: Settings, strategy: AnyFactorStrategy) -> None:
        self._settings = settings
        self._strategy = strategy
        self._market: Market | None = None
        self._folder: Path | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._handle: LiveNodeHandle | None = None
        self._report: RunReport | None = None
        self._recording: SessionRecording | None = None
        self._reason = ""
        self._code = OK
        self._started_s = 0.0
        self._signals = 0
        self._has_ended = False
        self._ctrl_c = CtrlC()

    def run(self) -> int:
        """Run to the end and return the exit code: 0 asked to stop and flat, 1 something
        failed, 3 something was left open.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        with ExitStack() as stack:
            region = self._settings.node.region
            if self._settings.node.venue != "binance":
                folder = stack.enter_context(RunFolder())
                self._folder = folder.path
                if self._settings.node.producer == "own":
                    region = folder.region
                self._market = stack.enter_context(open_market(self._settings, folder))
            if self._settings.node.record is not None:
                self._recording = SessionRecording(
                    self._settings.node.record,
                    self._strategy,
                    describe(self._settings, self._strategy),
                    lambda text: say(text, to=sys.stderr),
                )
                stack.callback(self._recording.close, "it failed")
            asyncio.run(self._run_node(region))
            self._has_ended = True
        return self._code

    # ---- the node ----------------------------------------------------------------------------

    async def _run_node(self, region: Path) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(self._on_callback_error)
        client = None if self._market is None else self._market.client(self._on_market_end)
        node, feed = build_node(self._settings, client, self._source(region), self._strategy)
        for actor in () if self._market is None else self._market.actors():
            node.add_actor(actor)
        self._handle = node.handle()
        self._report = RunReport(
            node,
            feed,
            measure_on_factors(self._strategy),
            float(self._settings.sandbox.balance_usdt),
            traded_venues(self._settings),
        )
        self._say_hello()
        if self._market is not None:
            self._market.start(time.time_ns() + START_DELAY_NS)
        self._started_s = time.monotonic()
        gc.collect()
        gc.freeze()
        if self._recording is not None:
            self._recording.start(self._loop)
        progress = asyncio.create_task(self._tell_progress())
        progress.add_done_callback(self._on_progress_end)
        try:
            await node.run_async()
        except Exception:  # noqa: BLE001 - whatever it was, the user hears of it below
            traceback.print_exc()
        finally:
            progress.cancel()
            signal.setitimer(signal.ITIMER_REAL, 0)
        self._finish()

    def _source(self, region: Path) -> FactorSource:
        url = self._settings.node.source
        return HazelcastSource(HazelcastSettings.from_url(url)) if url else ShmSource(region)

    def _say_hello(self) -> None:
        node = self._settings.node
        orders = "REAL ORDERS" if node.orders == "live" else "sandbox orders"
        length = f"{node.seconds:g} s" if node.seconds else "until Ctrl-C"
        say(
            f"{type(self._strategy).__name__} on the {node.venue} market, {orders}, "
            f"factors by {node.wait}, {length}"
        )

    async def _tell_progress(self) -> None:
        seconds = self._settings.node.seconds
        next_s = PROGRESS_INTERVAL_S
        while True:
            elapsed_s = self._elapsed_s
            if seconds and elapsed_s >= seconds:
                self._stop(f"{seconds:g} s are over")
            if self._reason and self._handle is not None:
                # Again: a node forgets a request that came while it started.
                self._handle.stop()
            wake_s = min(next_s, seconds) if 0 < elapsed_s < seconds else next_s
            await asyncio.sleep(min(max(wake_s - elapsed_s, 0.01), WATCH_INTERVAL_S))
            if self._elapsed_s >= next_s:
                next_s += PROGRESS_INTERVAL_S
                say(self._progress())
            if self._market is not None and (lost := self._market.producer_failure()):
                await self._replace_producer(self._market, lost)

    def _progress(self) -> str:
        line = self._report.progress(self._elapsed_s) if self._report else ""
        return line if self._recording is None else f"{line}  {self._recording.progress()}"

    async def _replace_producer(self, market: Market, lost: str) -> None:
        """Start a lost producer again, as whoever watches over a real one would."""
        say(f"{lost}; starting it again")
        if not await asyncio.to_thread(market.restart_producer):
            self._fail(f"{lost}, and a recording cannot be taken up again in its middle")

    def _on_progress_end(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            traceback.print_exception(error)
            self._fail(f"an error in the progress report: {error}")

    @property
    def _elapsed_s(self) -> float:
        return time.monotonic() - self._started_s

    def _finish(self) -> None:
        """Say how it ended; called when the node has stopped."""
        assert self._report is not None  # noqa: S101 - set before the node ran
        if not self._reason:
            self._code = FAILED
            self._reason = "the node stopped by itself after the error above"
            if self._settings.node.venue == "binance" and not self._report.saw_market:
                self._reason = (
                    "Binance could not be reached, so nothing was traded; check this machine's "
                    "network (fapi.binance.com, fstream.binance.com) and try again"
                )
        left_open = self._report.left_open()
        say(self._report.summary(self._elapsed_s, self._reason))
        if left_open != "nothing":
            self._code = LEFT_OPEN
            say(f"LEFT OPEN: {left_open}", to=sys.stderr)
        if self._recording is not None:
            self._recording.close(self._reason)
            say(self._recording.summary())

    # ---- ending ------------------------------------------------------------------------------

    def _stop(self, reason: str) -> None:
        if self._reason:
            return
        self._reason = reason
        self._limit_stop()
        if self._handle is not None:
            self._handle.stop()

    def _limit_stop(self) -> None:
        """Have the kernel end the wait: a loop that hangs would not call a timer of its own."""
        if signal.getitimer(signal.ITIMER_REAL)[0] == 0:
            signal.signal(signal.SIGALRM, self._on_stop_timeout)
            signal.setitimer(signal.ITIMER_REAL, STOP_TIMEOUT_S)

    def _fail(self, reason: str) -> None:
        self._code = FAILED
        self._stop(reason)

    def _on_market_end(self) -> None:
        self._stop("the recording is over")

    def _on_callback_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Stop the node: asyncio itself would only print the error and go on trading."""
        error = context.get("exception")
        say(f"Error in a callback: {context.get('message')}", to=sys.stderr)
        if error is not None:
            traceback.print_exception(error)
        self._fail(f"an error in a callback: {error or context.get('message')}")

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._has_ended or (number == signal.SIGINT and self._ctrl_c.is_echo()):
            return
        self._signals += 1
        name = signal.Signals(number).name
        if self._signals > 1 or self._loop is None:
            if self._signals == 1:
                self._leave(name, OK)
            self._leave(f"second signal ({name})")
            return
        say(f"{name}: cancelling orders and closing the position; once more to leave at once")
        self._limit_stop()
        # The loop may be inside the code that this signal interrupted.
        self._loop.call_soon_threadsafe(self._stop, f"stopped by {name}")

    def _on_stop_timeout(self, number: int, frame: FrameType | None) -> None:
        self._leave(f"the node did not stop within {STOP_TIMEOUT_S:g} s", code=LEFT_OPEN)

    def _leave(self, reason: str, code: int = SECOND_SIGNAL) -> None:
        """End the process here and now, with what it leaves open on the record."""
        try:
            left_open = self._report.left_open() if self._report else "nothing"
        except BaseException as error:  # noqa: BLE001 - nothing may keep the process
            left_open = f"unknown ({error})"
        alarm = "" if left_open == "nothing" else "POSITION OR ORDERS LEFT OPEN - "
        if code == LEFT_OPEN and not alarm:
            code = FAILED
        try:
            say(f"{alarm}{reason}; left open: {left_open}", to=sys.stderr)
            if self._market is not None:
                self._market.kill()
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
        finally:
            os._exit(code)
