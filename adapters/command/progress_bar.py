"""ProgressBar: the progress bar of a run, and the size of its next chunk."""

from __future__ import annotations

import time
from typing import Final, Self

from tqdm import tqdm

from adapters.command.instants import iso_instant

CHUNK_S: Final = 0.25
"""The target duration of a chunk, so that Ctrl-C and the bar respond with a slow strategy."""
MIN_ROWS: Final = 200


class ProgressBar:
    """Show a run's progress, on a terminal only, and adapt the chunk size to its duration.

    Parameters
    ----------
    start_ns, end_ns : int
        The window of the bar, UNIX nanoseconds.
    max_rows : int
        The largest chunk, records.
    label : str
        The text before the bar.

    Notes
    -----
    A context, which removes the bar at its end.

    """

    def __init__(self, start_ns: int, end_ns: int, max_rows: int, label: str = "") -> None:
        self._start_ns = start_ns
        self._max_rows = max_rows
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
        now_s = time.monotonic()
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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()
