"""Whether a debugger holds a thread, seen from its frames."""

from __future__ import annotations

import asyncio
import bdb
import sys
from typing import TYPE_CHECKING, Any

from adapters.process.hanging.hang_watch import is_held_by_debugger

if TYPE_CHECKING:
    from types import FrameType


class Asking(bdb.Bdb):
    """A debugger that asks at each line instead of waiting for its user."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[bool] = []

    def user_line(self, frame: FrameType) -> None:
        self.answers.append(held_now())


def held_now() -> bool:
    """Return the answer for this thread, as it is here."""
    return is_held_by_debugger(sys._getframe())


def in_module(name: str, call: str = "held_now()") -> Any:
    """Return what a function of a module of that name returns."""
    names: dict[str, Any] = {"__name__": name, "held_now": held_now}
    exec(f"def step(): return {call}", names)  # noqa: S102 - frames of another module
    return names["step"]()


def test_a_thread_in_a_debugger_is_held() -> None:
    """Python's own debuggers share bdb, those of editors pydevd."""
    debugger = Asking()
    debugger.run("a = 1\nb = 2")
    assert debugger.answers
    assert all(debugger.answers)
    for name in ("pydevd", "_pydevd_bundle.pydevd_frame", "_pydevd_sys_monitoring"):
        assert in_module(name)


def test_a_thread_that_runs_is_not_held_whatever_its_modules_are_called() -> None:
    """Neither by a name that is like one, nor by the debugger that started the process."""
    assert not held_now()
    for name in ("debugpy.strategy", "my_pydevd", "bdb_strategy", "__main__", "asyncio.events"):
        assert not in_module(name)

    async def callback() -> bool:
        return held_now()

    names = {"__name__": "pydevd", "run": lambda: asyncio.run(callback())}
    exec("def started(): return run()", names)  # noqa: S102 - as an editor starts a process
    assert not names["started"]()  # type: ignore[operator]
