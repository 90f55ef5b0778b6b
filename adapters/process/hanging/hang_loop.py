"""The watch over a process's main thread: a small process of its own, started by HangWatch.

Run as ``python -m adapters.process.hanging.hang_loop NUMBERS``. It needs nothing that the watched
thread could hold, so it works during an endless loop, a sleep, and a C call that never returns
and keeps the interpreter's lock (GIL). The watch ends when the watched process does.
"""

from __future__ import annotations

import json
import os
import select
import signal
import struct
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from adapters.process.bounded_lines import STDERR, STDOUT, say_bounded
from adapters.process.hanging.hang_rules import Hang, HangRules, Leave, Notice, Stop
from adapters.process.stop_signals import STOP_SIGNALS, ignore_stop_signals

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adapters.process.hanging.hang_rules import Decision

LOOK_S: Final = 0.1
PAUSE_S: Final = 1.0
"""A check that is this late was delayed together with the whole machine."""
ANSWER_S: Final = 0.2
"""How long the thread that shows stacks may take while the interpreter's lock is available."""
DUMP_S: Final = 0.05
DUMP_LIMIT_S: Final = 1.0
HELD: Final = b"!"
"""The first byte of an answer if a debugger holds the thread."""
PRODUCER_END_S: Final = 2.0
"""Time for a producer, which ends by itself when the node's process has ended."""
_READ_BYTES: Final = 1 << 16
CRASH: Final = struct.Struct("=QII")
"""A thread, the signal's number, and whether the thread is held while the others go on."""


class Channels(NamedTuple):
    """The descriptors and numbers through which the watched process and its watch communicate.

    Attributes
    ----------
    pid : int
        The watched process.
    main_thread : int
        Python's identifier of its main thread.
    stack_thread : int
        The kernel's identifier of its thread that shows the main thread's stack.
    dump_signal : int
        The signal at which ``faulthandler`` in that thread writes all stacks into ``dump``.
    reports : int
        A socket: receives the main thread's reports as lines of JSON, sends reasons to stop.
    signals : int
        The reading end of the pipe into which Python's C handler writes each signal's number.
    stacks : int
        A socket to the thread that shows the stack.
    dump : int
        A file in memory.
    leave : int
        A pipe: the watched process exits with the byte that is written into it.
    crashes : int
        The reading end of a pipe: receives a ``struct crash`` of ``crash_handler.c`` for each.

    """

    pid: int
    main_thread: int
    stack_thread: int
    dump_signal: int
    reports: int
    signals: int
    stacks: int
    dump: int
    leave: int
    crashes: int


def watch(channels: Channels) -> None:
    """Watch until the watched process closes its end."""
    # Nothing else ends a watch: the node has to be flat first.
    ignore_stop_signals()
    loop = _HangLoop(channels)
    while loop.turn():
        pass


