"""NodeRun: one run of a live node, from its producer's start to its summary."""

from __future__ import annotations

import asyncio
import gc
import sys
import time
import traceback
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

from adapters.command.terminal import say
from adapters.feed.latency import measure_on_factors
from adapters.feed.node_loop import NodeLoop, busy_time_of
from adapters.process.close_after_fork import close_in_forked_child
from adapters.process.hanging.hang_rules import FAILED, LEFT_OPEN, NOTHING, OK
from adapters.process.run_folder import RunFolder
from adapters.process.stop_signals import StopSignals
from adapters.streams.joining.node_venues import NodeVenues
from dolphin_strategies.errors import describe_error
from dolphin_strategies.observation import observe
from live.metrics.figures.node_figures import NodeFigures
from live.metrics.snapshot_file import FIGURES_NAME
from live.node.building.exchange_clock import check_clock
from live.node.building.gates import gates_of, traded_venues
from live.node.building.node_builder import build_feed, build_node
from live.node.building.producer_care import ProducerCare
from live.node.building.run_market import open_market
from live.node.ending.hook_errors import HookErrors
from live.node.ending.order_stop import OrderStop
from live.node.ending.run_ending import RunEnding
from live.node.ending.run_guard import RunGuard
from live.node.run_report import RunReport, gates_summary, leave_out_venues
from live.node.session.session_header import describe
from live.node.session.session_recording import SessionRecording
from live.node.settings.computed_settings import computed_factors
from live.node.settings.nautilus_configs import TRADER
from live.node.settings.node_settings import VENUE
from live.switching.switch_desk import SwitchDesk

if TYPE_CHECKING:
    from pathlib import Path

    from adapters.command.user_code.strategy_class import AnyFactorStrategy
    from adapters.process.hanging.hang_watch import HangWatch
    from adapters.run_state.state_report import StateReport
    from adapters.streams.joining.log_lines import LogLine
    from live.metrics.metrics_endpoint import MetricsEndpoint
    from live.node.settings.node_settings import NodeSettings

PROGRESS_INTERVAL_S: Final = 2.0
WATCH_INTERVAL_S: Final = 0.25
AFTER_ERROR: Final = "the node stopped by itself after the error above"
START_DELAY_NS: Final = 1_000_000_000
"""The limit from the node's start to the first quote and factor."""


