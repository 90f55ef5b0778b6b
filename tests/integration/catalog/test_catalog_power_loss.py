"""A loss of power: only what was synced is left, and the catalog is whole up to there."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

import pytest

from adapters.catalog import FactorCatalog, RecordingWriter
from adapters.catalog.writing import recording_writer
from tests.support.catalogs.factor_batches import assert_numbered, numbered, sequences

if TYPE_CHECKING:
    from pathlib import Path

ROWS: Final = 100


class Disk:
    """Remembers of each file and folder what was there when it was last synced."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._fsync: Final = os.fsync
        self._sizes: dict[int, tuple[int, int]] = {}
        """Of each inode, a descriptor of ours, which keeps it from being given anew, and bytes."""
        self._entries: dict[int, dict[str, tuple[int, bool]]] = {}
        """Of each folder its names, with their inode and whether it is a folder."""
        monkeypatch.setattr(os, "fsync", self.sync)
        monkeypatch.setattr(os, "fdatasync", self.sync)

    def sync(self, fd: int) -> None:
        """Sync, and remember."""
        self._fsync(fd)
        found = os.fstat(fd)
        if stat.S_ISDIR(found.st_mode):
            with os.scandir(fd) as entries:
                self._entries[found.st_ino] = {e.name: (e.inode(), e.is_dir()) for e in entries}
        else:
            ours = self._sizes.get(found.st_ino, (-1, 0))[0]
            if ours < 0:
                ours = os.open(f"/proc/self/fd/{fd}", os.O_RDONLY)
            self._sizes[found.st_ino] = ours, found.st_size

    def left(self, folder: Path, target: Path) -> None:
        """Make what is left of a folder after the power was lost."""
        self._left(folder.stat().st_ino, target)

    def _left(self, inode: int, target: Path) -> None:
        target.mkdir(mode=0o700)
        for name, (entry, is_folder) in self._entries.get(inode, {}).items():
            if is_folder:
                self._left(entry, target / name)
            else:
                fd, size = self._sizes.get(entry, (-1, 0))
                (target / name).write_bytes(os.pread(fd, size, 0) if size else b"")

    def close(self) -> None:
        """Close the descriptors."""
        for fd, _ in self._sizes.values():
            os.close(fd)


@pytest.mark.parametrize("rotated_at", [None, 2, 5])
def test_what_was_synced_survives_a_loss_of_power(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rotated_at: int | None
) -> None:
    """Fault E02: at each point the records of the last sync and of each finished file are there
    once; what is not synced, five seconds of records at most, is missing without damage.
    """
    catalog = tmp_path / "catalog"
    catalog.mkdir(mode=0o700)
    disk = Disk(monkeypatch)
    try:
        with RecordingWriter(catalog, source="test", name="one", flush_s=0.0) as writer:
            synced = 0
            for number in range(8):
                writer.write_factors(numbered(1 + ROWS * number, ROWS))
                written = ROWS * (number + 1)
                if number == rotated_at:
                    writer.rotate()
                    synced = written
                elif number % 3 == 0:
                    monkeypatch.setattr(recording_writer, "SYNC_S", 0.0)
                    writer._sync_at = 0.0
                    writer.tick()
                    synced = written
                left = tmp_path / f"left {number}"
                disk.left(catalog, left)
                after = FactorCatalog(left)
                after.recover()
                batches = list(after.batches())
                assert_numbered(batches)
                found = sequences(batches)
                assert found == [*range(1, len(found) + 1)]
                assert synced <= len(found) <= written
                assert after.verify() == []
                with RecordingWriter(left, source="test", name="one") as again:
                    assert again.last_sequences.get(7, 0) == len(found)
    finally:
        disk.close()
