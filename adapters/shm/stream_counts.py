"""StreamCounts: where a source continues in the next file of a stream, and its counters."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from adapters.shm.region.region_errors import RegionError

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
        self._next_sequence: Final = {s: last + 1 for s, last in resume_after.items()}
        """For each stream the sequence with which the next file is continued."""
        self._past = ReadCounts(0, 0, 0, 0)
        self._has_left_a_file = False
        self._stream_id = 0
        self._attached_position = 0
        self._newest = 0
        """The newest sequence known of the file that is read."""
        self._destroyed: Final[dict[int, int]] = {}
        """Records of each stream, from the next sequence on, that count as lost already."""

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
        stream_id = reader.stream_id
        if next_sequence := self._next_sequence.get(stream_id, 0):
            if (gap := reader.first_sequence - next_sequence) > 0:
                gap -= min(gap, self._destroyed.pop(stream_id, 0))
                self._past = self._past._replace(published=self._past.published + gap)
                self._lose(gap)
            start = max(next_sequence, reader.first_sequence)
            reader.position = min(start - 1, published)
        elif self._has_left_a_file or was_missing:
            # Every record was published after the source was opened.
            reader.position = reader.first_sequence - 1
        self._stream_id = stream_id
        self._attached_position = reader.position
        self._newest = published

    def end(self, reader: FactorReader, *, is_gone: bool) -> None:
        """Add the counts of a file that is no longer read.

        Parameters
        ----------
        reader : FactorReader
            Attached to that file.
        is_gone : bool
            Whether its unread records can never be read again.

        """
        stream_id, position = reader.stream_id, reader.position
        # Read once: a producer that still writes must be as far in each count.
        newest = self._newest_of(reader)
        self._past = self._with(reader, newest)
        unread = newest - position
        if not is_gone:
            self._past = self._past._replace(published=self._past.published - unread)
            unread = 0
        self._lose(unread)
        if position == self._attached_position:
            # An old copy of a file that was read to its end is no new beginning.
            next_sequence = max(position + 1, self._next_sequence.get(stream_id, 0))
        else:
            next_sequence = position + 1
            self._destroyed.pop(stream_id, None)
        self._next_sequence[stream_id] = next_sequence
        self._destroyed[stream_id] = self._destroyed.get(stream_id, 0) + unread
        self._has_left_a_file = True

    def with_reader(self, reader: FactorReader | None) -> ReadCounts:
        """Return the counts, including those of the file that is read now, if there is one.

        Parameters
        ----------
        reader : FactorReader or None
            Attached to that file.

        """
        return self._past if reader is None else self._with(reader, self._newest_of(reader))

    def _with(self, reader: FactorReader, newest: int) -> ReadCounts:
        published, delivered, conflated, lost = self._past
        return ReadCounts(
            published + newest - self._attached_position,
            delivered + reader.delivered,
            conflated + reader.conflated,
            lost + reader.lost,
        )

    def _newest_of(self, reader: FactorReader) -> int:
        """Return the newest sequence of a file; one that was cut may show less than before."""
        with suppress(RegionError):
            self._newest = max(self._newest, reader.status().published)
        return max(self._newest, reader.position)

    def _lose(self, count: int) -> None:
        self._past = self._past._replace(lost=self._past.lost + count)
