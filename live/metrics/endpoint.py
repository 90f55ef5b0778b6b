"""The process that serves a snapshot to Prometheus: ``python -m live.metrics.endpoint``."""

from __future__ import annotations

import socket
import sys
import threading
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, ProcessCollector, make_wsgi_app
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.registry import Collector

from live.metrics import protobuf_format
from live.metrics.metric_table import METRICS
from live.metrics.snapshot import BadSnapshotError
from live.metrics.snapshot_file import read_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from prometheus_client.metrics_core import Metric as Family

    from live.metrics.metric_table import Metric
    from live.metrics.snapshot import Histogram, Snapshot

REQUEST_S: Final = 5.0
"""How long a client may be silent."""


class SnapshotCollector(Collector):
    """Gives the newest snapshot in a file, read anew at each scrape; none: no sample.

    Parameters
    ----------
    path : Path
        The file.

    """

    def __init__(self, path: Path) -> None:
        self._path: Final = path

    def collect(self) -> Iterator[Family]:
        try:
            found = read_snapshot(self._path)
        except BadSnapshotError:
            return
        if found is not None:
            yield from families(found)


def families(snapshot: Snapshot) -> Iterator[Family]:
    """Yield each metric that a snapshot has, in the order of the list."""
    of_metric: dict[str, list[tuple[tuple[str, ...], float]]] = {}
    for (name, labels), value in snapshot.samples.items():
        of_metric.setdefault(name, []).append((labels, value))
    for metric in METRICS:
        if metric.kind == "histogram":
            if metric.name in snapshot.histograms:
                yield _HistogramFamily(metric, snapshot.histograms[metric.name])
        elif samples := of_metric.get(metric.name):
            kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
            family = kind(metric.name, metric.help, labels=metric.labels)
            for labels, value in samples:
                family.add_metric(labels, value)
            yield family


class _HistogramFamily(HistogramMetricFamily):
    """Classic buckets for the text formats, and what they were made of for the other."""

    def __init__(self, metric: Metric, found: Histogram) -> None:
        buckets, total = [], 0
        for bound, count in zip((*map(repr, found.bounds_s), "+Inf"), found.counts, strict=True):
            total += count
            buckets.append((bound, float(total)))
        super().__init__(metric.name, metric.help, buckets=buckets, sum_value=found.sum_s)
        self.found: Final = found


def application(registry: CollectorRegistry) -> WSGIApplication:
    """Return what answers a scrape: in protobuf if the client prefers it, else in text."""
    text = make_wsgi_app(registry)

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        is_wanted = protobuf_format.is_wanted(environ.get("HTTP_ACCEPT", ""))
        if environ["REQUEST_METHOD"] != "GET" or not is_wanted:
            found: Iterable[bytes] = text(environ, start)
            return found
        content = protobuf_format.encode(registry.collect())
        start("200 OK", [("Content-Type", protobuf_format.CONTENT_TYPE)])
        return [content]

    return answer


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def server_bind(self) -> None:
        """Keep the socket that is bound already."""
        host, port = self.socket.getsockname()[:2]
        self.server_name, self.server_port = host, port
        self.setup_environ()


class _Handler(WSGIRequestHandler):
    timeout = REQUEST_S

    def log_message(self, *_: object) -> None:
        """Log no request."""


def serve(listening: socket.socket, path: Path, pid: int) -> WSGIServer:
    """Return a server of a file's snapshots on a socket that listens.

    Parameters
    ----------
    listening : socket.socket
        Bound, and listening.
    path : Path
        The file.
    pid : int
        The process whose time and memory are told besides.

    """
    registry = CollectorRegistry()
    registry.register(SnapshotCollector(path))
    ProcessCollector(pid=lambda: pid, registry=registry)
    server = make_server(
        "", 0, application(registry), server_class=_Bound(listening), handler_class=_Handler
    )
    return server  # noqa: RET504 - its type is make_server's


def _Bound(listening: socket.socket) -> type[_Server]:  # noqa: N802 - it is a class
    class Bound(_Server):
        def __init__(self, address: tuple[str, int], handler: type[WSGIRequestHandler]) -> None:
            super().__init__(address, handler, bind_and_activate=False)
            self.socket.close()
            self.socket = listening
            self.server_bind()

    return Bound


def main() -> int:
    """Serve until standard input ends, which it does with the process that is told about."""
    fd, path, pid = sys.argv[1:]
    server = serve(socket.socket(fileno=int(fd)), Path(path), int(pid))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    while sys.stdin.buffer.read(1):
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
