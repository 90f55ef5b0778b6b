"""GivenPlaces: how far a tail has come in each stream, and what is missing before a record."""

from __future__ import annotations


class GivenPlaces:
    """Remembers the last sequence given of each stream, recorded or live.

    Attributes
    ----------
    current : int
        The stream of the last record given; 0 before the first.

    """

    def __init__(self) -> None:
        self.current = 0
        self._next = 0
        """The sequence after the last one of the current stream."""
        self._last: dict[int, int] = {}
        """Of the other streams; the current one's is written when it is left."""
        self._live: dict[int, int] = {}
        """How far the ring was read in each stream, when it was last looked."""
        self._live_before: dict[int, int] = {}
        """The same, before the ring's stream changed."""
        self._live_stream = self._old_stream = 0
        self._live_lost: int | None = None
        """The ring's count of lost records that is accounted for; None before its first record."""

    def __contains__(self, stream_id: int) -> bool:
        return stream_id == self.current != 0 or stream_id in self._last

    def __getitem__(self, stream_id: int) -> int:
        return self._next - 1 if stream_id == self.current else self._last[stream_id]

    def get(self, stream_id: int, default: int) -> int:
        """Return the last sequence given of a stream, or a default."""
        if stream_id == self.current != 0:
            return self._next - 1
        return self._last.get(stream_id, default)

    def all(self) -> dict[int, int]:
        """Return the last sequence of every stream, in a new dict."""
        found = dict(self._last)
        if self.current:
            found[self.current] = self._next - 1
        return found

    def begin(self, stream_id: int, sequence: int) -> None:
        """Take a record as the first one."""
        self.current, self._next = stream_id, sequence

    def is_next(self, stream_id: int, sequence: int) -> bool:
        """Return whether a record follows the last one."""
        return sequence == self._next and stream_id == self.current

    def advance(self, count: int) -> None:
        """Note that the next records of the current stream were given."""
        self._next += count

    def give(self, stream_id: int, sequence: int) -> None:
        """Note that a record was given."""
        if stream_id != self.current:
            if self.current:
                self._last[self.current] = self._next - 1
            self.current = stream_id
        self._next = sequence + 1

    def has(self, stream_id: int, sequence: int) -> bool:
        """Return whether a record was given already."""
        return stream_id in self and sequence <= self[stream_id]

    def read_live(self, stream_id: int, sequence: int) -> None:
        """Note that the ring gave a record, which is not due yet."""
        if stream_id != self._live_stream:
            self._old_stream, self._live_stream = self._live_stream, stream_id
            self._live_before = dict(self._live)
        self._live[stream_id] = sequence

    def read_as_given(self) -> None:
        """Note that the ring was read up to the last record given."""
        self._live[self.current] = self._next - 1
        self._live_stream = self.current

    def missing_before(self, stream_id: int, sequence: int, live_lost: int) -> int:
        """Return how many published records are known to be missing before a live one.

        Parameters
        ----------
        stream_id, sequence : int
            The record that the ring gave.
        live_lost : int
            How many records the ring's source counts as lost by now.

        """
        of_stream = max(sequence - 1 - self.get(stream_id, 0), 0)
        return of_stream + self.missing_of_old(stream_id, sequence, live_lost)

    def missing_of_old(self, stream_id: int, sequence: int, live_lost: int) -> int:
        """Return how many records of the stream that the ring had before are missing.

        A file that is gone had records that were not read; those given from the recording since
        are not missing. Parameters as for ``missing_before``.
        """
        old = self._old_stream
        if not old or self._live_lost is None:
            return 0
        begun_after = self._live_before.get(stream_id, 0)
        unread = live_lost - self._live_lost - (sequence - 1 - begun_after)
        ahead = max(self.get(old, 0) - self._live.get(old, 0), 0)
        return max(unread - ahead, 0)

    def settle_live(self, live_lost: int) -> None:
        """Note that everything the ring's source lost is accounted for."""
        self._live_lost = live_lost
        self._old_stream = 0
