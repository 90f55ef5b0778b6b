"""Native histograms, asked for by a real Prometheus."""

from __future__ import annotations

import json
import math
import os
import shutil
import socket
import subprocess
import threading
import urllib.parse
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from adapters.feed.latency import LatencyRecorder
from live.metrics.endpoint import serve
from live.metrics.figures.latency_buckets import LatencyBuckets
from live.metrics.figures.node_figures import LATENCY
from live.metrics.snapshot import Snapshot
from live.metrics.snapshot_file import SnapshotWriter
from live.monitoring.watching.node_watch import quantile
from tests.support.eventually import eventually
from tests.support.transports.member import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from live.metrics.snapshot import Histogram

PROMETHEUS: Final = shutil.which("prometheus")
QUANTILES: Final = (0.5, 0.9, 0.99, 0.999)
HALF_A_BUCKET: Final = 2 ** (1 / 8)
"""The estimate is in the right bucket, whose bounds are this far apart."""

pytestmark = pytest.mark.skipif(
    PROMETHEUS is None,
    reason="Prometheus is not installed (apt-get install prometheus); .ci/run installs it",
)


def latencies() -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return those of 5,000 records, nanoseconds: most of 60 µs, few of milliseconds, one 0."""
    rng = np.random.default_rng(8)
    found = np.append(rng.lognormal(11, 0.3, 4_900), rng.lognormal(15, 1, 100)).astype(np.int64)
    found[0] = 0
    return found


@contextmanager
def served(path: Path) -> Iterator[int]:
    """Serve a file's snapshots in this process, at a port."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = serve(listening, path, os.getpid())
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def prometheus(folder: Path, target: int, *flags: str) -> Iterator[int]:
    """Run a Prometheus that scrapes the target ten times a second, at a port."""
    assert PROMETHEUS is not None
    port = free_port()
    config = folder / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 100ms}\nscrape_configs: [{job_name: dolphin, static_configs: "
        f"[{{targets: ['127.0.0.1:{target}']}}]}}]\n"
    )
    process = subprocess.Popen(
        [
            PROMETHEUS, f"--config.file={config}", f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{port}", "--log.level=error", *flags,
        ]
    )  # fmt: skip
    try:
        yield port
    finally:
        process.terminate()
        process.wait(60)


def query(port: int, expr: str) -> list[Any]:
    """Return the result of a query at this instant; nothing before the server answers."""
    url = f"http://127.0.0.1:{port}/api/v1/query?query={urllib.parse.quote(expr)}"
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            result: list[Any] = json.load(answer)["data"]["result"]
    except OSError:
        return []
    return result


def value(port: int, expr: str) -> float:
    """Wait for the one value of a query."""
    (row,) = eventually(lambda: query(port, expr), expr)
    return float(row["value"][1])


def written(path: Path, histogram: Histogram) -> None:
    """Write the snapshot of a node."""
    writer = SnapshotWriter(path, pytest.fail)
    writer.write(
        Snapshot(
            program="node",
            samples={
                ("dolphin_node_orders", ()): 7,
                ("dolphin_node_position_quantity", ('µ"\\x',)): -0.5,
                ("dolphin_node_factor_age_seconds", ()): math.nan,
            },
            histograms={LATENCY: histogram},
        )
    )
    writer.close()


def test_prometheus_takes_native_histograms_where_it_asks_for_them(tmp_path: Path) -> None:
    """Quantiles in the right bucket of a twelfth, near those of the classic buckets; count, sum,
    counters, gauges and labels as in text, which every other client gets.
    """
    recorder = LatencyRecorder()
    buckets = LatencyBuckets(recorder)
    given = latencies()
    for latency in given.tolist():
        recorder.add(latency)
    histogram = buckets.take()
    path = tmp_path / "figures"
    written(path, histogram)
    flag = "--enable-feature=native-histograms"
    with served(path) as target, prometheus(tmp_path, target, flag) as port:
        for q in QUANTILES:
            exact_s = float(np.quantile(given, q)) / 1e9
            found_s = value(port, f"histogram_quantile({q}, {LATENCY})")
            assert exact_s / HALF_A_BUCKET <= found_s <= exact_s * HALF_A_BUCKET
            # A classic bucket is up to 2.5 times as wide as its lower bound.
            assert found_s / 2.5 < quantile(histogram.counts, q) < found_s * 2.5
        assert value(port, f"histogram_count({LATENCY})") == len(given)
        assert value(port, f"histogram_sum({LATENCY})") == pytest.approx(given.sum() / 1e9)
        assert value(port, "dolphin_node_orders_total") == 7
        assert value(port, 'dolphin_node_position_quantity{instrument="µ\\"\\\\x"}') == -0.5
        assert math.isnan(value(port, "dolphin_node_factor_age_seconds"))
        assert value(port, "process_resident_memory_bytes") > 0
        assert value(port, "process_cpu_seconds_total") > 0
        assert not query(port, f"{LATENCY}_bucket")
        with urllib.request.urlopen(f"http://127.0.0.1:{target}/metrics", timeout=30) as answer:
            text = answer.read().decode()
    (family,) = [f for f in text_string_to_metric_families(text) if f.name == LATENCY]
    assert {s.name for s in family.samples} == {
        f"{LATENCY}_{ending}" for ending in ("bucket", "count", "sum")
    }


@pytest.mark.long
def test_prometheus_without_the_feature_takes_the_classic_ones(tmp_path: Path) -> None:
    """By the same endpoint."""
    recorder = LatencyRecorder()
    buckets = LatencyBuckets(recorder)
    recorder.add(60_000)
    path = tmp_path / "figures"
    written(path, buckets.take())
    with served(path) as target, prometheus(tmp_path, target) as port:
        assert value(port, f'{LATENCY}_bucket{{le="0.0001"}}') == 1
        assert not query(port, LATENCY)


@pytest.mark.long
def test_a_histogram_without_values_is_a_native_one_already(tmp_path: Path) -> None:
    """A series that began as a classic one would change its kind at the first latency."""
    path = tmp_path / "figures"
    written(path, LatencyBuckets(LatencyRecorder()).take())
    flag = "--enable-feature=native-histograms"
    with served(path) as target, prometheus(tmp_path, target, flag) as port:
        assert value(port, f"histogram_count({LATENCY})") == 0
        assert not query(port, f"{LATENCY}_bucket")
