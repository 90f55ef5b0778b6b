"""Interrupt: the first Ctrl-C requests the end of a backtest, a later one exits at once."""

from __future__ import annotations

import os
from typing import Final, Self

from adapters.process.stop_signals import LEFT_AT_ONCE, StopSignals

EXIT_CODE: Final = LEFT_AT_ONCE


class Interrupt:
    """Handle the stop signals, so that none raises an exception inside a strategy.

    Notes
    -----
    On the main thread only, as a context.

    """

    def __init__(self) -> None:
        self._is_asked = False
        self._signals: Final = StopSignals(self._ask, self._leave)

    @property
    def is_asked(self) -> bool:
        """Whether the user has requested the end of the run."""
        return self._is_asked

    def __enter__(self) -> Self:
        self._signals.take_over()
        return self

    def __exit__(self, *_: object) -> None:
        self._signals.restore()

    def _ask(self, name: str) -> None:
        self._is_asked = True

    def _leave(self, name: str) -> None:
        os.write(2, b"\nleft at once; nothing more was written\n")
        os._exit(EXIT_CODE)
