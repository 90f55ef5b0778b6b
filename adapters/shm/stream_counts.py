"""StreamCounts: where a source continues in the next file of a stream, and its counters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.shm.reading.reader import FactorReader


class ReadCounts(NamedTuple):
    """Counts of records by outcome."""

    published: int
    delivered: int
    conflated: int
    lost: int


class StreamCounts:
    """Count over every file that a source reads one after another.

    Parameters
    ----------
    resume_after : mapping of int to int
        For each stream the last sequence that the caller has already.

    """

    def __init__(self, resume_after: Mapping[int, int]) -> None:
        self._resume_after: Final = dict(resume_after)
        self._past = ReadCounts(0, 0, 0, 0)
        self._stream_id = 0
        self._next_sequence = 0
        self._attached_position = 0

    def begin(self, reader: FactorReader, published: int, *, was_missing: bool) -> None:
        """Continue where the last file of the same stream ended; count the records between them.

        Parameters
        ----------
        reader : FactorReader
            Attached to the next file; its position is set.
        published : int
            The newest sequence in it.
        was_missing : bool
            Whether there was no file at the source's last check.

        """
        next_sequence = self._next_sequence
        if reader.stream_id != self._stream_id:
            next_sequence = self._resume_after.get(reader.stream_id, -1) + 1
        if next_sequence:
            gap = max(reader.first_sequence - next_sequence, 0)
            past = self._past
            self._past = past._replace(published=past.published + gap, lost=past.lost + gap)
            start = max(next_sequence, reader.first_sequence)
            reader.position = min(start - 1, published)
        elif self._next_sequence or was_missing:
            # Every record was published after the source was opened.
            reader.position = reader.first_sequence - 1
        self._stream_id = reader.stream_id
        self._attached_position = reader.position

    def end(self, reader: FactorReader) -> None:
        """Add the counts of a file that is no longer read."""
        self._next_sequence = reader.position + 1
        self._past = self.with_reader(reader, reader.position)

    def with_reader(self, reader: FactorReader | None, newest: int) -> ReadCounts:
        """Return the counts, including those of the file that is read now, if there is one.

        Parameters
        ----------
        reader : FactorReader or None
            Attached to that file.
        newest : int
            The newest sequence published in it.

        """
        if reader is None:
            return self._past
        published, delivered, conflated, lost = self._past
        return ReadCounts(
            published + newest - self._attached_position,
            delivered + reader.delivered,
            conflated + reader.conflated,
            lost + reader.lost,
        )
