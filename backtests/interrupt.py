"""Interrupt: the first Ctrl-C asks a backtest to end, a later one leaves at once."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from types import FrameType

EXIT_CODE: Final = 130
ECHO_S: Final = 1.0
"""A second signal so soon is the same Ctrl-C: ``uv run`` passes the terminal's on."""


class Interrupt:
    """Take SIGINT and SIGTERM over, so that they never become an exception inside a strategy.

    Notes
    -----
    On the main thread only, as a context.

    """

    def __init__(self) -> None:
        self._first_s: float | None = None
        self._before: dict[int, object] = {}

    @property
    def is_asked(self) -> bool:
        """Whether the run shall end."""
        return self._first_s is not None

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        now_s = time.monotonic()
        if self._first_s is None:
            self._first_s = now_s
        elif now_s - self._first_s > ECHO_S:
            os.write(2, b"\nleft at once; nothing more was written\n")
            os._exit(EXIT_CODE)
