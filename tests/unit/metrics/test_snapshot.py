"""A snapshot as bytes and back, and what others may put in its place."""

from __future__ import annotations

import math
import zlib
from typing import Any

import numpy as np
import orjson
import pytest

from adapters.feed.latency import LatencyRecorder
from live.metrics.figures.latency_buckets import LatencyBuckets
from live.metrics.metric_table import BUCKETS_S
from live.metrics.snapshot import (
    BadSnapshotError,
    Histogram,
    NativeBuckets,
    Snapshot,
    histogram_of,
)

HISTOGRAM = "dolphin_node_factor_latency_seconds"


def whole() -> Snapshot:
    """Return a snapshot with everything in it."""
    return Snapshot(
        program="node",
        samples={
            ("dolphin_node_orders", ()): 7,
            ("dolphin_node_records", ("lost",)): 2,
            ("dolphin_node_factor_age_seconds", ()): math.nan,
        },
        histograms={HISTOGRAM: Histogram(tuple(range(len(BUCKETS_S) + 1)), 1.5)},
        texts={"strategy": "Taker"},
    )


def test_what_is_written_is_read() -> None:
    """NaN, labels and the histogram too."""
    snapshot = whole()
    found = Snapshot.decode(snapshot.encode())
    assert found.process == snapshot.process
    assert (found.at_ns, found.texts, found.histograms) == (
        snapshot.at_ns, snapshot.texts, snapshot.histograms
    )  # fmt: skip
    assert found.value("dolphin_node_orders") == 7
    assert found.value("dolphin_node_records", "lost") == 2
    assert math.isnan(found.value("dolphin_node_factor_age_seconds") or 0)
    assert found.value("dolphin_node_profit_usdt") is None


def changed(**changes: Any) -> bytes:
    """Return a snapshot's bytes with other values for some keys."""
    return zlib.compress(
        orjson.dumps({**orjson.loads(zlib.decompress(whole().encode())), **changes})
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not packed",
        zlib.compress(b"[]"),
        zlib.compress(b"{"),
        changed(program=5),
        changed(at_ns=-1),
        changed(samples=[["no_such_metric", [], 1]]),
        changed(samples=[["dolphin_node_orders", ["surplus"], 1]]),
        changed(samples=[["dolphin_node_records", [["deep"]], 1]]),
        changed(samples=[["dolphin_node_orders", [], "text"]]),
        changed(samples=5),
        changed(histograms=[[HISTOGRAM, [1, 2], 1.0]]),
        changed(histograms=[["dolphin_node_orders", [0] * 22, 1.0]]),
        changed(histograms=[[HISTOGRAM, [1] * 22, 1.0, [0, 0, [21]]]]),
        changed(histograms=[[HISTOGRAM, [1] * 22, 1.0, [0, -240, [22]]]]),
        changed(histograms=[[HISTOGRAM, [1] * 22, 1.0, [0, 265, [11, 11]]]]),
        changed(histograms=[[HISTOGRAM, [1] * 22, 1.0, [0, "0", [22]]]]),
        changed(histograms=[[HISTOGRAM, [1] * 22, 1.0, [0, 0.5, [22]]]]),
        changed(histograms=[[HISTOGRAM, [1] * 22, 1.0, [23, 0, [-1]]]]),
        changed(process={}),
        changed(texts=[1]),
    ],
)
def test_what_is_no_snapshot_is_refused(content: bytes) -> None:
    """With one error, whatever is wrong."""
    with pytest.raises(BadSnapshotError):
        Snapshot.decode(content)


def test_a_bomb_is_not_unpacked() -> None:
    """A megabyte that would be a gigabyte."""
    with pytest.raises(BadSnapshotError):
        Snapshot.decode(zlib.compress(b" " * 50_000_000))


def test_text_cannot_command_a_terminal() -> None:
    """Nor break a line."""
    found = Snapshot.decode(changed(texts={"strategy": "a\x1b[2Jb\nc"}))
    assert found.texts["strategy"] == "a\\x1b[2Jb c"


def test_buckets_hold_every_latency_once() -> None:
    """As numpy counts them, however the calls divide them; a bound belongs to its bucket."""
    recorder = LatencyRecorder()
    buckets = LatencyBuckets(recorder)
    rng = np.random.default_rng(5)
    latencies = [*rng.lognormal(11, 2, 3_000).astype(int).tolist(), 1_000, 2_000, 5_000_000_001]
    for n, latency in enumerate(latencies):
        recorder.add(latency)
        if n % 700 == 0:
            buckets.take()
    found = buckets.take()
    cumulated = np.cumsum(found.counts)
    for index, bound in enumerate(BUCKETS_S):
        assert cumulated[index] == sum(latency <= round(bound * 1e9) for latency in latencies)
    assert sum(found.counts) == len(latencies)
    assert found.sum_s == pytest.approx(sum(latencies) / 1e9)


def test_native_buckets_hold_every_latency_once() -> None:
    """By the bounds of the specification, from a nanosecond to the longest; 0 has a bucket."""
    recorder = LatencyRecorder()
    buckets = LatencyBuckets(recorder)
    rng = np.random.default_rng(6)
    latencies = rng.lognormal(11, 3, 1_000).astype(int).tolist()
    latencies += [0, 0, 1, 2, 3, 1_000_000_000, 1_000_000_001, 2**63 - 1]
    for latency in latencies:
        recorder.add(latency)
    found = buckets.take()
    native = found.native
    assert native is not None
    assert native.zero == sum(latency <= 0 for latency in latencies)
    total = native.zero
    for index, count in enumerate(native.counts, native.first):
        total += count
        assert total == sum(latency <= 2.0 ** (index / 8) * 1e9 for latency in latencies), index
    assert total == len(latencies)
    assert histogram_of(orjson.loads(orjson.dumps(found.row()))) == found


def test_runs_are_what_is_not_empty() -> None:
    """Each with its first index, in order; none of a histogram without values."""
    native = NativeBuckets(0, -5, (0, 1, 2, 0, 0, 3, 0))
    assert list(native.runs()) == [(-4, (1, 2)), (0, (3,))]
    assert list(NativeBuckets(4, 0, ()).runs()) == []


def test_latencies_that_are_overwritten_still_count() -> None:
    """More between two calls than the recorder keeps: the count is right."""
    recorder = LatencyRecorder()
    buckets = LatencyBuckets(recorder)
    for _ in range(140_000):
        recorder.add(1_500)
    found = buckets.take()
    assert found.counts[1] == 140_000
    assert found.sum_s == pytest.approx(140_000 * 1.5e-6)
