"""Recorded records in the order in which they were published, from one record to another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from adapters.catalog.reading.records.duplicate_records import Once
from adapters.catalog.reading.records.factor_files import file_batches, file_sequences
from adapters.catalog.reading.records.time_merge import Cursor, merged
from adapters.catalog.tailing.recorded.recorded_streams import ALL_TIME, DAMAGE, in_sequence
from dolphin_strategies.factors.batch import FactorBatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from adapters.catalog.tailing.recorded.recorded_streams import (
        Listing,
        RecordedStream,
        SequencedFile,
    )
    from adapters.catalog.tailing.recorded.tail_start import TailStart

BATCH_RECORDS: Final = 1_024
_ENDLESS: Final = (1 << 63) - 1


class Place(NamedTuple):
    """A record, by its stream and its sequence."""

    stream_id: int
    sequence: int


class End(NamedTuple):
    """The live record before which a look ends.

    Attributes
    ----------
    stream_id, sequence : int
        The record.
    published_ns : int
        When it was published, UNIX nanoseconds: where nobody recorded its stream, others that
        were recorded from later on do not count.

    """

    stream_id: int
    sequence: int
    published_ns: int


def first_place(listing: Listing, start: TailStart) -> Place | None:
    """Return the record with which a tail begins; None if no recorded one does.

    Parameters
    ----------
    listing : Listing
        What is recorded.
    start : TailStart
        Where to begin.

    Raises
    ------
    OSError, pyarrow.ArrowException, LookupError, ValueError
        If a file is damaged in which the instant must be looked for.

    """
    if start.sequence and start.stream_id:
        return Place(start.stream_id, start.sequence)
    if start.sequence:
        for stream in reversed(listing.streams):
            if stream.files[0].first <= start.sequence <= max(f.last for f in stream.files):
                return Place(stream.stream_id, start.sequence)
        newest = listing.streams[-1].stream_id if listing.streams else 0
        return Place(newest, start.sequence) if newest else None
    for stream in listing.streams:
        if stream.last_ns >= start.instant_ns:
            return Place(stream.stream_id, _first_since(stream, start.instant_ns))
    return None


def _first_since(stream: RecordedStream, instant_ns: int) -> int:
    """Return the first sequence of the records since an instant, of which there is one."""
    first = _ENDLESS
    for held in stream.files:
        if held.first >= first:
            break
        if held.file.first_ns >= instant_ns:
            first = min(first, held.first)
        elif held.content is not None:
            found = held.content.sequence[held.content.ts_init >= instant_ns]
            first = min([first, *found[:1].tolist()])
        elif held.file.last_ns >= instant_ns:
            for found in file_sequences(held.file, None, (instant_ns, ALL_TIME[1])):
                first = min(first, int(found.min()))
    return first if first < _ENDLESS else max(f.last for f in stream.files) + 1


def records_after(
    listing: Listing,
    given: Mapping[int, int],
    current: int,
    until: End | None,
    tell: Callable[[str], None],
) -> Iterator[FactorBatch]:
    """Yield the recorded records that were not given yet, stream after stream, in order.

    Parameters
    ----------
    listing : Listing
        What is recorded.
    given : mapping of int to int
        For each stream the last sequence that was given already.
    current : int
        The stream of the last record given: of others, only those that began later count.
    until : End, optional
        The record before which to end; None: to the end of everything.
    tell : callable
        Called with the reason for which a file is left out.

    Notes
    -----
    ``ts_init`` of the batches is their sequence: who hands them out sets it.

    """
    for stream in _chosen(listing, given, current, until):
        is_last = until is not None and stream.stream_id == until.stream_id
        end = until.sequence if until is not None and is_last else _ENDLESS
        yield from _of_stream(stream, given.get(stream.stream_id, 0), end, tell)


def skipped_before(listing: Listing, start: TailStart, until: End) -> int:
    """Return how many records there were since a start and before a live one, of which none came.

    Parameters
    ----------
    listing : Listing
        What is recorded.
    start : TailStart
        Where the tail was to begin.
    until : End
        The live record with which it began.

    Raises
    ------
    OSError, pyarrow.ArrowException, LookupError, ValueError
        As ``first_place``.

    """
    first = first_place(listing, start)
    if first is None:
        return 0
    after = {first.stream_id: first.sequence - 1}
    ends = {
        stream.stream_id: max(f.last for f in stream.files)
        for stream in _chosen(listing, after, first.stream_id, until)
    }
    ends[until.stream_id] = until.sequence - 1
    return sum(max(end - after.get(stream_id, 0), 0) for stream_id, end in ends.items())


def _chosen(
    listing: Listing, given: Mapping[int, int], current: int, until: End | None
) -> list[RecordedStream]:
    """Return the streams that follow what was given, in order; that of ``until`` last."""
    begins = {stream.stream_id: stream.first_ns for stream in listing.streams}
    # A stream that nobody recorded came after those given before it.
    latest_given = max((begins[s] for s in given if s in begins), default=ALL_TIME[1])
    earliest = begins.get(current, latest_given)
    latest = ALL_TIME[1] if until is None else begins.get(until.stream_id, until.published_ns)
    chosen = [
        s
        for s in listing.streams
        if (s.stream_id in given or earliest < s.first_ns <= latest)
        and (until is None or s.stream_id != until.stream_id)
    ]
    if until is not None:
        chosen += [s for s in listing.streams if s.stream_id == until.stream_id]
    return chosen


def _of_stream(
    stream: RecordedStream, after: int, end: int, tell: Callable[[str], None]
) -> Iterator[FactorBatch]:
    """Yield the records of a stream between two sequences, each once."""
    # Merging orders by ts_init, and here the order is that of the sequences.
    cursors = [
        Cursor(_between(held, after, end, tell), max(held.first, after + 1))
        for held in stream.files
        if held.last > after and held.first < end
    ]
    yield from merged(cursors, Once({stream.stream_id}), BATCH_RECORDS)


def _between(
    held: SequencedFile, after: int, end: int, tell: Callable[[str], None]
) -> Iterator[FactorBatch]:
    try:
        for batch in _ordered(held):
            bounds = np.array([after + 1, end], np.uint64)
            begin, stop = np.searchsorted(batch.sequence, bounds).tolist()
            cut = batch[begin:stop]
            for at in range(0, len(cut), BATCH_RECORDS):
                part = cut[at : at + BATCH_RECORDS]
                yield replace(part, ts_init=part.sequence.astype(np.int64))
    except DAMAGE as error:
        tell(f"{held.file.path} is left out: {error}")


def _ordered(held: SequencedFile) -> Iterator[FactorBatch]:
    """Yield the records of a file in the order of their sequences."""
    if held.content is not None:
        yield held.content
        return
    file = held.file
    last = np.uint64(0)
    for sequences in file_sequences(file, None, ALL_TIME):
        if sequences[0] <= last or np.any(sequences[1:] <= sequences[:-1]):
            break
        last = sequences[-1]
    else:
        yield from file_batches(file, None, ALL_TIME, None, BATCH_RECORDS)
        return
    # A clock went back while this file was written: it is in the order of ts_init.
    batches = list(file_batches(file, None, ALL_TIME, None, file.rows))
    yield in_sequence(
        FactorBatch(
            schema=batches[0].schema,
            stream_id=batches[0].stream_id,
            sequence=np.concatenate([b.sequence for b in batches]),
            ts_event=np.concatenate([b.ts_event for b in batches]),
            ts_init=np.concatenate([b.ts_init for b in batches]),
            values=np.concatenate([b.values for b in batches]),
        )
    )