class _HangLoop:
    """Applies the rules: reads reports, checks, prints, and ends the process if necessary."""

    def __init__(self, channels: Channels) -> None:
        self._channels: Final = channels
        self._rules: Final = HangRules(time.monotonic())
        self._ends: Final = [channels.reports, channels.signals, channels.crashes]
        self._line = b""
        self._folder = ""
        self._log: Path | None = None
        self._looked_s = time.monotonic()
        self._is_over = False

    def turn(self) -> bool:
        """Wait for input, act on it, and return whether to continue."""
        channels = self._channels
        ready, _, _ = select.select(self._ends, [], [], LOOK_S)
        now_s = time.monotonic()
        late_s, self._looked_s = now_s - self._looked_s - LOOK_S, now_s
        if late_s >= PAUSE_S:
            self._rules.late(late_s)
        elif self._is_stopped():
            self._rules.paused(LOOK_S + late_s)
        if channels.crashes in ready:
            self._take_crash(now_s)
        elif channels.reports in ready and not self._take_reports(now_s):
            self._act(self._rules.died(now_s))
            return False
        if channels.signals in ready:
            for number in os.read(channels.signals, _READ_BYTES):
                if number in STOP_SIGNALS:
                    self._act(self._rules.signalled(now_s, signal.Signals(number).name))
        self._act(self._rules.look(now_s))
        return not self._is_over

    def _take_reports(self, now_s: float) -> bool:
        received = b""
        with suppress(ConnectionResetError):
            received = os.read(self._channels.reports, _READ_BYTES)
        *lines, self._line = (self._line + received).split(b"\n")
        for line in lines:
            report = json.loads(line)
            self._folder = report.pop("folder", self._folder)
            if log := report.pop("log", ""):
                self._log = Path(log)
            self._act(self._rules.turned(now_s, report))
        return bool(received)

    def _act(self, decisions: Iterable[Decision]) -> None:
        for decision in decisions:
            match decision:
                case Hang(silent_s):
                    self._report_hang(silent_s)
                case Notice(text, is_alarm):
                    self._say(text, STDERR if is_alarm else STDOUT)
                case Stop(reason):
                    os.write(self._channels.reports, reason.encode() + b"\n")
                case Leave(code, text):
                    self._leave(code, text)
                    return

    def _leave(self, code: int, text: str) -> None:
        """End the watched process, and clean up once its producer has ended too."""
        self._is_over = True
        producers = _children_with(self._channels.pid, self._folder) if self._folder else []
        self._say(text)
        with suppress(BrokenPipeError):
            os.write(self._channels.leave, bytes([code]))
        for pidfd in producers:
            select.select([pidfd], [], [], PRODUCER_END_S)
        if self._folder:
            import shutil  # noqa: PLC0415 - a watch starts with each process, and rarely needs it

            shutil.rmtree(self._folder, ignore_errors=True)

    def _say(self, text: str, to: int = STDERR) -> None:
        """Print a text, or add it to the log of a process without a terminal."""
        if self._log is None:
            say_bounded(text, to)
            return
        stamp = time.strftime("%Y-%m-%d %H:%M:%S")
        with suppress(OSError):
            # The process made it, and may have put another one in its place.
            fd = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                os.write(fd, f"{stamp},000 ERROR   {text}\n".encode())
            finally:
                os.close(fd)

    def _is_stopped(self) -> bool:
        """Return whether the watched process is stopped: Ctrl-Z, SIGSTOP, a debugger."""
        with suppress(OSError):
            stat = Path(f"/proc/{self._channels.pid}/stat").read_text(encoding="utf-8")
            return stat.rsplit(")", 1)[1].split()[0] in "tT"
        return False

    def _report_hang(self, silent_s: float) -> None:
        stack, is_held = self._stack(self._channels.main_thread)
        if is_held:
            self._rules.held_by_debugger(time.monotonic())
            return
        owner = self._rules.state.owner
        self._say(
            f"HANG: the {owner}'s thread has not turned for {silent_s:.1f} s; it is in\n{stack}"
        )

    def _take_crash(self, now_s: float) -> None:
        crash = os.read(self._channels.crashes, CRASH.size)
        if not crash:
            self._ends.remove(self._channels.crashes)
            return
        thread, number, is_held = CRASH.unpack(crash)
        name = signal.Signals(number).name
        where = "another thread" if thread != self._channels.main_thread else "the main thread"
        stack, _ = self._stack(thread)
        self._say(f"CRASH: {name} in {where}; it is in\n{stack}")
        self._act(self._rules.crashed(now_s, f"{name} in {where}", is_held=bool(is_held)))

    def _stack(self, thread: int) -> tuple[str, bool]:
        """Return a thread's stack, from the callback on, the most recent call last; and whether a
        debugger holds it.
        """
        stacks, dump_fd = self._channels.stacks, self._channels.dump
        asked = thread.to_bytes(8)
        os.write(stacks, asked)
        while select.select([stacks], [], [], ANSWER_S)[0]:
            answer = os.read(stacks, _READ_BYTES)
            if answer.startswith(asked):  # not one that came too late, to an earlier question
                text = answer[len(asked) + 1 :].decode(errors="replace")
                return text, answer[len(asked) :].startswith(HELD)
        if not self._dumps():
            return "  (unknown)", False
        # The lock is held inside C, so the frames stand still and can be read without it.
        os.lseek(dump_fd, 0, os.SEEK_SET)
        os.truncate(dump_fd, 0)
        to = self._channels
        import ctypes  # noqa: PLC0415 - as shutil

        # To that thread alone: a signal would interrupt a blocking call of another one.
        ctypes.CDLL(None).tgkill(to.pid, to.stack_thread, to.dump_signal)
        until_s, dump, before = time.monotonic() + DUMP_LIMIT_S, "", None
        while time.monotonic() < until_s and (not dump or dump != before):
            time.sleep(DUMP_S)
            before, dump = dump, os.pread(dump_fd, _READ_BYTES, 0).decode(errors="replace")
        # A debugger that waits for its user gives the lock back.
        return callback_part(stack_of(dump, thread)), False

    def _dumps(self) -> bool:
        """Return whether the dump's signal is handled still; if not, it would end the process."""
        with suppress(OSError):
            status = Path(f"/proc/{self._channels.pid}/status").read_text(encoding="utf-8")
            caught = int(status.partition("SigCgt:")[2].split()[0], 16)
            return bool(caught >> (self._channels.dump_signal - 1) & 1)
        return False


def stack_of(dump: str, thread: int) -> str:
    """Return one thread's stack, the most recent call last, from a dump of ``faulthandler``."""
    for block in dump.split("\n\n"):
        lines = block.strip().splitlines()
        if lines and f"0x{thread:016x}" in lines[0]:
            return "\n".join(reversed(lines[1:]))
    return "  (unknown)"


def callback_part(stack: str) -> str:
    """Return the part of a stack below asyncio's loop, or all of it."""
    lines = stack.splitlines()
    at = max((n for n, line in enumerate(lines) if "/asyncio/" in line), default=-1)
    while at + 1 < len(lines) and at >= 0 and not lines[at + 1].startswith("  File"):
        at += 1
    return "\n".join(lines[at + 1 :]) or stack


def _children_with(parent: int, word: str) -> list[int]:
    """Return descriptors of a process's children whose command line has a word in it."""
    found: list[int] = []
    pids: list[str] = []
    for children in Path(f"/proc/{parent}/task").glob("*/children"):
        with suppress(OSError):
            pids += children.read_text(encoding="ascii").split()
    for pid in pids:
        with suppress(OSError):
            if word.encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(os.pidfd_open(int(pid)))
    return found


if __name__ == "__main__":
    watch(Channels(*map(int, sys.argv[1:])))
