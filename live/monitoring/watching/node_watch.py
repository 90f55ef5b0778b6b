"""NodeWatch: looks at one node through the state and the figures that it writes."""

from __future__ import annotations

import os
import time
from collections import deque
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.process.safe_files import UnusableFileError, open_file
from adapters.run_state.run_state import BadStateError, RunState
from adapters.run_state.state_file import STATE_NAME, StateReader, service_of
from live.metrics.metric_table import BUCKETS_S
from live.metrics.snapshot import BadSnapshotError
from live.metrics.snapshot_file import FIGURES_NAME, read_snapshot
from live.monitoring.watching.pictures import Latency, NodePicture

if TYPE_CHECKING:
    from live.metrics.snapshot import Snapshot

LATENCY: Final = "dolphin_node_factor_latency_seconds"
WINDOW_LOOKS: Final = 60


class NodeWatch:
    """A node by the folder of its run, by its state's path, or by both.

    Parameters
    ----------
    folder : Path, optional
        The folder of its run in /dev/shm.
    state : Path, optional
        The file that the node was given with ``--state``.

    """

    def __init__(self, *, folder: Path | None = None, state: Path | None = None) -> None:
        self.folder: Final = folder
        self._state: Final = state
        self._windows: Final[deque[tuple[int, ...]]] = deque(maxlen=WINDOW_LOOKS + 1)
        self._process: object = None

    @property
    def key(self) -> str:
        """What it is found by."""
        return str(self._state or self.folder)

    def look(self, figures: Snapshot | None = None) -> NodePicture:
        """Read what is there now.

        Parameters
        ----------
        figures : Snapshot, optional
            Those of the node, for one without a known folder.

        """
        problems: list[str] = []
        if self.folder is not None:
            try:
                figures = read_snapshot(self.folder / FIGURES_NAME)
            except BadSnapshotError as error:
                problems.append(f"its figures: {error}")
        state, holder = None, 0
        path = self._state_path(figures)
        try:
            state, holder = _read_state(path)
        except FileNotFoundError:
            if figures is None:
                problems.append(f"nothing lies at {path}")
        except (OSError, UnusableFileError, BadStateError) as error:
            problems.append(f"its state: {error}")
        found = state or figures
        is_running = found is not None and found.process.is_running()
        if state is not None:
            # The kernel's word, not the file's: who writes it holds its lock.
            is_running = is_running and holder == state.process.pid
        told_ns = max(0 if state is None else state.at_ns, 0 if figures is None else figures.at_ns)
        return NodePicture(
            key=self.key,
            state=state,
            figures=figures,
            is_running=is_running,
            turned_s=max(0.0, time.time() - told_ns / 1e9) if told_ns else 0.0,
            latency=self._latency(figures),
            problem="; ".join(problems),
            service=service_of(path),
        )

    def _state_path(self, figures: Snapshot | None) -> Path:
        if self._state is not None:
            return self._state
        if figures is not None and figures.texts.get("state"):
            return Path(figures.texts["state"])
        return (self.folder or Path()) / STATE_NAME

    def _latency(self, figures: Snapshot | None) -> Latency | None:
        """Return the histogram of the last minute, as the difference of two."""
        if figures is None or LATENCY not in figures.histograms:
            return None
        if figures.process != self._process:
            self._process = figures.process
            self._windows.clear()
            self._windows.append((0,) * (len(BUCKETS_S) + 1))
        now = figures.histograms[LATENCY].counts
        self._windows.append(now)
        counts = tuple(b - a for a, b in zip(self._windows[0], now, strict=True))
        return Latency(counts=counts, p50_s=quantile(counts, 0.5), p99_s=quantile(counts, 0.99))


def quantile(counts: tuple[int, ...], q: float) -> float:
    """Return a quantile of a histogram, seconds; NaN of an empty one.

    Between the bounds of its bucket in proportion, as ``histogram_quantile`` of Prometheus does:
    https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile.
    """
    total = sum(counts)
    if total <= 0:
        return float("nan")
    rank, below = q * total, 0
    for index, count in enumerate(counts):
        if below + count >= rank and count:
            if index == len(BUCKETS_S):
                return BUCKETS_S[-1]
            low = BUCKETS_S[index - 1] if index else 0.0
            return low + (BUCKETS_S[index] - low) * (rank - below) / count
        below += count
    return BUCKETS_S[-1]


def _read_state(path: Path) -> tuple[RunState | None, int]:
    reader = StateReader(open_file(path, os.O_RDONLY), path)
    with closing(reader):
        written = reader.newest()
        state = None if written is None else RunState.decode(written.content)
        return state, reader.holder()
