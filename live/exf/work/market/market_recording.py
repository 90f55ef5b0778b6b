"""MarketRecording: the market data of a service's streams, recorded by a process of its own."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from adapters.catalog.files.delivered_tables import RECORDING
from adapters.computing.recording.market_frames import DROPPED, pack_json
from adapters.computing.recording.market_tap import MOST_WAITING, MarketTap
from adapters.process.child import module_command
from adapters.process.pipe_outbox import ROOM_BYTES, PipeOutbox
from adapters.process.writer_child import RecordingError, WriterChild

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

log: Final = logging.getLogger("exf")

FLUSH_S: Final = 0.1
"""The longest time of data that a ``kill -9`` of the service may lose."""
SLICE: Final = 200
"""Data that become frames in one turn of the loop, some 0.3 ms: records do not wait for more."""
WRITER: Final = "live.exf.work.market.market_writer"
WRITER_ENDED: Final = "the market writer has ended"
PAUSES_S: Final = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Before each try to start a writer again; after the last one nothing more is recorded."""
STEADY_S: Final = 600.0
"""The tries count anew after a writer that has lasted for this long."""
LOST: Final = "rows that were with a market writer that ended"
"""What the catalog's journal says of them."""


class MarketRecording:
    """Hands market data from the tap at the streams to a process that writes it.

    The service's thread neither waits for the pipe nor for a disk. A failure of the recording is
    logged once and counted, and never affects the factors. A writer that ends is started again, a
    few times; meanwhile data wait, as for a slow one.

    Parameters
    ----------
    catalog : Path
        The catalog's folder; made if missing.
    most_waiting : int
        How many data may wait to be handed over.
    room_bytes : int
        How many bytes may wait for a writer that is slow.

    Attributes
    ----------
    tap : MarketTap
        To be given the data.

    Raises
    ------
    RecordingError
        If the writer cannot be started, or cannot write.

    """

    def __init__(
        self, catalog: Path, most_waiting: int = MOST_WAITING, room_bytes: int = ROOM_BYTES
    ) -> None:
        self.tap: Final = MarketTap(most_waiting)
        self._catalog: Final = catalog.absolute()
        self._make_writer: Final = partial(
            WriterChild,
            module_command(WRITER, self._catalog, f"service {os.getpid()}"),
            "record_market: the market writer",
            partial(PipeOutbox, room_bytes=room_bytes),
        )
        self._writer: WriterChild[PipeOutbox] = self._make_writer()
        self._started_s = time.monotonic()
        self._before: Final[Counter[str]] = Counter()
        """What earlier writers recorded, left unwritten and lost."""
        self._tries = self._restarts = self._told_lost = 0
        self._starting: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._handle: asyncio.Handle | None = None
        self._reported_dropped: dict[str, int] = {}
        self._problem = ""
        self._is_closed = False

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hand data over from now on, on the service's loop."""
        self._loop = loop
        self._turn()

    def report(self) -> dict[str, Any]:
        """Return the counters for ``status``: rows of the catalog's tables.

        ``rows`` is ``recorded + dropped + unwritten + lost`` and those on their way: ``dropped``
        could not be handed over, by kind; ``unwritten`` came to the writer, and no file took them;
        ``lost`` were with a writer when it ended. ``waiting`` data are not counted yet.
        ``restarts`` are the writers that were started in the place of one that ended.
        """
        status, before = self._writer.status, self._before
        return {
            "catalog": str(self._catalog),
            "name": RECORDING,
            "writer_pid": self._writer.pid,
            "restarts": self._restarts,
            "rows": self.tap.rows,
            "recorded": before["recorded"] + status["recorded"],
            "dropped": dict(self.tap.dropped),
            "unwritten": before["unwritten"] + status["dropped"],
            "lost": before["lost"] + (self._left() if self._is_closed else 0),
            "waiting": self.tap.waiting,
            "instruments": status.get("instruments", 0),
            "problem": self._problem or status["problem"],
        }

    def _left(self) -> int:
        """Return how many rows the writer was given and has not accounted for."""
        before, status = self._before, self._writer.status
        given = self.tap.rows - sum(self.tap.dropped.values()) - before.total()
        return int(given - status["recorded"] - status["dropped"])

    def stop(self) -> None:
        """Hand over everything and wait for the files, within a limit; safe to call again."""
        if self._is_closed:
            return
        if self._handle is not None:
            self._handle.cancel()
        if self._starting is not None:
            self._starting.cancel()
        if self._loop is not None:
            self._writer.release(self._loop)
        self._is_closed = True
        self._guard(self._end)
        self.tap.give_up()
        if self._writer.is_running:
            self._alarm("the market writer is still writing, and ends by itself when it is done")
        counts = self.report()
        log.info(
            "market data: %d rows recorded, %d dropped, %d unwritten, %d lost of %d, in %s",
            counts["recorded"], sum(counts["dropped"].values()), counts["unwritten"],
            counts["lost"], counts["rows"], self._catalog,
        )  # fmt: skip

    @property
    def _outbox(self) -> PipeOutbox:
        return self._writer.outbox

    def _turn(self) -> None:
        """Hand over a slice; the next one at once if there is more, else after a while."""
        if self._loop is None or self._is_closed:
            return
        self._guard(self._hand_over)
        if self._outbox.problem:
            # Another writer turns again.
            return
        if self.tap.waiting and self._outbox.has_room:
            self._handle = self._loop.call_soon(self._turn)
        else:
            self._handle = self._loop.call_later(FLUSH_S, self._turn)

    def _hand_over(self) -> None:
        if self._outbox.has_room:
            for frame in self.tap.frames(SLICE):
                self._outbox.put_always(frame)
        self._report_dropped()
        self._flush()
        if not self._writer.read_status() or self._outbox.problem:
            self._give_up(WRITER_ENDED)
        elif problem := str(self._writer.status["problem"]):
            self._alarm(problem)
        elif self._problem:
            self._problem = ""
            log.info("market data is recorded again")

    def _flush(self) -> None:
        if self._loop is not None:
            self._writer.hand_over(self._loop, lambda: self._guard(self._flush))

    def _report_dropped(self) -> None:
        """Tell the writer what was dropped, for the recording's journal."""
        if self.tap.dropped != self._reported_dropped:
            before, self._reported_dropped = self._reported_dropped, dict(self.tap.dropped)
            more = {k: n - before.get(k, 0) for k, n in self._reported_dropped.items()}
            self._outbox.put_always(pack_json(DROPPED, {k: n for k, n in more.items() if n}))

    def _end(self) -> None:
        while self.tap.waiting and not self._outbox.problem:
            for frame in self.tap.frames(SLICE):
                self._outbox.put_always(frame)
        self._report_dropped()
        self._writer.end()
        if self._writer.status["problem"]:
            self._alarm(str(self._writer.status["problem"]))
        elif not self._writer.status.get("closed") and not self._writer.is_running:
            self._alarm("the market writer ended before everything was written")

    def _guard(self, call: Callable[[], None]) -> None:
        """Call, and end the recording if that fails: the factors go on."""
        try:
            call()
        except Exception as error:  # noqa: BLE001 - whatever it was
            self._give_up(f"{type(error).__name__}: {error}")

    def _give_up(self, problem: str) -> None:
        """Count what the writer had, and start another one."""
        self._outbox.give_up(problem)
        self._writer.kill()
        if self._is_closed or self._loop is None:
            self._alarm(problem)
            return
        self._before["lost"] += self._left()
        self._before["recorded"] += self._writer.status["recorded"]
        self._before["unwritten"] += self._writer.status["dropped"]
        self._writer.status.update({"recorded": 0, "dropped": 0, "problem": ""})
        self._writer.release(self._loop)
        if time.monotonic() - self._started_s > STEADY_S:
            self._tries = 0
        self._try_again(problem)

    def _try_again(self, problem: str) -> None:
        if self._loop is None or self._tries >= len(PAUSES_S):
            self.tap.give_up()
            self._alarm(f"{problem}; no more market data is recorded")
            return
        pause_s = PAUSES_S[self._tries]
        self._tries += 1
        self._alarm(f"{problem}; try {self._tries} of {len(PAUSES_S)} to start it again")
        self._handle = self._loop.call_later(pause_s, self._begin_to_start)

    def _begin_to_start(self) -> None:
        if self._loop is not None:
            self._starting = self._loop.create_task(self._start_writer())

    async def _start_writer(self) -> None:
        """Start a writer, beside the loop: it loads for a second."""
        try:
            writer = await asyncio.to_thread(self._make_writer)
        except RecordingError as error:
            self._try_again(f"{WRITER_ENDED}: {error}")
            return
        self._writer, self._started_s = writer, time.monotonic()
        self._restarts += 1
        self.tap.define_again()
        if more := self._before["lost"] - self._told_lost:
            self._told_lost += more
            self._outbox.put_always(pack_json(DROPPED, {LOST: more}))
        self._turn()

    def _alarm(self, problem: str) -> None:
        if self._problem != problem:
            self._problem = problem
            log.error("market data: %s; the factors go on", problem)
