"""Victims: forked processes that are run one instruction at a time, and killed."""

from __future__ import annotations

import ctypes
import mmap
import os
import signal
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Self

import numpy as np

from tests.proof.region.build import loop_library

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.proof.figures import Form

HERE: Final = Path(__file__).resolve().parent
COUNTED, STOPPED, ENDED, CHANGED, CALLED = range(5)
FOREVER: Final = 1 << 60
_NOT_PERMITTED: Final = 77


class Step(NamedTuple):
    """How a stretch of stepping ended, and after how many instructions."""

    why: int
    instructions: int


class _Range(ctypes.Structure):
    _fields_ = (
        ("bytes", ctypes.c_void_p),
        ("seen", ctypes.c_void_p),
        ("size", ctypes.c_size_t),
    )


class Watch:
    """Files whose changes stepping notices.

    Parameters
    ----------
    paths : Path
        Each is mapped as it is now.

    """

    def __init__(self, *paths: Path) -> None:
        self._maps = []
        for path in paths:
            fd = os.open(path, os.O_RDONLY)
            self._maps.append(mmap.mmap(fd, 0, mmap.MAP_SHARED, mmap.PROT_READ))
            os.close(fd)
        self._seen = [ctypes.create_string_buffer(bytes(m), len(m)) for m in self._maps]
        self.ranges: Final = (_Range * len(paths))()
        for place, content, seen in zip(self.ranges, self._maps, self._seen, strict=True):
            place.bytes = np.frombuffer(content, np.uint8).ctypes.data
            place.seen, place.size = ctypes.addressof(seen), len(content)

    def begin(self) -> None:
        """Take what the files hold now as seen."""
        for content, seen in zip(self._maps, self._seen, strict=True):
            seen.raw = bytes(content)


class Stepper:
    """stepper.c, compiled; see there.

    Parameters
    ----------
    form : Form
        Into whose folder it is compiled.

    """

    def __init__(self, form: Form) -> None:
        self.c: Final = ctypes.CDLL(str(loop_library(form, HERE / "stepper.c")))
        pointer = ctypes.c_void_p
        self.c.step.argtypes = [
            ctypes.c_int, ctypes.c_long, ctypes.c_int, pointer, ctypes.c_int, pointer,
        ]  # fmt: skip
        self.c.call_between_stops.argtypes = [pointer, pointer, pointer, ctypes.c_int64]


class Victim:
    """A fork of this process that runs ``act``, which stops itself where stepping begins and ends.

    Parameters
    ----------
    stepper : Stepper
        The tracer, which is this process's main thread.
    act : callable
        What the fork does; it must come to a ``stop_here``.

    """

    def __init__(self, stepper: Stepper, act: Callable[[], object]) -> None:
        self._c: Final = stepper.c
        sys.stdout.flush()
        self.pid: Final = os.fork()
        if self.pid == 0:
            try:
                if self._c.trace_me():
                    os._exit(_NOT_PERMITTED)
                act()
            except BaseException:  # noqa: BLE001 - a fork must not go on as its parent
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        self._is_there = True
        if self._c.wait_for_stop(self.pid):
            self._is_there = False
            msg = "the process ended before stepping began (is ptrace permitted here?)"
            raise RuntimeError(msg)

    def step(
        self,
        count: int = FOREVER,
        *,
        sees_calls: bool = False,
        watched: Watch | None = None,
    ) -> Step:
        """Run at most ``count`` instructions.

        Parameters
        ----------
        count : int
            The largest number.
        sees_calls : bool
            Whether to end behind the next system call.
        watched : Watch, optional
            Files: ends at a change of one of them.

        """
        steps = ctypes.c_long()
        ranges = watched.ranges if watched else ()
        why = self._c.step(
            self.pid, count, sees_calls, ranges or None, len(ranges), ctypes.byref(steps)
        )
        if why == ENDED:
            self._is_there = False
        return Step(why, steps.value)

    def run_to_system_call(self) -> int:
        """Run at full speed to the beginning or the end of the next system call.

        Returns
        -------
        int
            CALLED, or STOPPED where stepping ends.

        """
        return int(self._c.run_to_system_call(self.pid))

    def go_on(self) -> None:
        """Let the process run on to its next stop, at full speed."""
        self._c.go_on(self.pid)
        if self._c.wait_for_stop(self.pid):
            self._is_there = False

    def release(self) -> None:
        """Let the process run on to its end."""
        if self._is_there:
            self._c.go_on(self.pid)

    def kill(self) -> None:
        """End the process with SIGKILL, and wait for its end; safe to call again."""
        if self._is_there:
            self._is_there = False
            os.kill(self.pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(self.pid, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
