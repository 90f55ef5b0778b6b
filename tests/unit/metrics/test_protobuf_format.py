"""When a scrape is answered in protobuf."""

from __future__ import annotations

from typing import Final

import pytest

from live.metrics.protobuf_format import is_wanted

OURS: Final = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
)
OTHERS: Final = (
    "application/openmetrics-text;version=1.0.0;q=0.8,"
    "application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (f"{OURS},{OTHERS}", True),
        (f"{OTHERS}, {OURS}", True),
        (f"{OURS};q=0.6,text/plain;q=0.5", True),
        (OURS, True),
        ("", False),
        ("*/*", False),
        (OTHERS, False),
        (f"{OURS};q=0.3,{OTHERS}", False),
        (f"{OURS};q=0", False),
        (f"{OURS};q=x", False),
        (OURS.replace("delimited", "text"), False),
        (OURS.replace("MetricFamily", "Metric"), False),
        (OURS.partition(";")[0], False),
        (";;q=,,==", False),
    ],
)
def test_protobuf_is_given_to_who_prefers_it(accept: str, *, expected: bool) -> None:
    """As Prometheus asks with native histograms; everybody else gets text as before."""
    assert is_wanted(accept) is expected
