"""Progress of what takes over two seconds: rate, done of all, time left."""

from __future__ import annotations

import sys
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Final, Self

from tqdm import tqdm

from adapters.command.instants import iso_instant
from adapters.command.terminal import moves_cursor, say

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

CHUNK_S: Final = 0.25
"""The target duration of a chunk, so that Ctrl-C and the bar respond with a slow strategy."""
MIN_ROWS: Final = 200
LINE_S: Final = 10.0
"""Between two lines where there is no terminal, seconds."""


class ProgressBar:
    """Show a run's progress, and adapt the chunk size to its duration.

    Parameters
    ----------
    start_ns, end_ns : int
        The window of the bar, UNIX nanoseconds.
    max_rows : int
        The largest chunk, records.
    label : str
        The text before the bar.
    has_lines : bool
        Whether there is a line each ten seconds where standard error is no terminal.
    clock_s : callable
        The monotonic clock, seconds.

    Notes
    -----
    A context, which removes the bar at its end. On standard error.

    """

    def __init__(  # noqa: PLR0913 - a window, its words, and a clock
        self,
        start_ns: int,
        end_ns: int,
        max_rows: int,
        label: str = "",
        *,
        has_lines: bool = True,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._start_ns = start_ns
        self._span_ns = end_ns - start_ns
        self._max_rows = max_rows
        self._label = label.strip()
        self._rows = min(MIN_ROWS, max_rows)
        self._rows_before = 0
        self._clock_s = clock_s
        self._began_s = self._at_s = self._said_s = clock_s()
        is_bar = moves_cursor(sys.stderr)
        self._has_lines = has_lines and not is_bar
        self._bar = tqdm(
            total=self._span_ns / 1e9,
            desc=label or None,
            bar_format="{desc}{percentage:3.0f}% |{bar}| {elapsed}<{remaining}{postfix}",
            disable=not is_bar,
            leave=False,
            dynamic_ncols=True,
        )
        # A run may be over before the next drawing.
        self._bar.set_postfix_str("0 records")

    def rows(self) -> int:
        """Return the largest number of records of the next chunk."""
        return self._rows

    def show(self, done: int, at_ns: int) -> None:
        """Show a finished chunk, and determine the size of the next one.

        Parameters
        ----------
        done : int
            All records so far.
        at_ns : int
            ``ts_init`` of the newest of them, UNIX nanoseconds.

        """
        now_s = self._clock_s()
        took_s, rows = now_s - self._at_s, done - self._rows_before
        self._at_s, self._rows_before = now_s, done
        fitting = int(rows * CHUNK_S / max(took_s, 1e-6))
        self._rows = max(
            min(fitting, 4 * self._rows, self._max_rows), min(MIN_ROWS, self._max_rows)
        )
        self._bar.set_postfix_str(
            f"{done:,} records, {rows / max(took_s, 1e-6):,.0f}/s, {iso_instant(at_ns)[:19]}",
            refresh=False,
        )
        self._bar.update((at_ns - self._start_ns) / 1e9 - self._bar.n)
        if self._has_lines and now_s - self._said_s >= LINE_S:
            self._said_s = now_s
            self._say(done, at_ns, now_s - self._began_s)

    def _say(self, done: int, at_ns: int, took_s: float) -> None:
        share = min(max((at_ns - self._start_ns) / max(self._span_ns, 1), 0.0), 1.0)
        left = f", about {tqdm.format_interval(took_s / share - took_s)} left" if share else ""
        say(
            f"{self._label and self._label + ': '}{share:.0%}, {done:,} records, "
            f"{done / took_s:,.3g}/s, {iso_instant(at_ns)[:19]}{left}",
            sys.stderr,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()


class StepProgress:
    """Show how much of a known amount is done: a bar on a terminal, else a line every ten seconds.

    Parameters
    ----------
    total : float
        All there is to do.
    unit : str
        What is counted, in the plural.
    done : float
        What was done before.
    is_bar : bool, optional
        Whether to draw a bar; None: if standard error is a terminal that can.
    clock_s : callable
        The monotonic clock, seconds.

    Notes
    -----
    A context, which removes the bar at its end. On standard error.

    """

    def __init__(
        self,
        total: float,
        unit: str,
        *,
        done: float = 0,
        is_bar: bool | None = None,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._is_bar: Final = moves_cursor(sys.stderr) if is_bar is None else is_bar
        self._total: Final = total
        self._unit: Final = unit
        self._clock_s: Final = clock_s
        self._done = self._done_before = done
        self._began_s: Final = clock_s()
        self._said_s = self._began_s
        self._bar: Final = tqdm(
            total=max(total, done) if total else 0,
            initial=done,
            bar_format=f"{{percentage:3.0f}}% |{{bar}}| {{n:,.0f}} of {{total:,.0f}} {unit}, "
            "{rate_noinv_fmt}, {elapsed}<{remaining}{postfix}",
            disable=not self._is_bar,
            leave=False,
            unit="",
            dynamic_ncols=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def above(self) -> AbstractContextManager[None]:
        """Return a context in which lines are printed, above the bar."""
        return self._bar.external_write_mode() if self._is_bar else nullcontext()

    def add(self, done: float = 1, what: str = "") -> None:
        """Show that so much more is done, and what is at hand."""
        self.show(self._done + done, what)

    def show(self, done: float, what: str = "") -> None:
        """Show what changed.

        Parameters
        ----------
        done : float
            What is done by now, with what was done before.
        what : str
            What is at hand, or the best so far.

        """
        self._done = done
        if self._is_bar:
            if 0 < self._bar.total < done:
                # More than was known of, for which tqdm drops the total, and the format fails.
                self._bar.total = done
            self._bar.set_postfix_str(what[:60], refresh=False)
            self._bar.update(done - self._bar.n)
            return
        now_s = self._clock_s()
        if now_s - self._said_s < LINE_S:
            return
        self._said_s = now_s
        new, took_s = done - self._done_before, now_s - self._began_s
        left = ""
        if new:
            left = f", {new / took_s:,.3g}/s"
            if self._total:
                left_s = took_s / new * max(self._total - done, 0)
                left += f", about {tqdm.format_interval(left_s)} left"
        share = f"{done:,.0f}{(self._total and f' of {self._total:,.0f}') or ''} {self._unit}"
        say(f"{share}{left}{what and ', ' + what}", sys.stderr)
