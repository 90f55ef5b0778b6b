"""WakeTimer: lets a coroutine sleep until an instant, to some tens of microseconds."""

from __future__ import annotations

import asyncio
import ctypes
import os
import time
from contextlib import suppress
from typing import Final

_CLOCK_REALTIME: Final = 0
_TFD_TIMER_ABSTIME: Final = 1
_NS_PER_S: Final = 1_000_000_000


class _TimerSpec(ctypes.Structure):
    """``struct itimerspec`` of timerfd_settime(2)."""

    _fields_ = (
        ("interval_s", ctypes.c_long),
        ("interval_ns", ctypes.c_long),
        ("value_s", ctypes.c_long),
        ("value_ns", ctypes.c_long),
    )


class WakeTimer:
    """A Linux timer descriptor that the running asyncio loop watches.

    ``asyncio.sleep`` rounds up to milliseconds, and turning the loop until the instant would keep
    the interpreter from the node's other threads.

    Raises
    ------
    OSError
        If the kernel cannot make a timer.

    Notes
    -----
    For the loop's thread and one sleeper at a time.

    """

    def __init__(self) -> None:
        self._libc: Final = ctypes.CDLL(None, use_errno=True)
        self._fd: Final = self._libc.timerfd_create(_CLOCK_REALTIME, os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        self._loop: Final = asyncio.get_running_loop()
        self._loop.add_reader(self._fd, self._on_expiry)
        self._spec: Final = _TimerSpec()
        self._sleeper: asyncio.Future[None] | None = None

    async def sleep_until(self, unix_ns: int) -> None:
        """Sleep until an instant of the wall clock, for at least one turn of the loop."""
        if unix_ns <= time.time_ns():
            await asyncio.sleep(0)
            return
        self._sleeper = self._loop.create_future()
        self._spec.value_s, self._spec.value_ns = divmod(unix_ns, _NS_PER_S)
        self._libc.timerfd_settime(self._fd, _TFD_TIMER_ABSTIME, ctypes.byref(self._spec), None)
        await self._sleeper

    def _on_expiry(self) -> None:
        with suppress(BlockingIOError):
            os.read(self._fd, 8)
        if self._sleeper is not None and not self._sleeper.done():
            self._sleeper.set_result(None)

    def close(self) -> None:
        """Close the descriptor; there must be no sleeper."""
        self._loop.remove_reader(self._fd)
        os.close(self._fd)
