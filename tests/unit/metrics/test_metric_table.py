"""The list of metrics, and the documents that are made of it."""

from __future__ import annotations

import json
import re
from typing import Final

import pytest

from live.metrics.documents.__main__ import documents
from live.metrics.documents.rendering import dashboard
from live.metrics.metric_table import BUCKETS_S, METRICS, RULES

NAME: Final = re.compile(r"dolphin_[a-z0-9_]+")
SERVED: Final = {
    *(metric.served for metric in METRICS),
    *(f"{m.name}_bucket" for m in METRICS if m.kind == "histogram"),
}


def test_names_follow_the_conventions() -> None:
    """One prefix, lower case, base units; https://prometheus.io/docs/practices/naming/."""
    for metric in METRICS:
        assert NAME.fullmatch(metric.name), metric.name
        assert not metric.name.endswith(("_total", "_count", "_sum", "_bucket")), metric.name
        assert not re.search(r"_(ms|us|ns|milliseconds|percent)(_|$)", metric.name), metric.name
        assert metric.help.endswith("."), metric.name
    assert len({metric.name for metric in METRICS}) == len(METRICS)


def test_buckets_rise() -> None:
    """From a microsecond to five seconds."""
    assert list(BUCKETS_S) == sorted(set(BUCKETS_S))
    assert (BUCKETS_S[0], BUCKETS_S[-1]) == (1e-6, 5.0)


@pytest.mark.parametrize(
    "expr", [*(m.query for m in METRICS if m.query), *(r.expr for r in RULES)]
)
def test_a_query_asks_for_metrics_of_the_list(expr: str) -> None:
    """Under the names that Prometheus stores."""
    found = set(NAME.findall(expr))
    assert found
    assert found <= SERVED


def test_the_documents_are_current() -> None:
    """As ``python -m live.metrics.documents`` writes them."""
    for path, text in documents().items():
        assert path.read_text(encoding="utf-8") == text, path.name


def test_panels_do_not_overlap() -> None:
    """Grafana draws what lies on top of each other without a word."""
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(dashboard())["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert all(x < 24 for x, _ in cells)
        taken |= cells
