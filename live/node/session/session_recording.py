"""SessionRecording: records the inputs and actions of a running node's strategy."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from adapters.process.child import module_command
from adapters.process.writer_child import WriterChild
from adapters.session.tap.strategy_tap import StrategyTap
from dolphin_strategies.observation import StrategyObserver, observe
from live.node.session.pipe_sender import PipeSender

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from pathlib import Path

    from adapters.command.user_code.strategy_class import AnyFactorStrategy

FLUSH_S: Final = 0.1
"""The longest time of inputs that a ``kill -9`` of the node may lose."""
WRITER: Final = "live.node.session.session_writer"
WRITER_ENDED: Final = "the session writer has ended; nothing more is recorded"


class SessionRecording:
    """The recording of one session: a tap at the strategy, and a process that writes.

    The node's thread packs each input into memory and writes to a pipe without blocking; a
    separate process writes the files, and ends by itself when the node has ended. A failure of
    the recording is reported once and counted, and never affects trading.

    Parameters
    ----------
    folder : Path
        The session's folder.
    strategy : FactorStrategy
        The recorded strategy; not running yet.
    header : dict
        The content of ``session.json``.
    say : callable
        Prints a line for the user.

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
        say: Callable[[str], object],
    ) -> None:
        self.folder: Final = folder
        self._say: Final = say
        self._problem = ""
        self._is_alarmed = False
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_closed = False
        self._writer: Final = WriterChild(
            module_command(WRITER, folder, f"node {os.getpid()}"),
            "record: the session writer",
            PipeSender,
        )
        self._outbox: Final = self._writer.outbox
        self._outbox.header(**header, started_ns=time.time_ns())
        self.tap: Final = StrategyTap(strategy, self._outbox, time.time_ns)
        observe(strategy, _InstrumentsAtStart(strategy, self._outbox))

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Send inputs from now on, on the node's loop."""
        self._loop = loop
        self._flush_and_wait()

    @property
    def published(self) -> int:
        """Inputs that the strategy received."""
        return self.tap.events.number

    @property
    def recorded(self) -> int:
        """Inputs that are in files, as the writer reports."""
        return int(self._writer.status["recorded"])

    @property
    def dropped(self) -> int:
        """Inputs that could not be sent or written."""
        return self._outbox.dropped + int(self._writer.status["dropped"])

    @property
    def lost(self) -> int:
        """Inputs sent to a writer that ended before writing them."""
        left = self.published - self.recorded - self.dropped
        return left if self._outbox.problem or self._is_closed else 0

    def progress(self) -> str:
        """Return the recording's part of a progress line."""
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
        if self._outbox.dropped_lines or self._writer.status.get("dropped_lines"):
            dropped = self._outbox.dropped_lines + int(self._writer.status.get("dropped_lines", 0))
            text += f"\n            {dropped:,} decisions or execution events are missing"
        if self._problem:
            text += f"\n            once: {self._problem}"
        return text

    def _flush_and_wait(self) -> None:
        if self._loop is None or self._is_closed:
            return
        self._guard(self._flush)
        if not self._outbox.problem:
            self._timer = self._loop.call_later(FLUSH_S, self._flush_and_wait)

    def _flush(self) -> None:
        self._hand_over()
        self._listen()
        problem = self.tap.events.problem or str(self._writer.status["problem"])
        if self._outbox.problem:
            self._give_up(WRITER_ENDED)
        elif problem:
            self._alarm(problem)
        elif self._is_alarmed:
            self._is_alarmed = False
            self._say("RECORDING: goes on")

    def _hand_over(self) -> None:
        if self._loop is not None:
            self._writer.hand_over(self._loop, lambda: self._guard(self._hand_over))

    def _listen(self) -> None:
        if not self._is_closed and not self._writer.read_status():
            self._give_up(WRITER_ENDED)

    def _guard(self, call: Callable[[], None]) -> None:
        """Call, and end the recording if that fails: trading continues."""
        try:
            call()
        except Exception as error:  # noqa: BLE001 - whatever it was
            self._give_up(f"{type(error).__name__}: {error}")

    def _give_up(self, problem: str) -> None:
        self._outbox.give_up(problem)
        self._alarm(problem)

    def _alarm(self, problem: str) -> None:
        if not self._is_alarmed:
            self._is_alarmed = True
            self._problem = problem
            with suppress(Exception):
                self._say(f"RECORDING: {problem}; trading goes on")

    def close(self, reason: str) -> None:
        """Send the rest and the reason of the end, and wait for the files; idempotent."""
        if self._is_closed:
            return
        if self._timer is not None:
            self._timer.cancel()
        if self._loop is not None:
            self._writer.release(self._loop)
        self._outbox.header(ended=reason, ended_ns=time.time_ns(), published=self.published)
        self._guard(self._end)
        self._is_closed = True
        if self._writer.is_running:
            # The writer has received everything, and ends by itself.
            self._alarm("the session writer is still writing; wait for its end to use the session")

    def _end(self) -> None:
        self._writer.end()
        if self._writer.status["problem"]:
            self._alarm(str(self._writer.status["problem"]))
        elif not self._writer.status.get("closed"):
            self._alarm("the session writer ended before everything was written")

    def kill(self) -> None:
        """Kill the writer, which loses unwritten inputs."""
        self._writer.kill()


class _InstrumentsAtStart(StrategyObserver):
    """Writes the node's instruments at the strategy's start into the session."""

    def __init__(self, strategy: AnyFactorStrategy, outbox: PipeSender) -> None:
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
