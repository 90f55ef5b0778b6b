"""Machines: any sequence of writes, reads, crashes, restarts and damage of a region's file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from adapters.shm import FactorReader, RegionError, WriterLockedError
from tests.proof.accounting.region.drawn import (
    CAPACITIES,
    FLOATS,
    MANY,
    ODD_NAMES,
    READS,
    SCHEMAS,
    STAMPS,
)
from tests.proof.accounting.region.readers import ModelledReader, ModelledSource
from tests.proof.accounting.region.stepped_loop import SteppedLoop
from tests.proof.accounting.region.writers import LocalWriter
from tests.proof.accounting.region.written import File, Log, Record, bits_of, taken
from tests.proof.accounting.stateful import CountedMachine
from tests.support.transports.regions import new_region_path, remove_all_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.proof.accounting.region.writers import Writer


class RegionMachine(CountedMachine):
    """A region at one path, its writer, and readers of every kind."""

    new_writer: ClassVar[Callable[..., Writer]] = LocalWriter
    values: ClassVar[st.SearchStrategy[Any]] = st.one_of(
        FLOATS, FLOATS, st.integers(), st.booleans(), st.none(), st.sampled_from(["1", "", "nan"])
    )

    @initialize()
    def begin(self) -> None:
        """Begin with nothing at the path."""
        self.path = new_region_path()
        self.loop = SteppedLoop()
        self.log = Log()
        self.writer: Writer | None = None
        self.file: File | None = None
        """The file that is written, or was written last."""
        self.at_path: File | None = None
        """The file at the path, if there is a whole one."""
        self.files: list[File] = []
        self.has_folder = True
        self.was_refused = False
        self.counts: dict[str, int] = {}
        self.readers: list[ModelledReader] = []
        self.sources: list[ModelledSource] = []

    def teardown(self) -> None:
        if not hasattr(self, "path"):
            return
        for source in self.sources:
            source.source.close()
        for reader in self.readers:
            reader.close()
        if self.writer is not None:
            self.writer.kill()
        self.loop.close()
        remove_all_of(self.path)

    @precondition(lambda self: self.writer is None)
    @rule(names=st.sampled_from(SCHEMAS), capacity=st.sampled_from(CAPACITIES))
    def start_writer(self, names: tuple[str, ...], capacity: int) -> None:
        """Start a writer, which continues what is there or begins anew."""
        found = self.at_path
        if found is not None and found.is_copy:
            # It would go on with sequences that were given already.
            self.path.unlink()
            found = None
        self.writer = type(self).new_writer(self.path, names, capacity=capacity)
        self.has_folder = True
        self.counts = dict.fromkeys(self.writer.counters, 0)
        if found is not None and (found.names, found.capacity) == (names, capacity):
            self.file = found
        else:
            self._new_file(names, capacity, found)
        assert self.file is not None
        assert self.writer.published == self.file.published

    def _new_file(
        self, names: Sequence[str], capacity: int, continued: File | None, published: int = 0
    ) -> None:
        """Enter into the model that there is a new file at the path."""
        with FactorReader(self.path) as reader:
            stream, first = reader.stream_id, reader.first_sequence
        if continued is not None:
            assert stream == continued.stream
            assert first == continued.published + 1
            continued.is_superseded = True
        else:
            assert first == 1
            assert all(stream != known for known, _ in self.log.records)
        self.counts["files_made"] += 1
        self.file = File(stream, tuple(names), capacity, first, first - 1)
        self.at_path = self.file
        self.files.append(self.file)

    def _written(self, record: Record) -> None:
        """Enter a record into the model; find out whether the writer made a file for it."""
        assert self.writer is not None
        assert self.file is not None
        made = self.writer.counters["files_made"] - self.counts["files_made"]
        assert made in {0, 1}
        if made:
            assert record.names != self.file.names or self.file.is_damaged
            self._new_file(record.names, self.file.capacity, self.file)
            self.has_folder = True
        else:
            assert record.names == self.file.names
        self.log.add(self.file, record)
        assert self.writer.published == self.file.published
        self.loop.turn()

    @precondition(lambda self: self.writer is not None)
    @rule(data=st.data(), ts_event=STAMPS)
    def write(self, data: st.DataObject, ts_event: int) -> None:
        """Write a dict of known, new and odd names, of numbers and of everything else."""
        assert self.writer is not None
        assert self.file is not None
        names = st.sampled_from([*self.file.names, *self.file.names, "d", *ODD_NAMES])
        mapping = data.draw(st.dictionaries(names, self.values, max_size=5))
        means = taken(self.file.names, mapping)
        self.writer.write(mapping, ts_event)
        names_now = (*self.file.names, *means.added)
        self._written(Record(names_now, tuple(means.values), ts_event))
        for name in ("missing_values", "infinite_values", "skipped_names", "skipped_values"):
            self.counts[name] += getattr(means, name)
            assert self.writer.counters[name] == self.counts[name], name

    @precondition(lambda self: self.writer is not None)
    @rule(data=st.data(), ts_event=STAMPS)
    def write_values(self, data: st.DataObject, ts_event: int) -> None:
        """Write a vector."""
        assert self.writer is not None
        assert self.file is not None
        size = len(self.file.names)
        vector = data.draw(st.lists(FLOATS, min_size=size, max_size=size))
        self.writer.write_values(vector, ts_event)
        bits = tuple(bits_of(x) for x in vector)
        self._written(Record(self.file.names, bits, ts_event))
        self.counts["infinite_values"] = self.writer.counters["infinite_values"]

    @precondition(lambda self: self.writer is not None)
    @rule(count=st.integers(1, MANY))
    def burst(self, count: int) -> None:
        """Write records enough to overrun a reader."""
        assert self.writer is not None
        if self.file is None or self.file.is_damaged:
            self.heartbeat()
        self.writer.burst(count)
        self.log.add_burst(self.file, count)
        assert self.writer.published == self.file.published  # type: ignore[union-attr]
        self.loop.turn()

    @precondition(lambda self: self.writer is not None)
    @rule()
    def heartbeat(self) -> None:
        """Let the writer restore its file, if it is not at the path whole."""
        assert self.writer is not None
        assert self.file is not None
        self.writer.heartbeat()
        self.has_folder = True
        if self.at_path is not self.file:
            assert self.writer.counters["files_made"] == self.counts["files_made"] + 1
            self._new_file(self.file.names, self.file.capacity, self.file)

    @precondition(lambda self: self.writer is not None)
    @rule(is_killed=st.booleans(), unlink=st.booleans())
    def end_writer(self, *, is_killed: bool, unlink: bool) -> None:
        """Kill the writer, or let it close the region."""
        assert self.writer is not None
        if is_killed:
            self.writer.kill()
        else:
            self.writer.close(unlink=unlink)
            if unlink:
                self.at_path = None
                self.has_folder = False
        self.writer = None

    @precondition(lambda self: self.writer is not None and self.has_folder)
    @rule()
    def second_writer(self) -> None:
        """Refused, and without harm."""
        with pytest.raises(WriterLockedError):
            LocalWriter(self.path, ("a",))

    @precondition(lambda self: self.file is not None and len(self.readers) < 4)
    @rule()
    def open_reader(self) -> None:
        """Open a reader of the file at the path; refused if there is no whole one."""
        if self.at_path is None:
            with pytest.raises(RegionError):
                FactorReader(self.path)
            return
        self.readers.append(ModelledReader(self.path, self.at_path, self.log))

    @precondition(lambda self: self.readers)
    @rule(
        data=st.data(),
        how=st.sampled_from(READS),
        limit=st.integers(1, MANY),
    )
    def read(self, data: st.DataObject, how: str, limit: int) -> None:
        """Let a reader read."""
        if how == "wait" and not self.has_folder:
            how = "spin"  # there is no place to sleep
        data.draw(st.sampled_from(self.readers)).read(how, limit)

    @precondition(lambda self: self.readers)
    @rule(data=st.data())
    def close_reader(self, data: st.DataObject) -> None:
        """Let a reader leave."""
        reader = data.draw(st.sampled_from(self.readers))
        self.readers.remove(reader)
        reader.close()

    @precondition(lambda self: len(self.sources) < 3)
    @rule(resumed=st.none() | st.integers(0, 60))
    def open_source(self, resumed: int | None) -> None:
        """Open a source, which may resume where an earlier one was."""
        resume = {}
        if resumed is not None and self.file is not None:
            resume = {self.file.stream: min(resumed, self.file.published)}
        source = ModelledSource(self.path, self.loop, self.log, resume)
        self.sources.append(source)
        if (file := self.at_path) is not None:
            source.start.setdefault(file.stream, max(file.published, file.first) - 1)

    @precondition(lambda self: self.sources)
    @rule(
        data=st.data(),
        how=st.sampled_from(["read_next", "read_latest", "read_batch"]),
        limit=st.integers(1, MANY),
    )
    def read_source(self, data: st.DataObject, how: str, limit: int) -> None:
        """Let a source read."""
        data.draw(st.sampled_from(self.sources)).read(how, limit)

    @precondition(lambda self: self.sources)
    @rule(data=st.data())
    def sleep(self, data: st.DataObject) -> None:
        """Let a source ask for a wake-up."""
        data.draw(st.sampled_from(self.sources)).sleep()

    @precondition(lambda self: self.sources)
    @rule()
    def pass_time(self) -> None:
        """Let a tenth of a second pass: nobody sleeps beside a record."""
        self.loop.turn(0.11)
        for source in self.sources:
            source.check()
            assert not (source.is_asleep and source.source.status().pending)

    @precondition(lambda self: self.sources)
    @rule()
    def read_to_the_end(self) -> None:
        """All that can be read is read: then nothing is pending."""
        self.loop.turn(0.11)
        for source in self.sources:
            while source.read("read_next", 2):
                pass
            self.loop.turn(0.11)
            while source.read("read_batch", MANY):
                pass
            status = source.source.status()
            assert status.pending == 0, status
            self._check_all_is_accounted(source)

    def _check_all_is_accounted(self, source: ModelledSource) -> None:
        """After the last record has been read, each is in exactly one of the counts."""
        status, file = source.source.status(), self.at_path
        streams = {stream for stream, _ in self.log.records}
        assert status.published <= len(self.log.records)
        if file is not None and file.published >= file.first and not file.is_copy:
            last = source.last.get(file.stream, source.start.get(file.stream))
            assert last == file.published
            if len(streams) == 1:
                firsts = {f.first for f in self.files}
                source.check_beginning(file, firsts, was_refused=self.was_refused)

    def holds(self) -> None:
        """Readers and sources add up."""
        for reader in getattr(self, "readers", ()):
            reader.check()
        for source in getattr(self, "sources", ()):
            source.check()
