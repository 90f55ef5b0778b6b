"""Snapshot: the numbers of a process at one instant, as bytes and back."""

from __future__ import annotations

import time
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import orjson

from adapters.run_state.process_identity import ProcessIdentity
from dolphin_strategies.errors import DolphinError, printable
from live.metrics.metric_table import BUCKETS_S, BY_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BYTES: Final = 4_000_000
"""Of the content, unpacked."""
LOWEST: Final = -240
"""The index whose bound, 2 ** (index / 8) seconds, is less than a nanosecond."""
HIGHEST: Final = 265
"""The index of the longest time that 64 bits of nanoseconds hold."""
_LONGEST: Final = 500


class BadSnapshotError(DolphinError):
    """The content of a snapshot is not one."""


class NativeBuckets(NamedTuple):
    """Sparse exponential buckets, of which an index i ends at 2 ** (i / 8) seconds.

    https://prometheus.io/docs/specs/native_histograms, schema 3.

    Attributes
    ----------
    zero : int
        How many values were 0 or less.
    first : int
        The index of the first of ``counts``.
    counts : tuple of int
        How many values were in each bucket.

    """

    zero: int
    first: int
    counts: tuple[int, ...]

    @property
    def zero_threshold_s(self) -> float:
        """The bound of the bucket around zero, seconds."""
        return float(2.0 ** (LOWEST / 8))

    def runs(self) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Yield the first index and the counts of each run of buckets that are not empty."""
        begin = 0
        for end in range(len(self.counts) + 1):
            if end == len(self.counts) or not self.counts[end]:
                if end > begin:
                    yield self.first + begin, self.counts[begin:end]
                begin = end + 1


class Histogram(NamedTuple):
    """How many values were in each bucket of ``BUCKETS_S`` and beyond the last, and their sum."""

    counts: tuple[int, ...]
    sum_s: float
    native: NativeBuckets | None = None

    @property
    def bounds_s(self) -> tuple[float, ...]:
        """The upper bounds, seconds; one more bucket has none."""
        return BUCKETS_S

    def row(self) -> list[Any]:
        """Return it as plain lists."""
        return [self.counts, self.sum_s, None if self.native is None else tuple(self.native)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """What a process told.

    Attributes
    ----------
    process : ProcessIdentity
        The process.
    program : str
        ``node``, ``exf``, ``bridge`` or ``recorder``.
    at_ns : int
        When, UNIX nanoseconds.
    samples : dict
        (metric, label values) → value. NaN: unknown.
    histograms : dict
        metric → its buckets.
    texts : dict of str to str
        What a person wants to know besides, such as the region and the strategy.

    """

    process: ProcessIdentity = field(default_factory=ProcessIdentity.own)
    program: str
    at_ns: int = field(default_factory=time.time_ns)
    samples: dict[tuple[str, tuple[str, ...]], float]
    histograms: dict[str, Histogram] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    def value(self, name: str, *labels: str) -> float | None:
        """Return a metric's value, or None without one."""
        return self.samples.get((name, labels))

    def encode(self) -> bytes:
        """Return the snapshot as packed JSON."""
        content = {
            "process": self.process,
            "program": self.program,
            "at_ns": self.at_ns,
            # JSON has no NaN: orjson writes null.
            "samples": [[name, labels, value] for (name, labels), value in self.samples.items()],
            "histograms": [[name, *found.row()] for name, found in self.histograms.items()],
            "texts": self.texts,
        }
        return zlib.compress(orjson.dumps(content), 1)

    @classmethod
    def decode(cls, content: bytes) -> Self:
        """Return what bytes hold; text in it is kept short and printable.

        Raises
        ------
        BadSnapshotError
            If they are not a snapshot of this version.

        """
        try:
            unpacking = zlib.decompressobj()
            found = orjson.loads(unpacking.decompress(content, MOST_BYTES))
            process = found["process"]
            return cls(
                process=ProcessIdentity(
                    whole(process["pid"]),
                    whole(process["start_ticks"]),
                    _text(process["boot_id"]),
                ),
                program=_text(found["program"]),
                at_ns=whole(found["at_ns"]),
                samples=dict(_sample(row) for row in found["samples"]),
                histograms=dict(_histogram(row) for row in found["histograms"]),
                texts={_text(k): _text(v) for k, v in found["texts"].items()},
            )
        except (zlib.error, ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
            msg = f"not a snapshot: {type(error).__name__}: {error}"
            raise BadSnapshotError(msg) from None


def _sample(row: Any) -> tuple[tuple[str, tuple[str, ...]], float]:
    name, labels, value = row
    if len(labels) != len(BY_NAME[name].labels) or BY_NAME[name].kind == "histogram":
        msg = f"{name}: expected labels {BY_NAME[name].labels}, found {labels!r:.80}"
        raise ValueError(msg)
    return (name, tuple(map(_text, labels))), float("nan") if value is None else float(value)


def _histogram(row: Any) -> tuple[str, Histogram]:
    name, *found = row
    if BY_NAME[name].kind != "histogram":
        msg = f"{name} is no histogram"
        raise ValueError(msg)
    return name, histogram_of(found)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        msg = f"expected text, found {type(value).__name__}"
        raise TypeError(msg)
    return printable(value[:_LONGEST].replace("\n", " "))


def histogram_of(row: list[Any]) -> Histogram:
    """Return what :meth:`Histogram.row` made.

    Raises
    ------
    TypeError, ValueError
        If it is no such row.

    """
    counts, total, *more = row
    if len(counts) != len(BUCKETS_S) + 1:
        msg = f"expected {len(BUCKETS_S) + 1} buckets, found {len(counts)}"
        raise ValueError(msg)
    found = Histogram(tuple(map(whole, counts)), float(total))
    if not more or more[0] is None:
        return found
    zero, first, natives = more[0]
    native = NativeBuckets(whole(zero), first, tuple(map(whole, natives)))
    is_first = isinstance(first, int) and LOWEST < first <= HIGHEST
    if not is_first or first + len(natives) > HIGHEST + 1:
        msg = f"expected buckets from {LOWEST} to {HIGHEST}, found {first!r:.40}"
        raise ValueError(msg)
    if native.zero + sum(native.counts) != sum(found.counts):
        msg = "the two kinds of buckets hold different numbers of values"
        raise ValueError(msg)
    return found._replace(native=native)


def whole(value: Any) -> int:
    """Return a whole number from 0.

    Raises
    ------
    TypeError
        If it is something else.

    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        msg = f"expected a whole number from 0, found {value!r:.40}"
        raise TypeError(msg)
    return value
