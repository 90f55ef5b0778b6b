"""The files of recordings, opened for one query, and what they hold of copied records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from adapters.catalog.reading.recordings import in_several
from adapters.catalog.reading.records.duplicate_records import Once
from adapters.catalog.reading.records.factor_files import file_batches, file_sequences, open_spool
from adapters.catalog.reading.records.time_merge import Cursor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters.catalog.reading.recordings import Recording
    from adapters.catalog.reading.records.factor_files import Window
    from dolphin_strategies.factors.schema import FactorSchema

LOOK_BACK_NS: Final = 60_000_000_000
"""Copies of a record whose ``ts_init`` are further apart than this are not recognised as
duplicates if the start of a window lies between them."""

type Guarded = Callable[[Path, Callable[[], Iterator[Any]]], Iterator[Any]]
"""Reads a file, and leaves it out if it is damaged."""


def opened(
    recordings: Sequence[Recording],
    window: Window,
    names: FactorSchema | None,
    max_rows: int,
    guarded: Guarded,
) -> list[Cursor]:
    """Return a cursor for each file of recordings with records in a window.

    Parameters
    ----------
    recordings : sequence of Recording
        The recordings.
    window : tuple of int
        Its start and its exclusive end, UNIX nanoseconds.
    names : FactorSchema, optional
        The factors and their order; None: those of each file.
    max_rows : int
        The largest batch.
    guarded : callable
        Reads a file.

    Raises
    ------
    FileNotFoundError
        If a spool became a Parquet file since it was listed.

    """
    return [
        Cursor(
            guarded(
                file.path, partial(file_batches, file, open_spool(file), window, names, max_rows)
            ),
            max(file.first_ns, window[0]),
        )
        for recording in recordings
        for file in recording.files
        if file.last_ns >= window[0] and file.first_ns < window[1]
    ]


def copies_before(recordings: Sequence[Recording], start_ns: int, guarded: Guarded) -> Once:
    """Return a filter that knows the records shortly before a start, to drop copies of them.

    Parameters
    ----------
    recordings : sequence of Recording
        The recordings.
    start_ns : int
        The start, UNIX nanoseconds.
    guarded : callable
        Reads a file.

    Raises
    ------
    FileNotFoundError
        If a spool became a Parquet file since it was listed.

    """
    once = Once(in_several(recordings))
    window = (start_ns - LOOK_BACK_NS, start_ns)
    for file in (f for r in recordings for f in r.files if f.stream_id in once.streams):
        if file.last_ns >= window[0] and file.first_ns < window[1]:
            read = partial(file_sequences, file, open_spool(file), window)
            for sequences in guarded(file.path, read):
                once.is_new(file.stream_id, sequences)
    return once
