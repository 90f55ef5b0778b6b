"""Gap: records that a source lost before they could be recorded."""

from __future__ import annotations

from typing import NamedTuple


class Gap(NamedTuple):
    """A run of records that the source lost.

    Attributes
    ----------
    stream_id : int
        u64 of the stream.
    after_sequence : int
        The sequence of the last record before the gap.
    lost : int
        The number of records.

    """

    stream_id: int
    after_sequence: int
    lost: int
