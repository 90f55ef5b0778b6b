"""EscapedErrors: exceptions that leave Python for NautilusTrader, which only logs them."""

from __future__ import annotations

import sys
import traceback
from typing import TYPE_CHECKING, Final, Self

from dolphin_strategies import ConfigError

if TYPE_CHECKING:
    from types import CodeType, FunctionType

_TOOLS: Final = (4, 3, 1)
"""Tool numbers that may be free; 0, 1, 2 and 5 are those of debuggers, profilers and the like."""


class EscapedErrors:
    """Notice every exception that leaves a function called by NautilusTrader.

    The engine catches exceptions of a handler, an alert or a request's callback, logs them and
    returns normally. Python reports functions left by an exception (``sys.monitoring``); the
    outermost ones are directly below the functions that call the engine. There is no cost without
    an exception.

    Parameters
    ----------
    callers : functions
        The functions that call the engine.

    Attributes
    ----------
    first : BaseException or None
        The first exception that escaped.

    """

    def __init__(self, *callers: FunctionType) -> None:
        self.first: BaseException | None = None
        self._tool: int | None = None
        self._callers = {function.__code__ for function in callers}

    def __enter__(self) -> Self:
        monitoring = sys.monitoring
        self._tool = next((t for t in _TOOLS if monitoring.get_tool(t) is None), None)
        if self._tool is None:
            msg = (
                f"expected one of sys.monitoring's tools {_TOOLS} to be free, found "
                f"{[monitoring.get_tool(t) for t in _TOOLS]}: run without one of them"
            )
            raise ConfigError(msg)
        monitoring.use_tool_id(self._tool, "dolphin.simulation")
        monitoring.register_callback(self._tool, monitoring.events.PY_UNWIND, self._on_unwind)
        monitoring.set_events(self._tool, monitoring.events.PY_UNWIND)
        return self

    def __exit__(self, *_: object) -> None:
        if self._tool is not None:
            sys.monitoring.set_events(self._tool, 0)
            sys.monitoring.register_callback(self._tool, sys.monitoring.events.PY_UNWIND, None)
            sys.monitoring.free_tool_id(self._tool)
            self._tool = None

    def _on_unwind(self, code: CodeType, offset: int, error: BaseException) -> None:
        if self.first is not None or code in self._callers:
            return
        caller = sys._getframe(1).f_back  # noqa: SLF001 - the frame that called the one left
        if caller is not None and caller.f_code in self._callers:
            self.first = error


def sentence(error: BaseException) -> str:
    """Return the exception and its place, in one line."""
    frames = traceback.extract_tb(error.__traceback__)
    what = "".join(traceback.format_exception_only(error)).strip()
    if not frames:
        return what
    last = frames[-1]
    return f"{what} ({last.filename}, line {last.lineno}, in {last.name})"
