"""The machine of a region whose writer is a process, which SIGKILL ends at any moment."""

from __future__ import annotations

import time
from typing import Any, ClassVar, Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from adapters.shm import FactorReader, RegionError
from tests.proof.accounting.region.drawn import FLOATS, SCHEMAS
from tests.proof.accounting.region.region_machine import RegionMachine
from tests.proof.accounting.region.writers import ProcessWriter
from tests.proof.accounting.region.written import File

LONGEST_LIFE_S: Final = 0.01


class ProcessMachine(RegionMachine):
    """A region with a writer in another process."""

    new_writer: ClassVar[Any] = ProcessWriter
    values: ClassVar[st.SearchStrategy[Any]] = st.one_of(
        FLOATS, st.integers(-(2**70), 2**70), st.booleans(), st.none(), st.just("1")
    )

    @precondition(lambda self: self.writer is not None)
    @rule(life_s=st.floats(0, LONGEST_LIFE_S))
    def kill_while_it_writes(self, life_s: float) -> None:
        """SIGKILL in the middle of a write; what was announced is there, whole."""
        assert isinstance(self.writer, ProcessWriter)
        assert self.file is not None
        if self.file.is_damaged:
            self.heartbeat()
        self.writer.begin_burst()
        time.sleep(life_s)
        self.writer.kill()
        self.writer = None
        with FactorReader(self.path) as reader:
            published = reader.status().published
        self.log.add_burst(self.file, published - self.file.published)
        self.loop.turn()

    @precondition(lambda self: self.writer is None)
    @rule(names=st.sampled_from(SCHEMAS), life_s=st.floats(0, 10 * LONGEST_LIFE_S))
    def kill_while_it_starts(self, names: tuple[str, ...], life_s: float) -> None:
        """SIGKILL of a writer that opens the region, or makes another file of it."""
        before = self.at_path
        starting = ProcessWriter.start(self.path, names, capacity=4)
        time.sleep(life_s)
        starting.close()
        try:
            reader = FactorReader(self.path)
        except RegionError:
            assert before is None
            return
        with reader:
            self._found(reader, names, before)

    def _found(self, reader: FactorReader, names: tuple[str, ...], before: File | None) -> None:
        """Enter the file that the killed writer left at the path."""
        found = reader.schema.names, reader.capacity, reader.stream_id, reader.first_sequence
        if before is not None and found == (
            before.names, before.capacity, before.stream, before.first
        ):  # fmt: skip
            self.file = before
        else:
            assert found[:2] == (names, 4)
            if before is not None:
                assert found[2:] == (before.stream, before.published + 1)
                before.is_left = True
            self.file = File(found[2], names, 4, found[3], found[3] - 1)
            self.files.append(self.file)
        self.at_path = self.file
