"""The spool of one part of a recording: an Arrow IPC stream that grows at each flush."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import pyarrow as pa

from adapters.catalog.files.journal import write_all

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Spool:
    """Appends record batches of one schema; each is in the file whole or not at all.

    Raises
    ------
    OSError
        If the file cannot be made.

    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path: Final = path
        self.schema: Final = schema
        self.rows = 0
        self.bytes = 0
        self._fd = os.open(path, _FLAGS, 0o600)
        try:
            self._append(schema.serialize())
        except OSError:
            self.remove()
            raise

    def append(self, batch: pa.RecordBatch) -> None:
        """Append a batch; a killed process loses nothing that was appended.

        Raises
        ------
        OSError
            If the batch cannot be written; the spool is then as before.

        """
        self._append(batch.serialize())
        self.rows += batch.num_rows

    def sync(self) -> None:
        """Sync the file, so that the appended batches survive a loss of power."""
        os.fdatasync(self._fd)

    def close(self) -> None:
        """Close the file; safe to call again."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def remove(self) -> None:
        """Close and delete the file."""
        self.close()
        with suppress(FileNotFoundError):
            self.path.unlink()

    def _append(self, message: pa.Buffer) -> None:
        try:
            write_all(self._fd, memoryview(message))
            self.bytes += message.size
        except BaseException:  # a Ctrl-C may also leave half a message
            os.ftruncate(self._fd, self.bytes)
            os.lseek(self._fd, self.bytes, os.SEEK_SET)
            raise


def read_spool(file: BinaryIO) -> Iterator[pa.RecordBatch]:
    """Yield the batches of a spool that may still be written, up to the first torn one."""
    yield from _batches(file)


def map_spool(path: Path) -> Iterator[pa.RecordBatch]:
    """Yield the batches without copying, for a spool that has no writer any more.

    Raises
    ------
    OSError
        If the file cannot be opened.

    """
    if path.stat().st_size:
        with pa.memory_map(str(path)) as file:
            yield from _batches(file)


def _batches(file: Any) -> Iterator[pa.RecordBatch]:
    try:
        reader = pa.ipc.open_stream(file)
        while True:
            batch = reader.read_next_batch()
            batch.validate(full=True)
            yield batch
    except (StopIteration, pa.ArrowInvalid, OSError):
        return
