"""factor_history in a live node: from a catalog, then from the ring, then live."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from adapters.catalog import RecordingWriter
from adapters.shm import FactorReader, FactorWriter
from dolphin_strategies import FactorBatch, FactorSchema
from tests.support.lengths import counts
from tests.support.nodes import warm_up_node
from tests.support.nodes.processes import Child

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SECOND = 1_000_000_000
NAMES = ["basis", "imbal_btc"]
EVERY = {"delivery": "every"}
NODE_TIMEOUT_S = 240.0


def publish(writer: FactorWriter, count: int, factors: int = len(NAMES)) -> None:
    """Write so many records."""
    for i in range(count):
        writer.write_values(np.full(factors, float(i)))


def record(region: Path, catalog: Path, after: int = 0) -> int:
    """Record what the ring holds after a sequence, as a recorder does; return the stream."""
    with (
        FactorReader(region) as reader,
        RecordingWriter(catalog, source="test", name=f"r{time.time_ns()}") as recording,
    ):
        reader.position = after
        while (batch := reader.read_batch(1000)) is not None:
            recording.write_factors(batch)
        return reader.stream_id


def start(region: Path, catalogs: Sequence[Path], **asked: Any) -> Child:
    """Start a node; it stops after ``live_wanted`` live records."""
    question = {
        "region": str(region),
        "catalogs": [str(c) for c in catalogs],
        "feed": EVERY,
        "live_wanted": 5,
        "is_planned": True,
        **asked,
    }
    return Child(warm_up_node.answer, question)


def finish(node: Child) -> dict[str, Any]:
    """Wait for the node's end and return what its strategy saw."""
    try:
        while (line := node.line(NODE_TIMEOUT_S)).startswith("history"):
            pass
        assert node.wait() == 0
    finally:
        node.close()
    seen: dict[str, Any] = json.loads(line)
    for kind in ("history", "live"):
        runs = seen[kind]
        seen[kind] = [(stream, n) for stream, a, b in runs for n in range(a, b + 1)]
    return seen


@contextmanager
def publishing(
    writer: FactorWriter, interval_s: float = 0.01, factors: int = len(NAMES)
) -> Iterator[None]:
    """Go on writing from another thread."""
    is_over = threading.Event()

    def go_on() -> None:
        while not is_over.wait(interval_s):
            publish(writer, 1, factors)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join(10)


def numbers(records: Sequence[Sequence[int]], stream_id: int) -> list[int]:
    """Return the sequences of one stream."""
    return [sequence for stream, sequence in records if stream == stream_id]


@pytest.mark.parametrize("wait", ["event", "spin"])
def test_catalog_then_ring_then_live_without_a_gap_or_a_repeat(
    tmp_path: Path, region_path: Path, wait: str
) -> None:
    """The catalog's end overlaps the ring, and the producer writes all the time."""
    with FactorWriter(region_path, NAMES) as writer:
        publish(writer, 3000)
        stream = record(region_path, tmp_path)
        publish(writer, 500)
        with publishing(writer):
            seen = finish(start(region_path, [tmp_path], feed={**EVERY, "wait": wait}))
    got = numbers(seen["history"] + seen["live"], stream)
    assert got == list(range(1, got[-1] + 1))
    assert len(seen["history"]) >= 3499
    assert len(seen["live"]) >= 5
    assert seen["missing"] == 0


def test_what_fell_between_catalog_and_ring_is_counted(tmp_path: Path, region_path: Path) -> None:
    """The ring went round since the recorder stopped."""
    with FactorWriter(region_path, NAMES, capacity=64) as writer:
        publish(writer, 50)
        stream = record(region_path, tmp_path)
        publish(writer, 450)
        with publishing(writer, 0.1):
            seen = finish(start(region_path, [tmp_path]))
    got = numbers(seen["history"] + seen["live"], stream)
    lost = got[50] - 51
    assert got == [*range(1, 51), *range(got[50], got[-1] + 1)]
    assert seen["missing"] == lost
    assert 380 <= lost <= 500


