"""The lines of the overview: what a person sees of a picture."""

from __future__ import annotations

import dataclasses
import math
import time
from pathlib import Path

import pytest

from adapters.run_state.process_identity import ProcessIdentity
from adapters.run_state.run_state import OpenPosition, RunState
from live.metrics.metric_table import BUCKETS_S
from live.metrics.snapshot import Snapshot
from live.monitoring.screens.overview_rows import rows_of
from live.monitoring.screens.wording import ago, latency, rate, value
from live.monitoring.watching.node_watch import quantile
from live.monitoring.watching.pictures import Latency, NodePicture, Picture, RegionPicture
from live.monitoring.watching.problems import problems

POSITION = OpenPosition(instrument="BTCUSDT-PERP.BINANCE", quantity="-0.05", price="60000")
ME = ProcessIdentity.own()


def node(*, is_running: bool = True, turned_s: float = 0.1, **changes: object) -> NodePicture:
    """Return a node with a position."""
    state = RunState(process=ME, strategy="Taker", phase="running", positions=(POSITION,))
    for name, found in changes.items():
        object.__setattr__(state, name, found)
    return NodePicture(key="/run", state=state, is_running=is_running, turned_s=turned_s)


def shown(picture: Picture) -> str:
    """Return the overview as text."""
    return "\n".join(row.text for row in rows_of(picture))


def test_a_node_that_runs_is_no_problem() -> None:
    """One line with its position, and the word that all is well."""
    picture = Picture(unix_s=time.time(), nodes=(node(),))
    assert problems(picture) == []
    assert "ALL IS WELL" in shown(picture)
    assert "-0.05" in shown(picture)


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        (node(is_running=False), "DIED"),
        (node(turned_s=9.0), "HANGS"),
        (node(factors="stale: gone"), "stale"),
        (node(phase="ended", code=3, reason="odd"), "code 3"),
    ],
)
def test_what_is_wrong_with_a_node_is_said_in_words(changed: NodePicture, word: str) -> None:
    """Not by a colour alone."""
    picture = Picture(unix_s=time.time(), nodes=(changed,))
    assert len(problems(picture)) == 1
    assert word in shown(picture)


def test_a_node_that_was_halted_says_so() -> None:
    """Not a problem: somebody wanted it."""
    picture = Picture(unix_s=time.time(), nodes=(node(trading="HALTED"),))
    assert problems(picture) == []
    assert "HALTED" in shown(picture)


def test_the_nodes_of_a_fleet_have_their_names_in_it() -> None:
    """Two of one strategy are told apart."""
    two = [
        dataclasses.replace(node(), key=f"/run/{name}", service=name) for name in ("blue", "green")
    ]
    rows = [r.text for r in rows_of(Picture(unix_s=0.0, nodes=tuple(two))) if r.key]
    assert [row.split()[0] for row in rows] == ["blue", "green"]
    assert two[0].name == "blue Taker"


def test_80_columns_show_a_node_up_to_what_it_lost_and_when_it_turned() -> None:
    """With a long name, a large loss and latencies of milliseconds; an ordinary one is whole."""
    profit = "dolphin_node_profit_usdt"
    figures = Snapshot(
        program="node", process=ME, at_ns=time.time_ns(),
        samples={(profit, ()): -12_345.67, ("dolphin_node_records", ("lost",)): 12.0},
    )  # fmt: skip
    long = dataclasses.replace(
        node(trading="REDUCING"),
        service="a_service_of_a_long_name",
        figures=figures,
        latency=Latency(counts=(), p50_s=0.0123, p99_s=0.0456),
    )
    _, _, heading, line, *_ = [r.text for r in rows_of(Picture(unix_s=0.0, nodes=(long,)))]
    assert heading.index("turn") + len("turn") < 80
    assert "-12,345.67 12 " in line[:80]
    usual = dataclasses.replace(long, service="green")
    _, _, heading, *_ = [r.text for r in rows_of(Picture(unix_s=0.0, nodes=(usual,)))]
    assert len(heading) <= 80


def test_a_region_that_was_closed_in_order_is_no_problem() -> None:
    """One whose writer was killed is."""
    closed = RegionPicture(path=Path("/r"), names=("a",), is_closed=True, age_s=1e6)
    assert problems(Picture(unix_s=0.0, regions=(closed,))) == []
    killed = RegionPicture(path=Path("/r"), names=("a",), problem="its producer is gone")
    assert problems(Picture(unix_s=0.0, regions=(killed,))) == ["region r: its producer is gone"]


def test_many_regions_do_not_push_the_rest_away() -> None:
    """Those that are written come first, the others are one line."""
    regions = tuple(
        RegionPicture(path=Path(f"/dev/shm/r{n}"), names=("a",), pid=n % 2 * 100)
        for n in range(40)
    )
    rows = rows_of(Picture(unix_s=0.0, regions=regions))
    assert sum(row.key.startswith("region:") for row in rows) == 6
    assert any(row.key == "regions" and "34 more" in row.text for row in rows)


def test_quantiles_of_a_histogram() -> None:
    """In proportion within a bucket, as Prometheus has them; NaN without values."""
    counts = [0] * (len(BUCKETS_S) + 1)
    assert math.isnan(quantile(tuple(counts), 0.5))
    counts[1] = 100  # from 1 to 2 microseconds
    assert quantile(tuple(counts), 0.5) == pytest.approx(1.5e-6)
    counts[-1] = 1000
    assert quantile(tuple(counts), 0.99) == BUCKETS_S[-1]


def test_numbers_are_short() -> None:
    """For narrow columns."""
    assert [ago(s) for s in (0.04, 59, 300, 7300, 2e5, math.nan)] == [
        "0.0s", "59s", "5m", "2h", "2d", "-"
    ]  # fmt: skip
    assert [latency(s) for s in (2e-5, 0.0123, 2.5)] == ["20us", "12.3ms", "2.5s"]
    assert [rate(r) for r in (0.0, 0.5, 1234.5, math.nan)] == ["0/s", "0.5/s", "1,234/s", "-"]
    assert [value(v) for v in (math.nan, 12.5, 1e-8)] == ["NaN", "12.5000", "1e-08"]
