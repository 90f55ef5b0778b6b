"""Interrupt: the first Ctrl-C asks a backtest to end, a later one leaves at once."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Final, Self

from adapters.process.ctrl_c import CtrlC

if TYPE_CHECKING:
    from types import FrameType

EXIT_CODE: Final = 130


class Interrupt:
    """Take SIGINT and SIGTERM over, so that they never become an exception inside a strategy.

    Notes
    -----
    On the main thread only, as a context.

    """

    def __init__(self) -> None:
        self._is_asked = False
        self._ctrl_c: Final = CtrlC()
        self._before: dict[int, object] = {}

    @property
    def is_asked(self) -> bool:
        """Whether the user has asked to end the run."""
        return self._is_asked

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT and self._ctrl_c.is_echo():
            return
        if self._is_asked:
            os.write(2, b"\nleft at once; nothing more was written\n")
            os._exit(EXIT_CODE)
        self._is_asked = True


def raise_on_termination() -> None:
    """Let SIGTERM raise KeyboardInterrupt, as SIGINT does: whatever it ends cleans up behind it.

    Notes
    -----
    On the main thread only.

    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
