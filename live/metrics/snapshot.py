"""Snapshot: the numbers of a process at one instant, as bytes and back."""

from __future__ import annotations

import time
import zlib
from dataclasses import dataclass, field
from typing import Any, Final, Self

import orjson

from adapters.run_state.process_identity import ProcessIdentity
from dolphin_strategies.errors import DolphinError, printable
from live.metrics.histogram import Histogram, histogram_of, whole
from live.metrics.metric_table import BY_NAME

MOST_BYTES: Final = 4_000_000
"""Of the content, unpacked."""
_LONGEST: Final = 500


class BadSnapshotError(DolphinError):
    """The content of a snapshot is not one."""


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
