"""HangWatch: a watch over the main thread, which may hang in Python or in C."""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import socket
import sys
import threading
import traceback
from contextlib import suppress
from os import _exit  # at import: a node replaces the one of the module
from typing import TYPE_CHECKING, Any, Final, Self

from adapters.process import _crash_handler, _exit_thread
from adapters.process.child import Child, module_command
from adapters.process.hanging.hang_loop import HELD, Channels, callback_part
from adapters.process.stop_signals import LEFT_AT_ONCE

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from types import FrameType

TURN_S: Final = 0.25
"""The interval at which the watched thread reports that it turns."""
DUMP_SIGNAL: Final = int(signal.SIGRTMAX) - 1
"""The signal at which ``faulthandler`` writes all stacks; not used otherwise in a node."""
DEBUGGERS: Final = ("bdb", "pydevd")
"""Modules in which a thread is when a debugger holds it; pdb's is the first."""
END_TIMEOUT_S: Final = 2.0
_READ_BYTES: Final = 1 << 12
_THREAD_BYTES: Final = 8


class HangWatch:
    """Notice from outside when the main thread does not turn, and end the process in time.

    A crash is noticed too, with its stack: see ``crash_handler.c``. One of the main thread ends
    the process with a code of this project; what aborts in another thread stops the node.

    A small separate process makes the decisions, see :mod:`adapters.process.hanging.hang_loop` and
    :mod:`adapters.process.hanging.hang_rules`. It receives the stop signals, prints the first, and
    ends this process at the second, at a stop's deadline and after a long hang.

    Parameters
    ----------
    tell : callable
        Takes a line for the user, about the watch itself.

    Notes
    -----
    A context, on the main thread only. The cost for the watched thread is a timer and a small
    write every 0.25 s. The watch never calls Nautilus, which may be called on its own thread
    only: positions and orders left open are those that the thread last reported.

    """

    def __init__(self, tell: Callable[[str], object]) -> None:
        self._tell: Final = tell
        self._reports, reports = socket.socketpair()
        self._stacks, stacks = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        signals, self._signals = os.pipe()
        crashes, self._crashes = os.pipe()
        leave_from, leave = os.pipe()
        dump = os.memfd_create("stacks")
        self._dump: Final = dump
        self._handle: asyncio.TimerHandle | None = None
        self._is_watching = True
        os.set_blocking(self._reports.fileno(), False)
        os.set_blocking(self._signals, False)
        faulthandler.register(DUMP_SIGNAL, file=dump, all_threads=True)
        signal.set_wakeup_fd(self._signals, warn_on_full_buffer=False)
        main_thread = threading.get_ident()
        self._shower: Final = threading.Thread(target=self._show_stacks, daemon=True)
        self._shower.start()
        _exit_thread.start(leave_from)
        channels = Channels(
            pid=os.getpid(),
            main_thread=main_thread,
            stack_thread=self._shower.native_id or 0,
            dump_signal=DUMP_SIGNAL,
            reports=reports.fileno(),
            signals=signals,
            stacks=stacks.fileno(),
            dump=dump,
            leave=leave,
            crashes=crashes,
        )
        self._child: Final = Child(
            module_command("adapters.process.hanging.hang_loop", *channels),
            output="inherited",
            inherits=(reports.fileno(), signals, stacks.fileno(), dump, leave, crashes),
        )
        reports.close()
        stacks.close()
        for fd in (signals, leave, crashes):
            os.close(fd)
        _crash_handler.tell(self._crashes)

    def report(self, **state: Any) -> None:
        """Report that the thread turns, and the changed fields of its state.

        Parameters
        ----------
        **state
            Fields of :class:`~adapters.process.hanging.hang_rules.ThreadState`, ``folder``, which
            is removed when the process is ended, and ``log``, a file that takes what is told.

        """
        try:
            self._reports.send(json.dumps(state).encode() + b"\n")
        except BlockingIOError:
            return
        except OSError:
            if self._is_watching:
                self._is_watching = False
                self._tell("the watch over this process has ended; hangs are not noticed")

    def follow(
        self,
        loop: asyncio.AbstractEventLoop,
        state: Callable[[], dict[str, Any]],
        on_stop: Callable[[str], object],
    ) -> None:
        """Report from a loop on the main thread, every 0.25 s from now on.

        Parameters
        ----------
        loop : asyncio.AbstractEventLoop
            The thread's loop.
        state : callable
            Returns the fields to report, see :meth:`report`.
        on_stop : callable
            Called on the loop after a long hang, with the reason why the node is to stop.

        """

        def turn() -> None:
            self.report(**state())
            with suppress(OSError):
                if reason := self._reports.recv(_READ_BYTES):
                    on_stop(reason.decode().strip())
            self._handle = loop.call_later(TURN_S, turn)

        turn()

    def leave_unwatched(self, name: str) -> None:
        """End the process at a second request to stop, if no watch does so.

        Parameters
        ----------
        name : str
            The signal's name.

        """
        if self._child.exit_code is not None:
            self._tell(f"second signal ({name})")
            _exit(LEFT_AT_ONCE)

    def abandon(self) -> None:
        """Tell nothing from a forked child: the watch is over its parent."""
        signal.set_wakeup_fd(-1)
        self._is_watching = False
        self._reports.close()

    def unfollow(self) -> None:
        """Stop reporting from a loop."""
        if self._handle is not None:
            self._handle.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.unfollow()
        signal.set_wakeup_fd(-1)
        _crash_handler.tell(-1)
        for end in (self._reports, self._stacks):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._child.wait(END_TIMEOUT_S)
        self._child.stop()
        self._shower.join(END_TIMEOUT_S)
        faulthandler.unregister(DUMP_SIGNAL)
        self._reports.close()
        self._stacks.close()
        for fd in (self._signals, self._crashes, self._dump):
            os.close(fd)

    def _show_stacks(self) -> None:
        """Answer each request with a thread's stack, while the lock is available."""
        while asked := self._stacks.recv(_THREAD_BYTES):
            frame = sys._current_frames().get(int.from_bytes(asked))  # noqa: SLF001 - documented
            stack = callback_part("".join(traceback.format_stack(frame))) if frame else ""
            held = HELD if frame and is_held_by_debugger(frame) else b" "
            with suppress(OSError):
                self._stacks.send(asked + held + stack.encode(errors="replace")[-_READ_BYTES:])


def is_held_by_debugger(frame: FrameType) -> bool:
    """Return whether code of a debugger runs in a thread, called by a callback of its loop.

    Parameters
    ----------
    frame : FrameType
        The thread's innermost frame.

    Notes
    -----
    By the names of the modules, not by paths, in which these words mean nothing. A process that a
    debugger has started has its modules in the outermost frames too, under other names.

    """
    at: FrameType | None = frame
    while at is not None:
        module = str(at.f_globals.get("__name__", "")).partition(".")[0]
        if module in DEBUGGERS or module.startswith("_pydevd"):
            return True
        if module == "asyncio":
            return False
        at = at.f_back
    return False
