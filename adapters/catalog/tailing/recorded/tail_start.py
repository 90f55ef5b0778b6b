"""TailStart: where in which recording a tail begins."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class TailStart:
    """Where a tail begins: with the first record of a recording unless something else is given.

    Attributes
    ----------
    catalog : Path
        The folder of the catalog.
    sequence : int
        The sequence of the first record; 0: not by sequence.
    stream_id : int
        The stream, u64, that ``sequence`` counts in; 0: the newest that has it.
    instant_ns : int
        The instant, UNIX nanoseconds, before whose first record a tail begins; 0: not by time.
        A recorded record is of the instant at which its recorder received it, one that is not
        recorded yet of its ``ts_event``.
    is_newest : bool
        Begin with the newest record of the region; the recording then only gives what the ring
        overwrites before it is read.

    """

    catalog: Path
    sequence: int = 0
    stream_id: int = 0
    instant_ns: int = 0
    is_newest: bool = False
