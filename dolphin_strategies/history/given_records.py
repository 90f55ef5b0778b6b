"""GivenRecords: which records of each stream a strategy received, and how many it missed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dolphin_strategies.factors.external_factors import ExternalFactors


class GivenRecords:
    """Identifies a record by stream and sequence, and passes only higher sequences.

    Attributes
    ----------
    count : int
        Records given.
    missing : int
        Records known to have been published between the records given, and not given.
    last : tuple of stream_id and sequence
        The newest record given; 0 and 0 before the first.

    Notes
    -----
    Records without a stream or a sequence always pass.

    """

    def __init__(self) -> None:
        self.count = 0
        self.missing = 0
        self.last = (0, 0)
        self._newest: dict[int, int] = {}

    def begin(self, stream_id: int, sequence: int) -> None:
        """Set the first sequence of a stream, unless records of the stream were given already."""
        self._newest.setdefault(stream_id, sequence - 1)

    def take(self, records: Iterable[ExternalFactors]) -> list[ExternalFactors]:
        """Return the records that are new, and count the records missing between them."""
        new = []
        newest = self._newest
        for f in records:
            stream_id, sequence = f.stream_id, f.sequence
            if stream_id and sequence:
                last = newest.get(stream_id)
                if last is not None and sequence <= last:
                    continue
                if last is None:
                    # A stream that came after another is known from its first record on.
                    last = 0 if newest else sequence - 1
                self.missing += sequence - last - 1
                newest[stream_id] = sequence
                self.last = (stream_id, sequence)
            new.append(f)
        self.count += len(new)
        return new

    def is_new(self, f: ExternalFactors) -> bool:
        """Return whether a record is new, and count the records missing before it."""
        last = self._newest.get(f.stream_id)
        if last is None or not f.sequence:
            return True
        self.missing += max(f.sequence - last - 1, 0)
        return f.sequence > last
