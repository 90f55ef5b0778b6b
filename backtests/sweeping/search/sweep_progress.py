"""SweepProgress: a bar on a terminal, and a line every ten seconds elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final, Self

from tqdm import tqdm

from adapters.command.terminal import say

if TYPE_CHECKING:
    from collections.abc import Callable

LINE_S: Final = 10.0
"""Between two lines, seconds."""


class SweepProgress:
    """Show how many trials are done, the best one so far and the time left.

    Parameters
    ----------
    done, total : int
        Trials that are done at the start, and all.
    is_bar : bool, optional
        Whether to draw a bar; None: if standard error is a terminal.
    clock_s : callable
        The monotonic clock, seconds.

    Notes
    -----
    A context, which removes the bar at its end.

    """

    def __init__(
        self,
        done: int,
        total: int,
        *,
        is_bar: bool | None = None,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._is_bar: Final = sys.stderr.isatty() if is_bar is None else is_bar
        self._total: Final = total
        self._clock_s: Final = clock_s
        self._done_before: Final = done
        self._began_s: Final = clock_s()
        self._said_s = self._began_s
        self._bar: Final = tqdm(
            total=total, initial=done, desc="trials", disable=not self._is_bar, leave=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def show(self, done: int, best: str) -> None:
        """Show what changed.

        Parameters
        ----------
        done : int
            Trials that are done.
        best : str
            The best one so far; empty without one.

        """
        if self._is_bar:
            self._bar.n = done
            self._bar.set_postfix_str(best[:60])
            return
        now_s = self._clock_s()
        if now_s - self._said_s < LINE_S:
            return
        self._said_s = now_s
        new = done - self._done_before
        left_s = (now_s - self._began_s) / new * (self._total - done) if new else None
        left = "" if left_s is None else f", about {tqdm.format_interval(left_s)} left"
        say(f"{done:,} of {self._total:,} trials{left}{best and ', ' + best}", to=sys.stderr)
