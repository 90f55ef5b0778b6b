"""NodeFigures: the numbers of a node's run, told once a second to monitors and to Prometheus."""

from __future__ import annotations

import sys
import time
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, Protocol

from adapters.command.terminal import say
from adapters.run_state.run_state import PHASES
from dolphin_strategies.factors.source import SourceState
from dolphin_strategies.observation import StrategyObserver, observe
from live.metrics.figures.latency_buckets import LatencyBuckets
from live.metrics.snapshot import Snapshot
from live.metrics.snapshot_file import FIGURES_NAME, SnapshotWriter

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal
    from pathlib import Path

    from adapters.feed.factor_feed import FactorFeed
    from adapters.feed.latency import LatencyRecorder
    from adapters.run_state.state_report import OpenItems

INTERVAL_S: Final = 1.0
LATENCY: Final = "dolphin_node_factor_latency_seconds"
VERSION: Final = version("dolphin")
_COUNTED: Final = ("filled", "denied", "rejected", "canceled", "expired")
_NAN: Final = float("nan")


class Report(Protocol):
    """What reads the node; on its thread."""

    def open_items(self) -> OpenItems:
        """Return what is open."""

    def order_counts(self) -> tuple[int, int]:
        """Return how many orders were made, and how many are open or on their way."""

    def pnl(self) -> Decimal:
        """Return the profit of the run so far, USDT."""

    def factors(self) -> str:
        """Return what is wrong with the factors; empty: nothing."""


class NodeFigures:
    """Writes a snapshot into the run's folder.

    Parameters
    ----------
    folder : Path
        The run's folder.
    report : Report
        Reads the node.
    feed : FactorFeed
        The node's feed.
    latencies : LatencyRecorder
        From the producer's write to ``on_factors``.
    strategy : FactorStrategy
        Not running yet: the events of its orders are counted.
    texts : dict of str to str
        What does not change, such as the strategy's name and the state's path.

    Notes
    -----
    On the node's thread only, about 0.2 ms a second. What is told costs the same however long the
    run is: nothing goes through the run's orders.

    """

    def __init__(  # noqa: PLR0913 - what it reads, by name
        self,
        folder: Path,
        *,
        report: Report,
        feed: FactorFeed,
        latencies: LatencyRecorder,
        strategy: Any,
        texts: dict[str, str],
    ) -> None:
        self._file: Final = SnapshotWriter(
            folder / FIGURES_NAME, lambda text: say(text, to=sys.stderr)
        )
        self._report: Final = report
        self._feed: Final = feed
        self._buckets: Final = LatencyBuckets(latencies)
        self._events: Final = EventCounts()
        observe(strategy, self._events)
        self._texts: Final = texts
        self._instruments: Final[dict[str, float]] = {}
        self._next_s = 0.0

    def look(self, phase: str) -> None:
        """Tell, if it is time."""
        now_s = time.monotonic()
        if now_s >= self._next_s:
            self._next_s = now_s + INTERVAL_S
            self.tell(phase)

    def tell(self, phase: str) -> None:
        """Tell now."""
        status, report = self._feed.source.status(), self._report
        age_ns = self._feed.age_ns
        made, is_open = report.order_counts()
        for name in self._instruments:
            self._instruments[name] = 0.0
        for position in report.open_items().positions:
            self._instruments[position.instrument] = self._instruments.get(
                position.instrument, 0.0
            ) + float(position.quantity)
        samples: dict[tuple[str, tuple[str, ...]], float] = {
            ("dolphin_program_info", ("node", VERSION)): 1,
            ("dolphin_told_timestamp_seconds", ()): time.time(),
            ("dolphin_node_factor_age_seconds", ()): _NAN if age_ns is None else age_ns / 1e9,
            ("dolphin_node_source_live", ()): status.state is SourceState.LIVE,
            ("dolphin_node_records", ("delivered",)): status.delivered,
            ("dolphin_node_records", ("conflated",)): status.conflated,
            ("dolphin_node_records", ("lost",)): status.lost,
            ("dolphin_node_pending_records", ()): status.pending,
            ("dolphin_node_profit_usdt", ()): float(report.pnl()),
            ("dolphin_node_orders", ()): made,
            ("dolphin_node_orders_open", ()): is_open,
        }
        for name, quantity in self._instruments.items():
            samples["dolphin_node_position_quantity", (name,)] = quantity
        for name in PHASES:
            samples["dolphin_node_phase", (name,)] = name == phase
        for event, count in self._events.counts.items():
            samples["dolphin_node_order_events", (event,)] = count
        self._file.write(
            Snapshot(
                program="node",
                samples=samples,
                histograms={LATENCY: self._buckets.take()},
                texts={**self._texts, "factors": report.factors()},
            )
        )


class EventCounts(StrategyObserver):
    """Counts the events of a strategy's orders by kind."""

    def __init__(self) -> None:
        self.counts: Final = dict.fromkeys(_COUNTED, 0)

    def around_event(self, name: str, hook: Callable[[Any], None]) -> Callable[[Any], None]:
        event, counts = name.removeprefix("on_order_"), self.counts
        if event not in counts:
            return hook

        def counted(happened: Any) -> None:
            counts[event] += 1
            hook(happened)

        return counted
