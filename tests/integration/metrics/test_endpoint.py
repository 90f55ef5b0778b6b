"""The file of a snapshot, and the endpoint that serves it."""

from __future__ import annotations

import os
import socket
import threading
import time
import urllib.request
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from dolphin_strategies.errors import ConfigError
from live.metrics.endpoint import serve
from live.metrics.metric_table import BUCKETS_S, METRICS
from live.metrics.metrics_endpoint import MetricsEndpoint
from live.metrics.snapshot import BadSnapshotError, Histogram, Snapshot
from live.metrics.snapshot_file import SnapshotWriter, read_snapshot

if TYPE_CHECKING:
    from pathlib import Path


def whole() -> Snapshot:
    """Return a snapshot with every metric of the list, and a hostile label."""
    counts = tuple(range(len(BUCKETS_S) + 1))
    return Snapshot(
        program="node",
        samples={
            (m.name, tuple(f'{label}"\\x' for label in m.labels)): n + 0.5
            for n, m in enumerate(METRICS)
            if m.kind != "histogram"
        },
        histograms={m.name: Histogram(counts, 2.5) for m in METRICS if m.kind == "histogram"},
    )


def test_a_scrape_has_every_metric_of_the_snapshot(tmp_path: Path) -> None:
    """By its name, kind, help and labels; buckets are cumulated; the process's own besides."""
    path = tmp_path / "figures"
    writer = SnapshotWriter(path, pytest.fail)
    writer.write(whole())
    listening = socket.create_server(("127.0.0.1", 0))
    server = serve(listening, path, os.getpid())
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        port = listening.getsockname()[1]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
            text = answer.read().decode()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        writer.close()
    found = {family.name: family for family in text_string_to_metric_families(text)}
    for n, metric in enumerate(METRICS):
        family = found[metric.name]
        assert (family.type, family.documentation) == (metric.kind, metric.help)
        if metric.kind == "histogram":
            buckets = [s.value for s in family.samples if s.name.endswith("_bucket")]
            assert buckets == [sum(range(i + 1)) for i in range(len(BUCKETS_S) + 1)]
        else:
            sample = family.samples[0]
            assert sample.name == metric.served
            assert sample.value == n + 0.5
            assert sample.labels == {label: f'{label}"\\x' for label in metric.labels}
    assert found["process_resident_memory_bytes"].samples[0].value > 0


def test_a_port_in_use_is_refused_before_anything_starts() -> None:
    """With what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port}: in use"):
            MetricsEndpoint(str(port))


@pytest.mark.parametrize("where", ["", "x", "70000", "1.2.3.4.5:1", "127.0.0.1:", "-1"])
def test_what_is_no_port_is_refused(where: str) -> None:
    """As a bad option."""
    with pytest.raises(ConfigError, match="--metrics"):
        MetricsEndpoint(where)


def test_the_endpoint_is_a_process_that_ends_with_its_owner(tmp_path: Path) -> None:
    """Loopback only; nobody listens there afterwards."""
    path = tmp_path / "figures"
    writer = SnapshotWriter(path, pytest.fail)
    writer.write(whole())
    endpoint = MetricsEndpoint("0")
    port = endpoint.port
    url = f"http://127.0.0.1:{port}/metrics"
    with endpoint.serving(path):
        with urllib.request.urlopen(url, timeout=60) as answer:
            assert b"dolphin_node_orders_total" in answer.read()
        path.write_bytes(os.urandom(200_000))
        with urllib.request.urlopen(url, timeout=60) as answer:
            assert b"dolphin_node_orders_total" not in answer.read()
    writer.close()
    with pytest.raises(OSError):  # noqa: PT011 - refused or reset
        socket.create_connection(("127.0.0.1", port), timeout=1)


def test_a_file_that_cannot_be_written_is_told_once(tmp_path: Path) -> None:
    """And nothing is raised into the node."""
    told: list[str] = []
    writer = SnapshotWriter(tmp_path / "no such folder" / "figures", told.append)
    for _ in range(3):
        writer.write(whole())
    writer.close()
    assert len(told) == 1


def test_a_snapshot_is_not_read_through_a_link(tmp_path: Path) -> None:
    """Nor from a file that others may write."""
    path, link = tmp_path / "figures", tmp_path / "link"
    writer = SnapshotWriter(path, pytest.fail)
    writer.write(whole())
    writer.close()
    assert read_snapshot(path) is not None
    assert read_snapshot(tmp_path / "missing") is None
    link.symlink_to(path)
    with pytest.raises(BadSnapshotError):
        read_snapshot(link)
    path.chmod(0o666)
    with pytest.raises(BadSnapshotError):
        read_snapshot(path)


def test_a_reader_sees_whole_snapshots_only(tmp_path: Path) -> None:
    """However often they are replaced meanwhile."""
    path = tmp_path / "figures"
    writer = SnapshotWriter(path, pytest.fail)
    stop = time.monotonic() + 0.3
    read = os.fork()
    if read == 0:
        code = 0
        try:
            while time.monotonic() < stop:
                found = read_snapshot(path)
                if found is not None and len(found.samples) != len(METRICS) - 1:
                    code = 1
        except BadSnapshotError:
            code = 2
        os._exit(code)
    snapshot = whole()
    while time.monotonic() < stop:
        writer.write(snapshot)
    _, status = os.waitpid(read, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    writer.close()
