"""SessionRecording: records what the strategy of a running node is given and does."""

from __future__ import annotations

import fcntl
import json
import os
import select
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from adapters.session.pipe_sender import Outbox
from adapters.session.tap.strategy_tap import StrategyTap
from dolphin_strategies.errors import DolphinError
from dolphin_strategies.observation import StrategyObserver, observe

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from pathlib import Path

    from adapters.command.strategy_class import AnyFactorStrategy

FLUSH_S: Final = 0.1
"""What a ``kill -9`` of the node may take with it."""
PIPE_BYTES: Final = 1 << 20
READY_TIMEOUT_S: Final = 30.0
END_TIMEOUT_S: Final = 20.0
"""For turning what is left into files, on a slow disk."""


WRITER_ENDED: Final = "the session writer has ended; nothing more is recorded"


class RecordingError(DolphinError):
    """A session cannot be recorded; nothing was started."""


class SessionRecording:
    """The recording of one session: a tap at the strategy, and a process that writes.

    The node's thread packs each input into memory and gives a pipe what it takes; a process of
    its own makes files of it, and ends by itself when the node is gone. Whatever fails in here
    is told once and counted, and never touches trading.

    Parameters
    ----------
    folder : Path
        The session's folder.
    strategy : FactorStrategy
        What is recorded; not running yet.
    header : dict
        What ``session.json`` shall say of this run.
    say : callable
        Tells the user a line.

    Raises
    ------
    RecordingError
        If the writer cannot be started, or cannot write.

    """

    def __init__(
        self,
        folder: Path,
        strategy: AnyFactorStrategy,
        header: dict[str, Any],
        say: Callable[[str], None],
    ) -> None:
        self.folder: Final = folder
        self._say: Final = say
        self._strategy: Final = strategy
        self._status: dict[str, Any] = {"recorded": 0, "dropped": 0, "problem": ""}
        self._heard = b""
        self._problem = ""
        self._is_alarmed = self._is_watching = False
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_closed = False
        self._process: Final = subprocess.Popen(
            [sys.executable, "-m", "live.node.session_writer", str(folder), f"node {os.getpid()}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            bufsize=0,
        )
        assert self._process.stdin is not None  # noqa: S101 - they are pipes, see above
        assert self._process.stdout is not None  # noqa: S101
        self._into: Final = self._process.stdin.fileno()
        self._from: Final = self._process.stdout.fileno()
        try:
            self._wait_until_ready()
        except BaseException:
            self.kill()
            raise
        os.set_blocking(self._into, False)
        os.set_blocking(self._from, False)
        with suppress(OSError):
            fcntl.fcntl(self._into, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self._outbox: Final = Outbox(self._into)
        self._outbox.header(**header, started_ns=time.time_ns())
        self.tap: Final = StrategyTap(strategy, self._outbox, time.time_ns)
        observe(strategy, _InstrumentsAtStart(strategy, self._outbox))

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hand over from now on, on the node's loop."""
        self._loop = loop
        self._flush_and_wait()

    # ---- what it comes to --------------------------------------------------------------------

    @property
    def published(self) -> int:
        """Inputs that the strategy was given."""
        return self.tap.events.number

    @property
    def recorded(self) -> int:
        """Inputs that the writer says are in files."""
        return int(self._status["recorded"])

    @property
    def dropped(self) -> int:
        """Inputs that could not be handed over or written."""
        return self._outbox.dropped + int(self._status["dropped"])

    @property
    def lost(self) -> int:
        """Inputs handed to a writer that ended before it had written them."""
        left = self.published - self.recorded - self.dropped
        return left if self._outbox.problem or self._is_closed else 0

    def progress(self) -> str:
        """Return what a progress line says of it."""
        self._guard(self._listen)
        pending = self.published - self.recorded - self.dropped - self.lost
        alarm = f"  RECORDING: {self._problem}" if self._is_alarmed else ""
        return (
            f"recorded {self.recorded:,} + lost {self.lost:,} + dropped {self.dropped:,} "
            f"+ waiting {pending:,} of {self.published:,}{alarm}"
        )

    def summary(self) -> str:
        """Return the lines of the summary, once closed."""
        text = (
            f"  recorded  {self.recorded:,} + {self.lost:,} lost + {self.dropped:,} dropped "
            f"= {self.published:,} inputs, in {self.folder}"
        )
        if self._outbox.dropped_lines or self._status.get("dropped_lines"):
            dropped = self._outbox.dropped_lines + int(self._status.get("dropped_lines", 0))
            text += f"\n            {dropped:,} decisions or execution events are missing"
        if self._problem:
            text += f"\n            once: {self._problem}"
        return text

    # ---- on the node's loop ------------------------------------------------------------------

    def _flush_and_wait(self) -> None:
        if self._loop is None or self._is_closed:
            return
        self._guard(self._flush)
        if not self._outbox.problem:
            self._timer = self._loop.call_later(FLUSH_S, self._flush_and_wait)

    def _flush(self) -> None:
        self._hand_over()
        self._listen()
        problem = self.tap.events.problem or str(self._status["problem"])
        if self._outbox.problem:
            self._give_up(WRITER_ENDED)
        elif problem:
            self._alarm(problem)
        elif self._is_alarmed:
            self._is_alarmed = False
            self._say("RECORDING: goes on")

    def _hand_over(self) -> None:
        """Give the pipe what it takes; what it does not, as soon as it has room again."""
        self._outbox.flush()
        is_waiting = self._outbox.waiting_bytes > 0
        if self._loop is None or is_waiting == self._is_watching:
            return
        self._is_watching = is_waiting
        if is_waiting:
            self._loop.add_writer(self._into, self._guard, self._hand_over)
        else:
            self._loop.remove_writer(self._into)

    def _listen(self) -> None:
        """Hear what the writer has said, without waiting."""
        with suppress(BlockingIOError):
            while not self._is_closed:
                heard = os.read(self._from, 65536)
                if not heard:
                    self._give_up(WRITER_ENDED)
                    return
                self._hear(heard)

    def _guard(self, call: Callable[[], None]) -> None:
        """Call, and give the recording up if that fails: trading goes on."""
        try:
            call()
        except Exception as error:  # noqa: BLE001 - whatever it was
            self._give_up(f"{type(error).__name__}: {error}")

    def _hear(self, heard: bytes) -> None:
        *lines, self._heard = (self._heard + heard).split(b"\n")
        for line in lines:
            self._status |= json.loads(line)

    def _give_up(self, problem: str) -> None:
        self._outbox.give_up(problem)
        self._alarm(problem)

    def _alarm(self, problem: str) -> None:
        if not self._is_alarmed:
            self._is_alarmed = True
            self._problem = problem
            with suppress(Exception):
                self._say(f"RECORDING: {problem}; trading goes on")

    # ---- beginning and end -------------------------------------------------------------------

    def _wait_until_ready(self) -> None:
        deadline_s = time.monotonic() + READY_TIMEOUT_S
        while not ({"ready", "error"} & self._status.keys()):
            left_s = deadline_s - time.monotonic()
            if left_s <= 0 or not select.select([self._from], [], [], left_s)[0]:
                msg = f"record: the session writer said nothing for {READY_TIMEOUT_S:g} s"
                raise RecordingError(msg)
            heard = os.read(self._from, 65536)
            if not heard:
                msg = "record: the session writer ended at once; see its error above"
                raise RecordingError(msg)
            self._hear(heard)
        if "error" in self._status:
            raise RecordingError(str(self._status["error"]))

    def close(self, reason: str) -> None:
        """Hand over the rest, say how the node ended, wait for the files; safe to call again."""
        if self._is_closed:
            return
        if self._timer is not None:
            self._timer.cancel()
        if self._loop is not None:
            with suppress(OSError, ValueError):
                self._loop.remove_writer(self._into)
        self._outbox.header(ended=reason, ended_ns=time.time_ns(), published=self.published)
        with suppress(Exception):
            self._end()
        self._is_closed = True
        if self._process.poll() is None:
            # It has all that it will get, and ends by itself.
            self._alarm("the session writer is still writing; wait for its end to use the session")

    def _end(self) -> None:
        deadline_s = time.monotonic() + END_TIMEOUT_S
        while self._outbox.waiting_bytes and time.monotonic() < deadline_s:
            select.select([], [self._into], [], 0.1)
            self._outbox.flush()
        assert self._process.stdin is not None  # noqa: S101 - a pipe, see __init__
        self._process.stdin.close()
        while (left_s := deadline_s - time.monotonic()) > 0:
            if select.select([self._from], [], [], left_s)[0]:
                heard = os.read(self._from, 65536)
                if not heard:
                    break
                self._hear(heard)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(max(deadline_s - time.monotonic(), 0.1))
        if self._status["problem"]:
            self._alarm(str(self._status["problem"]))
        elif not self._status.get("closed"):
            self._alarm("the session writer ended before everything was written")

    def kill(self) -> None:
        """End the writer at once; it loses what it has not written."""
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(2)


class _InstrumentsAtStart(StrategyObserver):
    """Puts the instruments that the node knows at the strategy's start into the session."""

    def __init__(self, strategy: AnyFactorStrategy, outbox: Outbox) -> None:
        self._strategy: Final = strategy
        self._outbox: Final = outbox

    def around_lifecycle(self, name: str, hook: Callable[[], None]) -> Callable[[], None]:
        if name != "on_start":
            return hook

        def observed() -> None:
            with suppress(Exception):
                known = self._strategy.cache.instruments()
                self._outbox.header(instruments=[i.to_dict() for i in known])
            hook()

        return observed
