"""The machine of a recording: writes, flushes, files, crashes at any step, full disks, clocks."""

from __future__ import annotations

import os
import resource
import shutil
import sys
import tempfile
from collections import Counter
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from adapters.catalog import FactorCatalog, RecordingWriter
from adapters.catalog.files.journal import read_journal
from adapters.catalog.writing import recording_parts
from dolphin_strategies import ConfigError
from tests.proof.accounting.recording.published import FIRST_NS, SCHEMAS, Key, Stream, found_in
from tests.proof.accounting.stateful import CountedMachine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NAME: Final = "one"
FULL_AT: Final = (0, 100, 700, 3000)
KILLED: Final = 9
_FILE_EVENTS: Final = frozenset(
    {"open", "os.link", "os.mkdir", "os.remove", "os.rename", "os.truncate"}
)


class RecorderMachine(CountedMachine):
    """One recording of streams that follow each other, and its crashes."""

    @initialize()
    def begin(self) -> None:
        """Begin with no catalog."""
        self.catalog = Path(tempfile.mkdtemp(prefix="dolphin_proof_"))
        recording_parts.RETRY_S = 0.0  # type: ignore[misc]
        self.writer: RecordingWriter | None = None
        self.now_ns = FIRST_NS
        self.streams = {1: Stream(1)}
        self.accounted: Counter[int] = Counter()
        """Sequence of each stream up to which everything was given to the writer."""
        self.seen: set[Key] = set()
        self.limit = resource.RLIM_INFINITY
        self.given = self.told_lost = self.seen_at_start = 0

    def teardown(self) -> None:
        if hasattr(self, "catalog"):
            if self.writer is not None:
                self._let_go()
            shutil.rmtree(self.catalog)

    @contextmanager
    def _disk(self) -> Iterator[None]:
        """Let no file grow over the limit meanwhile."""
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (self.limit, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))

    @precondition(lambda self: self.writer is None)
    @rule(flush_s=st.sampled_from([0.0, 3600.0]), rotate=st.sampled_from([1 << 20, 2_000]))
    def start(self, flush_s: float, rotate: int) -> None:
        """Start a recorder, which finishes what the last one left and goes on after it."""
        try:
            with self._disk():
                self.writer = RecordingWriter(
                    self.catalog, source="s", name=NAME, flush_s=flush_s, rotate_bytes=rotate
                )
        except ConfigError:
            assert self.limit != resource.RLIM_INFINITY
            return
        last = self.writer.last_sequences
        for number, stream in self.streams.items():
            newest = max((n for s, n in self.seen if s == number), default=0)
            assert newest <= last.get(number, 0) <= stream.newest
            self.accounted[number] = last.get(number, 0)
        self.given = self.told_lost = 0
        self.seen_at_start = len(self.seen)
        self.is_lazy = flush_s > 0

    @rule(count=st.integers(1, 60), names=st.sampled_from(SCHEMAS))
    def publish(self, count: int, names: tuple[str, ...]) -> None:
        """Let the producer publish."""
        self.now_ns += 1_000_000
        max(self.streams.items())[1].publish(count, names, self.now_ns)

    @rule(hours=st.sampled_from([-1, 1]))
    def step_the_clock(self, hours: int) -> None:
        """Set the clock."""
        self.now_ns += hours * 3_600_000_000_000

    @rule()
    def new_stream(self) -> None:
        """Let the producer begin anew; what was not recorded of the last stream is gone."""
        number, stream = max(self.streams.items())
        if stream.newest == self.accounted[number] > 0:
            self.streams[number + 1] = Stream(number + 1)

    @precondition(lambda self: self.writer is not None)
    @rule(count=st.integers(1, 60), lost=st.sampled_from([0, 0, 0, 1, 7]))
    def record(self, count: int, lost: int) -> None:
        """Give records to the writer, after a gap perhaps."""
        self._given(partial(self._record, *self._next(count, lost)))

    def _next(self, count: int, lost: int) -> tuple[int, int, int, range]:
        """Return the stream, the last sequence given, the gap and the records of one schema."""
        number, stream = max(self.streams.items())
        last = self.accounted[number]
        lost = min(lost, max(stream.newest - last - 1, 0))
        first = last + lost + 1
        end = first
        while end <= min(stream.newest, first + count) and (
            stream.schemas[end] == stream.schemas[first]
        ):
            end += 1
        return number, last, lost, range(first, end)

    def _record(self, number: int, last: int, lost: int, records: range) -> None:
        assert self.writer is not None
        if not records:
            return
        self.accounted[number] = records[-1]
        if lost:
            self.told_lost += lost
            self.writer.add_lost(number, last, lost)
        self.given += len(records)
        self.writer.write_factors(self.streams[number].batch(records))

    def _given(self, work: Callable[[], object]) -> None:
        """Do something with the writer on the disk as it is; compare its counts."""
        assert self.writer is not None
        with self._disk():
            work()
        assert self.writer.recorded + self.writer.dropped == self.given
        assert self.writer.lost == self.told_lost

    @precondition(lambda self: self.writer is not None)
    @rule(what=st.sampled_from(["flush", "rotate", "tick"]))
    def keep_up(self, what: str) -> None:
        """Flush, convert, or do what is due."""
        assert self.writer is not None
        self._given(getattr(self.writer, what))
        if what != "tick":
            self._look()
            assert len(self.seen) - self.seen_at_start == self.writer.recorded

    @precondition(lambda self: self.writer is not None)
    @rule()
    def end(self) -> None:
        """Close the recording."""
        assert self.writer is not None
        self._given(self.writer.close)
        self._look()
        assert len(self.seen) - self.seen_at_start == self.writer.recorded
        self.writer = None

    @precondition(lambda self: self.writer is not None)
    @rule(
        step=st.integers(1, 12),
        what=st.sampled_from(["record", "flush", "rotate", "tick", "close"]),
        count=st.integers(1, 60),
        lost=st.sampled_from([0, 0, 1, 7]),
    )
    def crash(self, step: int, what: str, count: int, lost: int) -> None:
        """Die at a step of the file system, in a process that is the recorder at this instant."""
        assert self.writer is not None
        work = getattr(self.writer, what, partial(self._record, *self._next(count, lost)))
        if (pid := os.fork()) == 0:
            die_at(step, str(self.catalog))
            with self._disk():
                work()
            os._exit(KILLED)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == KILLED
        self._let_go()
        self._look()

    def _let_go(self) -> None:
        """Close what the kernel closes with a killed process."""
        assert self.writer is not None
        for table in self.writer._tables.values():
            if table.spool is not None:
                table.spool.close()
        self.writer._held.close()
        self.writer = None

    @rule(limit=st.sampled_from([*FULL_AT, resource.RLIM_INFINITY, resource.RLIM_INFINITY]))
    def fill_the_disk(self, limit: int) -> None:
        """Let no file grow over a limit from now on, or let all grow again."""
        self.limit = limit

    @precondition(lambda self: self.writer is None and (self.catalog / "data").is_dir())
    @rule()
    def recover(self) -> None:
        """Finish what a killed recorder left."""
        try:
            with self._disk():
                FactorCatalog(self.catalog).recover()
        except OSError:
            assert self.limit != resource.RLIM_INFINITY
        self._look()

    @precondition(lambda self: self.writer is not None)
    @rule()
    def second_recorder(self) -> None:
        """Refuse another writer of this recording."""
        with pytest.raises(ConfigError, match="is written by process"):
            RecordingWriter(self.catalog, source="s", name=NAME)

    def _look(self) -> None:
        """Compare the catalog with what it held before: it only gains, and nothing twice."""
        if not (self.catalog / "data").is_dir():
            return
        found = found_in(self.catalog, self.streams)
        assert len(set(found)) == len(found)
        assert self.seen <= set(found)
        self.seen = set(found)

    @precondition(lambda self: self.writer is None and self.seen)
    @rule()
    def account(self) -> None:
        """Every sequence up to the last that is accounted for is recorded, lost or dropped."""
        self.limit = resource.RLIM_INFINITY
        FactorCatalog(self.catalog).recover()
        self._look()
        assert FactorCatalog(self.catalog).verify() == []
        assert not list(self.catalog.rglob("*.arrows"))
        (recording,) = FactorCatalog(self.catalog).recordings()
        lost = [
            (gap.stream_id, n)
            for gap in recording.gaps
            for n in range(gap.after_sequence + 1, gap.after_sequence + 1 + gap.lost)
        ]
        assert len(lost) == len(set(lost)) == recording.lost
        assert not self.seen & set(lost)
        assert recording.records == len(self.seen)
        with RecordingWriter(self.catalog, source="s", name=NAME) as writer:
            last = writer.last_sequences
        events = read_journal(self.catalog / "recordings" / NAME / "journal.jsonl")
        dropped = sum(e["count"] for e in events if e["event"] == "dropped")
        assert dropped == recording.dropped
        assert len(self.seen) + len(lost) + dropped == sum(last.values())
        for number, stream in self.streams.items():
            assert last.get(number, 0) <= stream.newest

    def holds(self) -> None:
        """Compare what a reader sees of a recording that goes on."""
        if getattr(self, "writer", None) is not None:
            self._look()


def die_at(step: int, below: str) -> None:
    """End this process at its so-manieth event on a file below a folder, as SIGKILL would."""
    left = step

    def count(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if event in _FILE_EVENTS and (below in str(arguments) or event == "os.truncate"):
            left -= 1
            if left == 0:
                os._exit(KILLED)

    sys.addaudithook(count)