class NodeRun:
    """Run a node until it is asked to stop, something fails, or the market ends.

    The first SIGINT, SIGTERM or SIGHUP cancels the orders, closes the position and prints the
    summary. A second one, at least a second later, ends the process at once and prints what was
    left open. A node whose thread hangs is reported, and also ended.

    Parameters
    ----------
    settings : NodeSettings
        Checked settings.
    strategy : FactorStrategy
        The strategy to run.
    watch : HangWatch
        The watch over this thread.
    state : StateReport
        What a watchdog is told.

    Notes
    -----
    ``run`` takes over the stop signals and must be called on the main thread, once.

    """

    def __init__(
        self,
        settings: NodeSettings,
        strategy: AnyFactorStrategy,
        watch: HangWatch,
        state: StateReport,
    ) -> None:
        self._settings: Final = settings
        self._strategy: Final = strategy
        self._watch: Final = watch
        self._state: Final = state
        self._ending: Final = RunEnding(lambda: self._watch.report(is_stopping=True))
        self._desk: Final = SwitchDesk(settings.risk.journal, say)
        self._gates: Final = gates_of(settings, strategy, self._ending.stop, self._desk.kept)
        self._recording: SessionRecording | None = None
        self._care: ProducerCare | None = None
        self._guard: Final = RunGuard(
            self._ending, StopSignals(self._ending.request, watch.leave_unwatched)
        )
        self._order_stop: Final = OrderStop(self._ending)
        self._report: RunReport | None = None
        self._started_s = 0.0
        found = computed_factors(settings.node)
        self._computed: Final = found
        self._venues: Final = NodeVenues(found.specs, found.links, found.own, found.other_links)

    def run(self, endpoint: MetricsEndpoint) -> int:
        """Run to the end and return the exit code: 0 stopped as asked and flat, 1 something
        failed, 3 something was left open. The endpoint tells the run's figures.
        """
        with ExitStack() as stack:
            stack.enter_context(self._guard.over())
            stack.callback(lambda: self._desk.close(code=self._ending.code))
            node = self._settings.node
            if node.orders == "live":
                check_clock(node.base_url)
            region = node.region
            folder = stack.enter_context(RunFolder())
            self._watch.report(folder=str(folder.path))
            self._state.keep_in(folder.path)
            self._state.describe(
                strategy=type(self._strategy).__name__,
                trader_id=TRADER,
                venue=node.venue,
                orders=node.orders,
                journal=str(self._settings.risk.journal or ""),
            )
            if node.venue != "binance":
                if node.producer == "own":
                    region = folder.region
                market = stack.enter_context(open_market(self._settings, folder))
                self._care = ProducerCare(market, self._ending.fail)
            if node.record is not None:
                self._recording = SessionRecording(
                    node.record,
                    self._strategy,
                    describe(self._settings, self._strategy),
                    lambda text: say(text, to=sys.stderr),
                )
                stack.callback(self._recording.close, "it failed")
            leave_out_venues(
                self._computed.reasons(), self._venues, lambda: bool(self._ending.reason)
            )
            if self._ending.reason:
                say(self._ending.reason)
                return self._ending.code
            stack.enter_context(self._venues.reading_log(folder.path, self._on_error_line))
            stack.enter_context(endpoint.serving(folder.path / FIGURES_NAME))
            asyncio.run(self._run_node(region, folder.path), loop_factory=NodeLoop)
        return self._ending.code

    async def _run_node(self, region: Path, folder: Path) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._guard.on_callback_error)
        if isinstance(loop, NodeLoop):
            loop.on_stop = self._ending.fail
            close_in_forked_child(loop)
        feed = build_feed(self._settings.node, self._computed, region)
        market = None if self._care is None else self._care.market
        client = None if market is None else market.client(self._on_market_end, feed.look)
        observe(self._strategy, self._order_stop)
        observe(self._strategy, HookErrors(self._on_event, self._guard.on_hook_error))
        parts = (feed, self._strategy, self._venues, self._gates)
        node = build_node(self._settings, client, *parts)
        for actor in () if market is None else market.actors():
            node.add_actor(actor)
        latencies = measure_on_factors(self._strategy, busy_time_of(loop))
        self._report = report = RunReport(
            node,
            feed,
            latencies,
            None if self._settings.node.orders == "live" else self._settings.sandbox.balance_usdt,
            traded_venues(self._settings),
        )
        name, state = type(self._strategy).__name__, self._state.path
        figures = NodeFigures(
            folder, report=report, feed=feed, latencies=latencies.all, strategy=self._strategy,
            texts=self._settings.node.texts(region, name, state),
        )  # fmt: skip
        self._ending.attach(loop, node.handle(), report.has_orders_on_their_way)
        say(self._settings.node.sentence(name))
        if market is not None:
            market.start(time.time_ns() + START_DELAY_NS)
        self._started_s = time.monotonic()
        gc.collect()
        gc.freeze()
        if self._recording is not None:
            self._recording.start(loop)
        self._desk.open(loop, folder, self._gates.risk, state=state, strategy=name)
        seconds = self._settings.node.seconds
        self._watch.report(has_node=True, until_s=self._started_s + seconds if seconds else 0.0)
        self._watch.follow(loop, lambda: self._turn(report, figures), self._ending.fail)
        progress = asyncio.create_task(self._print_progress(report))
        progress.add_done_callback(self._on_progress_end)
        log = self._venues.log
        if log is not None:
            log.follow(loop)
        try:
            await node.run_async()
        except Exception as error:  # noqa: BLE001 - whatever it was, the run has failed
            traceback.print_exc()
            self._ending.fail(f"the node ended with {describe_error(error)}")
        finally:
            progress.cancel()
            self._watch.unfollow()
            if isinstance(loop, NodeLoop):
                loop.on_stop = None
            if log is not None:
                await log.finish()
        self._finish(report)

    def _turn(self, report: RunReport, figures: NodeFigures) -> dict[str, Any]:
        """Return what the watch over this thread prints if it ends the process."""
        self._guard.look()
        self._desk.look()
        self._state.turned(
            report.open_items(),
            strategy_id=str(self._strategy.strategy_id),
            factors=report.factors(),
            trading=self._desk.state.name,
            reason=self._ending.reason,
            is_running=self._ending.is_running,
        )
        figures.look(self._state.phase)
        return {"left_open": report.left_open(), "is_running": self._ending.is_running}

    async def _print_progress(self, report: RunReport) -> None:
        seconds = self._settings.node.seconds
        next_s = PROGRESS_INTERVAL_S
        while True:
            elapsed_s = self._elapsed_s
            if seconds and elapsed_s >= seconds:
                self._ending.stop(f"{seconds:g} s are over")
            self._ending.ask_again()
            wake_s = min(next_s, seconds) if 0 < elapsed_s < seconds else next_s
            await asyncio.sleep(min(max(wake_s - elapsed_s, 0.01), WATCH_INTERVAL_S))
            if self._elapsed_s >= next_s:
                next_s += PROGRESS_INTERVAL_S
                say(self._progress(report))
            # While the node stops, the producer may have ended by the same signal.
            if self._care is not None and not self._ending.reason:
                self._care.look()

    def _progress(self, report: RunReport) -> str:
        line = report.progress(self._elapsed_s) + self._venues.lost()
        return line if self._recording is None else f"{line}  {self._recording.progress()}"

    def _on_progress_end(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            traceback.print_exception(error)
            self._ending.fail(f"an error in the progress report: {describe_error(error)}")

    @property
    def _elapsed_s(self) -> float:
        return time.monotonic() - self._started_s

    def _finish(self, report: RunReport) -> None:
        """Print how the run ended; called when the node has stopped."""
        ending, left_open = self._ending, report.left_open()
        self._watch.report(has_ended=True, left_open=left_open)
        self._state.ended(ending.code, ending.reason, report.open_items())
        if ending.reason in ("", AFTER_ERROR):
            ending.code, ending.reason = FAILED, AFTER_ERROR
            if self._settings.node.venue == "binance" and not report.saw_market(VENUE):
                ending.reason = self._settings.node.unreached()
        more = [*gates_summary(self._gates), *self._venues.summary()]
        is_told = say("\n".join([report.summary(self._elapsed_s, ending.reason), *more]))
        if ending.code != OK:
            say(f"FAILED: {ending.reason}", to=sys.stderr)
        if self._order_stop.dropped:
            say(f"  dropped   {self._order_stop.dropped:,} orders sent after the request to stop")
        if left_open != NOTHING:
            ending.code = LEFT_OPEN
            say(f"LEFT OPEN: {left_open}", to=sys.stderr)
        if self._recording is not None:
            self._recording.close(ending.reason)
            say(self._recording.summary())
        self._watch.report(code=ending.code, is_told=is_told)
        self._state.ended(ending.code, ending.reason)

    def _on_event(self) -> None:
        """Tell the watch what is open, before the strategy's own code gets the event."""
        if self._report is not None:
            self._watch.report(left_open=self._report.left_open())

    def _on_error_line(self, line: LogLine) -> None:
        """Stop the node, as Nautilus itself does where no venue's trouble is to be spared."""
        self._ending.fail(AFTER_ERROR)

    def _on_market_end(self) -> None:
        self._ending.stop("the recording is over")
