"""The point at which a recorder resumes: the records of each stream in the catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.catalog.files import catalog_layout
from adapters.catalog.files.journal import last_sequences, read_journal
from adapters.catalog.files.recording_lock import is_written

if TYPE_CHECKING:
    from adapters.catalog.writing.recording_writer import RecordingWriter


def resume_after(writer: RecordingWriter, source: str) -> dict[int, int]:
    """Return for each stream the last sequence that need not be recorded again.

    The result covers records that ended or killed recordings of the source hold or reported lost.
    While another process records the same source, only this recording's own past counts: the
    other recording has the records in between.

    Parameters
    ----------
    writer : RecordingWriter
        A recording that was just opened, so that killed recordings are recovered.
    source : str
        The recorded source: the writers' ``source``.

    """
    known = dict(writer.last_sequences)
    others: dict[int, int] = {}
    for folder in catalog_layout.recording_folders(writer.catalog):
        if folder.name == writer.name:
            continue
        events = read_journal(folder / catalog_layout.JOURNAL)
        if source not in {e.get("source") for e in events if e["event"] == "start"}:
            continue
        if is_written(folder):
            return known
        for stream_id, last in last_sequences(events).items():
            others[stream_id] = max(last, others.get(stream_id, 0))
    return {s: max(known.get(s, 0), others.get(s, 0)) for s in known.keys() | others.keys()}
