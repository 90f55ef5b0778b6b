"""Factors computed while a venue streams, and again from the same data: equal bits."""

from __future__ import annotations

import math
import time
from itertools import count
from typing import TYPE_CHECKING, Final

import numpy as np

from adapters.exf.registry.computed_file import read_specs
from adapters.streams.stream_venue import StreamKind
from adapters.streams.stream_venues import STREAM_VENUES
from backtests.inputs.computing.computed_inputs import find_inputs
from tests.support.exchange.local_exchange import local_exchange
from tests.support.nodes.computing_node import run
from tests.support.nodes.processes import child

if TYPE_CHECKING:
    from pathlib import Path

VENUE: Final = "bybit"
CLASSES: Final = (
    ("Mid", ""),
    ("TouchImbalance", ""),
    ("LevelImbalance", "levels = 2"),
    ("OrderFlowImbalance", "window_s = 0.5"),
    ("QuoteRate", "window_s = 1"),
    ("TradeFlowImbalance", "events = 5"),
    ("CumulativeVolumeDelta", "window_s = 0.5"),
    ("VwapDistanceBps", "window_s = 1"),
    ("ReturnBps", "lag_s = 0.2"),
    ("RealisedVolatility", "window_s = 1\nsample_s = 0.1"),
    ("MarkIndexBasisBps", ""),
)
ROUNDS: Final = 200
LONGEST_WINDOW_S: Final = 2.0
"""Twice the longest window: a fast machine has pushed all rounds before that is full."""


def table(class_name: str, parameters: str) -> str:
    """Return a factor of the venue's main market."""
    instrument = STREAM_VENUES[VENUE].instrument_id("BTC")
    return f"""\
[[computed]]
class = "{class_name}"
instrument = "{instrument}"
name = "{class_name.lower()}"
range = [-1e9, 1e9]
time_to_live_s = 0.4
unit = "-"
about = "A test's factor"
{parameters}
"""


def test_a_streamed_session_computed_again_has_the_same_bits(tmp_path: Path) -> None:
    """Quotes, trades, changes of the book, mark and index, in bursts and with a silence."""
    factors = tmp_path / "factors.toml"
    factors.write_text("".join(table(*one) for one in CLASSES), encoding="utf-8")
    kinds = (
        StreamKind.QUOTE,
        StreamKind.TRADE,
        StreamKind.DELTAS,
        StreamKind.MARK,
        StreamKind.INDEX,
    )
    with (
        local_exchange() as exchange,
        child(run, exchange.url, VENUE, factors, tmp_path) as node,
    ):
        assert node.line() == "running"
        control = exchange.streams[VENUE]
        for kind in kinds:
            control.wait_for_subscription(kind)
        symbol = "BTCUSDT"
        bids, asks = [(60_000.0, 1.0), (59_999.9, 2.0)], [(60_000.1, 1.0), (60_000.2, 3.0)]
        control.book(symbol, bids, asks)
        spoken_again_s = math.inf
        for i in count():
            if i >= ROUNDS and time.monotonic() - spoken_again_s > LONGEST_WINDOW_S:
                break
            bid = 60_000.0 + (i % 7) / 10
            control.quote(symbol, bid, bid + 0.1, 1 + i % 3, 1 + i % 5)
            if i % 3 == 0:
                control.trade(symbol, bid, 0.1 + i % 4, "buy" if i % 2 else "sell")
                # Every other one with a stamp of the past, which changes the book all the same.
                old_ms = 0 if i % 2 else time.time_ns() // 1_000_000 - 300
                control.delta(symbol, [(59_999.9, 1.0 + i % 6)], [], old_ms)
                control.mark(symbol, bid + 0.3)
                control.index(symbol, bid - 0.2)
            if i == ROUNDS // 2:
                # Longer than any input's life.
                assert node.line() == "silent"
                spoken_again_s = time.monotonic()
        assert node.ask("stop") == "written"
    found = find_inputs(tmp_path / "catalog", read_specs(factors))
    assert found.left_out == ()
    batches = list(found.batches(found.first_ns, found.end_ns, lambda: 50_000))
    again_ts = np.concatenate([b.ts_init for b in batches])
    again = np.concatenate([b.values for b in batches])
    with np.load(tmp_path / "live.npz") as live:
        ts, values = live["stamps"][:, 0], live["values"]
    # Of several records of one instant the last one counts.
    is_last = np.append(ts[1:] != ts[:-1], True)
    at = np.searchsorted(again_ts, ts, side="right") - 1
    same = (values == again[at]) | (np.isnan(values) & np.isnan(again[at]))
    assert same[is_last].all()
    assert is_last.sum() > ROUNDS // 2
    assert np.isnan(values).all(axis=1).any()
    assert (~np.isnan(values)).any(axis=0).all()
