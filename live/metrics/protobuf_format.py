"""The delimited protobuf format of Prometheus, the one in which it takes native histograms.

The messages are those of ``io/prometheus/client/metrics.proto``
(https://github.com/prometheus/client_model), each after its length; the encoding is
https://protobuf.dev/programming-guides/encoding. prometheus_client 0.26 does not write it.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prometheus_client.metrics_core import Metric as Family
    from prometheus_client.samples import Sample

    from live.metrics.snapshot import Histogram

MEDIA_TYPE: Final = "application/vnd.google.protobuf"
CONTENT_TYPE: Final = f"{MEDIA_TYPE}; proto=io.prometheus.client.MetricFamily; encoding=delimited"
SCHEMA: Final = 3
"""Of native histograms: eight buckets from each power of two to the next."""
_KINDS: Final = {"counter": 0, "gauge": 1, "histogram": 4}
_VALUE_FIELDS: Final = {"counter": 3, "gauge": 2}
_HISTOGRAM_FIELD: Final = 7
_VARINT, _DOUBLE, _BYTES = 0, 1, 2


class HistogramFamily(Protocol):
    """A family of prometheus_client that knows the histogram it was made of."""

    found: Histogram


def is_wanted(accept: str) -> bool:
    """Return whether a client prefers this format to every other that it names.

    Parameters
    ----------
    accept : str
        Its header ``Accept``, with weights as of RFC 9110, section 12.5.1.

    """
    best, ours = 0.0, 0.0
    for choice in accept.split(","):
        kind, *texts = (text.strip() for text in choice.split(";"))
        given = dict(text.partition("=")[::2] for text in texts)
        try:
            weight = float(given.get("q", 1))
        except ValueError:
            weight = 0.0
        if (
            kind == MEDIA_TYPE
            and given.get("proto") == "io.prometheus.client.MetricFamily"
            and given.get("encoding") == "delimited"
        ):
            ours = max(ours, weight)
        else:
            best = max(best, weight)
    return ours > 0 and ours >= best


def encode(families: Iterable[Family]) -> bytes:
    """Return families of counters, gauges and histograms; others are left out.

    Parameters
    ----------
    families : iterable of Family
        A histogram is a :class:`HistogramFamily`, without labels.

    """
    return b"".join(_delimited(message) for family in families for message in _family(family))


def _family(family: Family) -> Iterator[bytes]:
    kind = _KINDS.get(family.type)
    if kind is None or not family.samples:
        return
    name = family.name
    if family.type == "histogram":
        metrics = [_field(_HISTOGRAM_FIELD, _histogram(family))]
    else:
        name += "_total" if family.type == "counter" else ""
        metrics = [_metric(family.type, s) for s in family.samples if s.name == name]
    yield (
        _field(1, name.encode())
        + _field(2, family.documentation.encode())
        + _number(3, kind)
        + b"".join(_field(4, metric) for metric in metrics)
    )


def _metric(kind: str, sample: Sample) -> bytes:
    labels = b"".join(
        _field(1, _field(1, name.encode()) + _field(2, value.encode()))
        for name, value in sample.labels.items()
    )
    return labels + _field(_VALUE_FIELDS[kind], _double(1, sample.value))


def _histogram(family: HistogramFamily | Family) -> bytes:
    """Return both kinds of buckets: a server that takes native ones leaves the others."""
    found: Histogram = family.found  # type: ignore[union-attr]
    written, total = b"", 0
    for bound, count in zip((*found.bounds_s, math.inf), found.counts, strict=True):
        total += count
        written += _field(3, _number(1, total) + _double(2, bound))
    written = _number(1, total) + _double(2, found.sum_s) + written
    native = found.native
    if native is None:
        return written
    spans, deltas, before, end = b"", b"", 0, 0
    for first, counts in native.runs():
        spans += _field(12, _number(1, _zigzag(first - end)) + _number(2, len(counts)))
        end = first + len(counts)
        for count in counts:
            deltas += _varint(_zigzag(count - before))
            before = count
    if not spans:
        # What tells an empty native histogram from a classic one.
        spans = _field(12, b"")
    return (
        written
        + _number(5, _zigzag(SCHEMA))
        + _double(6, native.zero_threshold_s)
        + _number(7, native.zero)
        + spans
        + _field(13, deltas)
    )


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def _zigzag(value: int) -> int:
    return value << 1 if value >= 0 else (-value << 1) - 1


def _key(number: int, wire_type: int) -> bytes:
    return _varint(number << 3 | wire_type)


def _number(number: int, value: int) -> bytes:
    return _key(number, _VARINT) + _varint(value)


def _double(number: int, value: float) -> bytes:
    return _key(number, _DOUBLE) + struct.pack("<d", value)


def _field(number: int, content: bytes) -> bytes:
    return _key(number, _BYTES) + _delimited(content)


def _delimited(content: bytes) -> bytes:
    return _varint(len(content)) + content
