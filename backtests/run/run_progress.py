"""RunProgress: the bar of a run, how large its next chunk is, and whether it goes on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Self

from tqdm import tqdm

from backtests.inputs.coverage import show_time

if TYPE_CHECKING:
    from backtests.engine.backtest_run import Progress
    from backtests.run.interrupt import Interrupt

CHUNK_S: Final = 0.25
"""What a chunk shall take, so that Ctrl-C is heard and the bar moves with a slow strategy too."""
MIN_ROWS: Final = 200


class RunProgress:
    """Show a run's progress; on a terminal only.

    Parameters
    ----------
    start_ns, end_ns : int
        The window, which the bar is about.
    max_rows : int
        The largest chunk.
    interrupt : Interrupt
        Whether to go on.
    label : str
        What stands before the bar.

    """

    def __init__(
        self, start_ns: int, end_ns: int, max_rows: int, interrupt: Interrupt, label: str = ""
    ) -> None:
        self._start_ns = start_ns
        self._max_rows = max_rows
        self._interrupt = interrupt
        self._rows = min(MIN_ROWS, max_rows)
        self._rows_before = 0
        self._at_s = time.monotonic()
        self._bar = tqdm(
            total=(end_ns - start_ns) / 1e9,
            desc=label or None,
            bar_format="{desc}{percentage:3.0f}% |{bar}| {elapsed}<{remaining}{postfix}",
            disable=None,
            leave=False,
            dynamic_ncols=True,
        )

    def rows(self) -> int:
        """Return how many records the next chunk may have."""
        return self._rows

    def __call__(self, progress: Progress) -> bool:
        """Take a finished chunk; return whether to go on."""
        now_s = time.monotonic()
        took_s, rows = now_s - self._at_s, progress.rows - self._rows_before
        self._at_s, self._rows_before = now_s, progress.rows
        fitting = int(rows * CHUNK_S / max(took_s, 1e-6))
        self._rows = max(
            min(fitting, 4 * self._rows, self._max_rows), min(MIN_ROWS, self._max_rows)
        )
        self._bar.set_postfix_str(
            f"{progress.rows:,} records, {rows / max(took_s, 1e-6):,.0f}/s, "
            f"{show_time(progress.at_ns)[:19]}",
            refresh=False,
        )
        self._bar.update((progress.at_ns - self._start_ns) / 1e9 - self._bar.n)
        return not self._interrupt.is_asked

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()