def test_a_restarted_producer_is_another_stream(tmp_path: Path, region_path: Path) -> None:
    """The catalog ends with the old stream; the ring has the new one from its first record."""
    with FactorWriter(region_path, NAMES) as writer:
        publish(writer, 100)
        old = record(region_path, tmp_path)
    region_path.unlink()
    with FactorWriter(region_path, NAMES) as writer:
        publish(writer, 100)
        with publishing(writer):
            seen = finish(start(region_path, [tmp_path]))
    new = seen["live"][0][0]
    assert new != old
    assert numbers(seen["history"], old) == list(range(1, 101))
    got = numbers(seen["history"] + seen["live"], new)
    assert got == list(range(1, got[-1] + 1))
    assert seen["missing"] == 0


def test_a_new_name_is_a_new_schema_of_the_same_stream(tmp_path: Path, region_path: Path) -> None:
    """The catalog has the old schema, the ring's new file the new one; nothing is missing."""
    with FactorWriter(region_path, NAMES) as writer:
        publish(writer, 100)
        stream = record(region_path, tmp_path)
        for i in range(50):
            writer.write({"basis": float(i), "imbal_btc": 0.0, "funding": 1.0})
        with publishing(writer, factors=3):
            seen = finish(start(region_path, [tmp_path]))
    got = numbers(seen["history"] + seen["live"], stream)
    assert got == list(range(1, got[-1] + 1))
    assert seen["schemas"] == [2, 3]
    assert seen["missing"] == 0


def test_without_a_catalog_the_ring_alone_is_the_history(region_path: Path) -> None:
    """With no catalog to ask, what the ring holds comes first."""
    with FactorWriter(region_path, NAMES) as writer:
        publish(writer, 200)
        with publishing(writer, 0.05):
            seen = finish(start(region_path, []))
    history = [sequence for _, sequence in seen["history"]]
    live = [sequence for _, sequence in seen["live"]]
    assert history + live == list(range(1, live[-1] + 1))
    assert len(history) >= 199


def test_without_a_producer_the_warm_up_ends_all_the_same(
    tmp_path: Path, region_path: Path
) -> None:
    """A catalog, a feed that waits, and a producer that comes later: its records are live."""
    with FactorWriter(region_path, NAMES) as writer:
        publish(writer, 100)
        old = record(region_path, tmp_path)
    region_path.unlink()
    node = start(region_path, [tmp_path])
    assert node.line(NODE_TIMEOUT_S) == "history 100"
    with FactorWriter(region_path, NAMES) as writer, publishing(writer, 0.1):
        seen = finish(node)
    assert numbers(seen["history"], old) == list(range(1, 101))
    assert len(seen["live"]) == 5


@counts("count", 20_000, long=200_000)
def test_a_long_history_lets_the_node_work(
    tmp_path: Path, region_path: Path, capsys: pytest.CaptureFixture[str], count: int
) -> None:
    """Many records of 85 factors come whole; how long the loop stood is printed."""
    names = [f"factor_{i:02d}" for i in range(85)]
    now_ns = time.time_ns()
    ts_init = now_ns - 400 * SECOND + np.arange(count, dtype=np.int64) * (2 * SECOND // 1000)
    random = np.random.default_rng(1)
    with RecordingWriter(tmp_path, source="test") as recording:
        for first in range(0, count, 10_000):
            recording.write_factors(
                FactorBatch(
                    schema=FactorSchema(names),
                    sequence=np.arange(first + 1, first + 10_001, dtype=np.uint64),
                    ts_event=ts_init[first : first + 10_000],
                    ts_init=ts_init[first : first + 10_000],
                    values=random.random((10_000, 85)),
                    stream_id=7,
                )
            )
    with FactorWriter(region_path, names) as writer:
        publish(writer, 1, len(names))
        with publishing(writer, factors=len(names)):
            seen = finish(start(region_path, [tmp_path]))
    assert numbers(seen["history"], 7) == list(range(1, count + 1))
    with capsys.disabled():
        print(
            f"\n{count:,} x 85 history in a live node: {seen['history_s']:.1f} s in "
            f"{len(seen['chunks'])} chunks, longest block {seen['longest_block_ms']:.0f} ms"
        )
