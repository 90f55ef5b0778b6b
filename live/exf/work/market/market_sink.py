"""MarketSink: writes the frames of market data into a catalog."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from adapters.catalog import RecordingWriter
from adapters.catalog.files import custom_tables
from adapters.catalog.files.delivered_tables import RECORDING, funding_to_arrow, with_delivery
from adapters.catalog.files.market_tables import market_folder
from adapters.computing.recording import market_frames
from live.exf.work.market.instrument_files import InstrumentFiles

if TYPE_CHECKING:
    from pathlib import Path

    from adapters.computing.recording.market_frames import Frame

FLUSH_S: Final = 1.0
"""The time of data that a killed writer loses."""
_PRECISION: Final = b"_precision"


class MarketSink:
    """Writes market data as a recording of a catalog, and instruments beside it.

    Parameters
    ----------
    catalog : Path
        The catalog's folder; made if missing.
    source : str
        A description of the recorded run, for the catalog's journal.

    Raises
    ------
    ConfigError
        If the catalog cannot be written, or another process records market data into it.

    """

    def __init__(self, catalog: Path, source: str) -> None:
        self._writer: Final = RecordingWriter(
            catalog, source=source, name=RECORDING, flush_s=FLUSH_S
        )
        self._instruments: Final = InstrumentFiles(catalog, RECORDING)
        self._unread = bytearray()
        self._precisions: dict[tuple[str, bytes], int] = {}
        self._never_came = 0
        self._unreadable = ""

    def feed(self, content: bytes) -> None:
        """Add bytes from the pipe, in pieces of any size."""
        self._unread += content
        for frame in market_frames.unpack(self._unread):
            if frame.kind == market_frames.INSTRUMENT:
                self._instruments.add(json.loads(frame.content))
            elif frame.kind == market_frames.DROPPED:
                for kind, count in json.loads(frame.content).items():
                    self._never_came += count
                    self._writer.add_dropped(count, f"{kind}: the service could not hand over")
            else:
                self._write(frame)

    def tick(self) -> None:
        """Write what is due."""
        self._instruments.write()
        self._writer.tick()

    def status(self) -> dict[str, Any]:
        """Return the counts and the problem, for the service.

        ``recorded`` and ``dropped`` are rows that came; ``instruments`` definitions in files.
        """
        return {
            "recorded": self._writer.recorded,
            "dropped": self._writer.dropped - self._never_came,
            "instruments": self._instruments.written,
            "problem": self._writer.problem or self._instruments.problem or self._unreadable,
        }

    def close(self) -> None:
        """Write everything, make the catalog's files, and close them."""
        self._instruments.write()
        self._writer.close()

    def _write(self, frame: Frame) -> None:
        kind, _, name = frame.table.rpartition("/")
        folder = market_folder(kind, name)
        try:
            batch = self._with_precisions(folder, _batch(kind, name, frame))
            batch = with_delivery(batch, frame.numbers, frame.instants_ns, frame.bursts)
        except (pa.ArrowException, ValueError) as error:
            self._unreadable = f"{frame.table}: {error}"
            self._writer.add_dropped(len(frame.numbers), self._unreadable)
        else:
            self._writer.write_table(folder, batch)

    def _with_precisions(self, folder: str, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Give a batch the highest precisions of its table so far: its numbers are exact anyway.

        So a lower one, such as that of a book that was cleared, begins no other file.
        """
        metadata = dict(batch.schema.metadata or {})
        for name, value in metadata.items():
            if name.endswith(_PRECISION):
                highest = max(int(value), self._precisions.get((folder, name), 0))
                self._precisions[folder, name] = highest
                metadata[name] = str(highest).encode()
        return batch.replace_schema_metadata(metadata)


def _batch(kind: str, name: str, frame: Frame) -> pa.RecordBatch:
    """Return the rows of a frame."""
    if frame.kind == market_frames.ROWS:
        rows = json.loads(frame.content)
        if kind.startswith(custom_tables.FOLDER):
            return custom_tables.custom_to_arrow(kind.removeprefix(custom_tables.FOLDER), rows)
        return funding_to_arrow(name, rows)
    batch = pa.ipc.open_stream(pa.py_buffer(frame.content)).read_next_batch()
    # The instrument, which is in the metadata: Nautilus's catalog writes no such column.
    return batch.drop_columns([n for n in ("identifier",) if n in batch.schema.names])
