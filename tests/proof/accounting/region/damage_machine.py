"""The machine of a region whose files are cut, removed, replaced and brought back, and forks."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from adapters.shm import FactorReader, RegionError
from adapters.shm.region.region_files import folder_of
from tests.proof.accounting.region.drawn import MANY
from tests.proof.accounting.region.region_machine import RegionMachine
from tests.proof.accounting.region.writers import LocalWriter
from tests.proof.accounting.region.written import File
from tests.support.transports.regions import remove_all_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SIZES: Final = (0, 4096, 4200, 8192, 1 << 20)


class DamageMachine(RegionMachine):
    """A region at a path with which others meddle."""

    _kept: File | None = None

    @property
    def _aside(self) -> Path:
        return self.path.with_name(f"{self.path.name}_aside")

    @property
    def _copy(self) -> Path:
        return self.path.with_name(f"{self.path.name}_copy")

    def teardown(self) -> None:
        if hasattr(self, "path"):
            remove_all_of(self._aside)
            remove_all_of(self._copy)
        super().teardown()

    @precondition(lambda self: self.at_path is not None)
    @rule(size=st.sampled_from(SIZES))
    def change_size(self, size: int) -> None:
        """Somebody truncates the file, or makes it longer."""
        assert self.at_path is not None
        os.truncate(self.path, size)
        self.at_path.is_damaged = size < (1 << 20)
        self.at_path, self.was_refused = None, True

    @precondition(lambda self: self.at_path is not None)
    @rule(also_folder=st.booleans())
    def remove(self, *, also_folder: bool) -> None:
        """Somebody removes the file, or everything."""
        self.path.unlink()
        if also_folder:
            shutil.rmtree(folder_of(self.path))
            self.has_folder = False
        self.at_path = None

    @precondition(lambda self: self.at_path is not None)
    @rule()
    def replace_by_garbage(self) -> None:
        """Somebody puts another file over it."""
        self._aside.write_bytes(b"garbage" * 2000)
        self._aside.chmod(0o600)
        self._aside.rename(self.path)
        self.at_path, self.was_refused = None, True

    @precondition(lambda self: self.at_path is not None and not self.at_path.is_copy)
    @rule(count=st.integers(1, MANY))
    def replace_by_another_region(self, count: int) -> None:
        """Somebody copies another region over it."""
        other = LocalWriter(self._aside, ("a", "b"), capacity=8)
        with FactorReader(self._aside) as reader:
            file = File(reader.stream_id, ("a", "b"), 8, 1, 0, is_copy=True)
        other.burst(count)
        self.log.add_burst(file, count)
        other.close()
        self._aside.rename(self.path)
        remove_all_of(self._aside)
        self.files.append(file)
        self.at_path = file

    @precondition(lambda self: self.at_path is not None and not self.at_path.is_copy)
    @rule()
    def keep_a_copy(self) -> None:
        """Somebody copies the file away."""
        assert self.at_path is not None
        shutil.copy2(self.path, self._copy)
        self._kept = replace(self.at_path, is_copy=True)

    @precondition(lambda self: self._kept is not None and self.at_path is not None)
    @rule()
    def bring_the_copy_back(self) -> None:
        """Somebody puts the old state over the newer."""
        self._copy.rename(self.path)
        self.at_path, self._kept = self._kept, None

    @rule()
    def fork(self) -> None:
        """No handle works in a child, and none suffers in the parent."""
        if (pid := os.fork()) == 0:
            os._exit(self._count_usable())
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0

    def _count_usable(self) -> int:
        calls: list[Callable[[], object]] = [r.reader.read_next for r in self.readers]
        if isinstance(self.writer, LocalWriter):
            calls.append(self.writer.heartbeat)
        usable = 0
        for call in calls:
            try:
                call()
            except RegionError:
                continue
            except BaseException:  # noqa: BLE001 - the parent sees the count
                return 99
            usable += 1
        return usable

    @precondition(lambda self: self.sources and self.at_path is not None)
    @rule(data=st.data(), after=st.integers(0, 3 * MANY), limit=st.integers(1, MANY))
    def look_back(self, data: st.DataObject, after: int, limit: int) -> None:
        """Ask for what is held after a record: of the file at the path, and counted nowhere."""
        source, file = data.draw(st.sampled_from(self.sources)), self.at_path
        assert file is not None
        before = source.source.status()
        batch = source.source.held_after(file.stream, after, limit)
        assert source.source.status() == before
        found = [] if batch is None else batch.records()
        for f in found:
            record = self.log.records[file.stream, f.sequence]
            assert record.is_equal(f.schema.names, f.payload)
        if source.source.schema is not None and batch is not None:
            first = max(after + 1, file.oldest)
            assert [f.sequence for f in found] == [
                *range(first, min(first + min(limit, file.capacity), file.published + 1))
            ]
