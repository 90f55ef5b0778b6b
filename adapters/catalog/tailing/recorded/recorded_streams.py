"""Streams of a source in a catalog: their files, each with the sequences that it holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyarrow as pa

from adapters.catalog.files import catalog_layout
from adapters.catalog.files.journal import damaged_lines, read_journal
from adapters.catalog.files.recording_lock import is_written
from adapters.catalog.files.spool import read_spool
from adapters.catalog.reading.recordings import list_recordings
from adapters.catalog.reading.records.factor_files import file_sequences, to_batch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from adapters.catalog.reading.recordings import FactorFile, Recording
    from dolphin_strategies.factors.batch import FactorBatch

ALL_TIME: Final = (0, (1 << 63) - 1)
DAMAGE: Final = (OSError, ArithmeticError, LookupError, TypeError, ValueError, pa.ArrowException)
"""What reading a damaged file raises."""
LISTINGS: Final = 20
"""Each but the first follows a spool that became a Parquet file after it was listed."""


class SequencedFile(NamedTuple):
    """A file of one stream, with its first and its last sequence.

    ``content`` are the records of a spool in the order of their sequences; None for Parquet.
    """

    file: FactorFile
    first: int
    last: int
    content: FactorBatch | None = None


@dataclass(kw_only=True)
class RecordedStream:
    """What the recordings of a source hold of one stream.

    Attributes
    ----------
    stream_id : int
        u64 of the stream.
    files : list of SequencedFile
        In the order of their first sequences.

    """

    stream_id: int
    files: list[SequencedFile] = field(default_factory=list)

    @property
    def first_ns(self) -> int:
        """The first ``ts_init``, UNIX nanoseconds."""
        return min(f.file.first_ns for f in self.files)

    @property
    def last_ns(self) -> int:
        """The last ``ts_init``, UNIX nanoseconds."""
        return max(f.file.last_ns for f in self.files)


class Listing(NamedTuple):
    """What a catalog held of a source at one moment.

    Attributes
    ----------
    streams : list of RecordedStream
        In the order of their first records.
    reached : list of dict of int to int
        For each recording that a live process writes, how far it has come in each stream: the
        last sequence that it holds or reports lost.
    is_settled : bool
        No process was writing a recording of the source when the listing began.

    """

    streams: list[RecordedStream]
    reached: list[dict[int, int]]
    is_settled: bool


class StreamLister:
    """Lists the recorded streams of one source, and remembers what files hold.

    Parameters
    ----------
    catalog : Path
        The catalog's folder.
    source : str
        What was recorded: the ``source`` of the recordings that count.
    tell : callable
        Called with the reason for which a file, or a whole recording, is left out.

    Notes
    -----
    For one thread.

    """

    def __init__(self, catalog: Path, source: str, tell: Callable[[str], None]) -> None:
        self._catalog: Final = catalog
        self._source: Final = source
        self._tell: Final = tell
        self._known: Final[dict[Path, tuple[int, int]]] = {}
        self._sources: Final[dict[Path, str]] = {}

    def listing(self) -> Listing:
        """Return what the catalog holds now.

        Raises
        ------
        OSError
            If the catalog cannot be read, or a file is listed and not there again and again.

        """
        missing = ""
        for _ in range(LISTINGS):
            # Without it, nothing below would differ from an empty one.
            self._catalog.stat()
            homes = catalog_layout.recording_folders(self._catalog)
            ours = [home for home in homes if self._is_ours(home)]
            is_settled = not any(map(is_written, ours))
            recordings, damaged = list_recordings(self._catalog)
            for path, why in damaged:
                self._tell(f"{path} is left out: {why}")
            try:
                return self._listed([r for r in recordings if self._counts(r)], is_settled)
            except FileNotFoundError as error:
                missing = str(error.filename or error)  # it became a Parquet file: list again
        msg = (
            f"{missing} is listed and is not there, {LISTINGS} times in a row: a link to nothing, "
            "or a folder that changes all the time; move it out of the catalog"
        )
        raise OSError(msg)

    def _is_ours(self, home: Path) -> bool:
        """Return whether a recording is of the source, as its journal's beginning says.

        Once known it is remembered: damage that comes later hides no recording.
        """
        if home not in self._sources:
            journal = home / catalog_layout.JOURNAL
            events = read_journal(journal)
            starts = [e["source"] for e in events if e["event"] == "start" and "source" in e]
            if not starts:
                if damaged := damaged_lines(journal):
                    self._tell(
                        f"recording {home.name} is left out: it does not say what was recorded, "
                        f"and {damaged} lines of {journal} are damaged"
                    )
                return False
            self._sources[home] = str(starts[-1])
        return self._sources[home] == self._source

    def _counts(self, recording: Recording) -> bool:
        home = self._catalog / catalog_layout.RECORDINGS / recording.name
        return self._sources.get(home, recording.source) == self._source

    def _listed(self, recordings: list[Recording], is_settled: bool) -> Listing:  # noqa: FBT001
        streams: dict[int, RecordedStream] = {}
        reached: list[dict[int, int]] = []
        for recording in recordings:
            self._learn(recording)
            last: dict[int, int] = {}
            for file in recording.files:
                if (found := self._sequenced(file)) is not None:
                    stream_id = file.stream_id
                    stream = streams.setdefault(stream_id, RecordedStream(stream_id=stream_id))
                    stream.files.append(found)
                    last[stream_id] = max(found.last, last.get(stream_id, 0))
            for gap in sorted(recording.gaps, key=lambda g: g.after_sequence):
                # A gap's line is written before the records in front of it are safe.
                if gap.after_sequence <= last.get(gap.stream_id, 0):
                    end = gap.after_sequence + gap.lost
                    last[gap.stream_id] = max(end, last.get(gap.stream_id, 0))
            if recording.is_open:
                reached.append(last)
        for stream in streams.values():
            stream.files.sort(key=lambda f: (f.first, f.last))
        ordered = sorted(streams.values(), key=lambda s: (s.first_ns, s.stream_id))
        return Listing(ordered, reached, is_settled)

    def _learn(self, recording: Recording) -> None:
        """Take from a journal which sequences new files hold."""
        if all(f.is_spool or f.path in self._known for f in recording.files):
            return
        home = self._catalog / catalog_layout.RECORDINGS / recording.name
        for event in read_journal(home / catalog_layout.JOURNAL):
            if event["event"] == "file" and {"first_sequence", "last_sequence"} <= event.keys():
                path = self._catalog / event["path"]
                self._known[path] = (event["first_sequence"], event["last_sequence"])

    def _sequenced(self, file: FactorFile) -> SequencedFile | None:
        try:
            if file.is_spool:
                return _of_spool(file)
            if file.path not in self._known:
                sequences = np.concatenate(list(file_sequences(file, None, ALL_TIME)))
                self._known[file.path] = (int(sequences.min()), int(sequences.max()))
            return SequencedFile(file, *self._known[file.path])
        except FileNotFoundError:
            raise
        except DAMAGE as error:
            self._tell(f"{file.path} is left out: {error}")
            return None


def _of_spool(file: FactorFile) -> SequencedFile | None:
    """Read a spool, which may have become longer since it was listed."""
    with file.path.open("rb") as spool:
        batches = list(read_spool(spool))
    if not batches:
        return None
    content = in_sequence(to_batch(pa.Table.from_batches(batches), None))
    return SequencedFile(file, int(content.sequence[0]), int(content.sequence[-1]), content)


def in_sequence(batch: FactorBatch) -> FactorBatch:
    """Return records in the order of their sequences."""
    if np.all(batch.sequence[1:] > batch.sequence[:-1]):
        return batch
    return batch[np.argsort(batch.sequence, kind="stable")]
