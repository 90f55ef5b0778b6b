"""An asset that a venue lists under another name: streamed, recorded, and computed again."""

from __future__ import annotations

import json
import time
from itertools import count
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest

from adapters.exf.registry.computed_file import read_specs
from backtests.inputs.computing.computed_inputs import find_inputs
from dolphin_strategies import ConfigError
from tests.support.computed.records import missing, records_of
from tests.support.exchange.local_exchange import local_exchange
from tests.support.nodes.market_recording_node import run
from tests.support.nodes.processes import child

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(300)

CLASSES: Final = (
    ("Mid", ""),
    ("Depth", 'side = "bid"\nwithin_bps = 3'),
    ("CumulativeVolumeDelta", "events = 1"),
    ("VwapDistanceBps", "window_s = 0.5"),
    ("MarkIndexBasisBps", ""),
)
NAMES: Final = {"PEPEUSDT-LINEAR.BYBIT": "bybit", "PEPE-USDT-SWAP.OKX": "okx"}
ROUNDS: Final = 40
LONGEST_WINDOW_S: Final = 1.0
"""Twice the longest window: a fast machine has pushed all rounds before that is full."""


def table(name: str, class_name: str, venues: str, parameters: str = "") -> str:
    """Return a factor of PEPE at one or more venues."""
    return f"""\
[[computed]]
class = "{class_name}"
{venues}
assets = ["PEPE"]
name = "{name}_{{asset_lc}}"
range = [-1e12, 1e12]
time_to_live_s = 5.0
unit = "-"
about = "A test's factor"
{parameters}
"""


@pytest.mark.long
def test_thousands_at_one_venue_and_single_coins_at_the_other_agree_live_and_from_a_catalog(
    tmp_path: Path,
) -> None:
    """Bybit lists 1000PEPE at 10, OKX PEPE at 0.01: one price, one consensus, the same bits."""
    factors = tmp_path / "factors.toml"
    text = [table(c.lower(), c, 'venue = "bybit"', words) for c, words in CLASSES]
    text.append(table("okx", "Mid", 'venue = "okx"'))
    text.append(table("all", "ConsensusMid", 'venues = ["bybit", "okx"]', "max_age_s = 5"))
    factors.write_text("".join(text), encoding="utf-8")
    with local_exchange() as exchange:
        bybit, okx = exchange.streams["bybit"], exchange.streams["okx"]
        coin = {"price": 0.01, "tick": "0.000001", "lot": "1"}
        bybit.list_asset(asset="1000PEPE", **coin)
        okx.list_asset(asset="PEPE", **coin)
        with child(run, exchange.url, NAMES, factors, tmp_path) as producer:
            assert producer.line() == "running"
            for kind in ("quote", "trade", "deltas", "mark", "index"):
                bybit.wait_for_subscription(kind)
            okx.wait_for_subscription("quote")
            symbol = "1000PEPEUSDT"
            bybit.book(symbol, [(9.999, 5.0), (9.995, 2.0)], [(10.001, 1.0), (10.005, 3.0)])
            begun_s = time.monotonic()
            for i in count():
                if i >= ROUNDS and time.monotonic() - begun_s > LONGEST_WINDOW_S:
                    break
                bybit.quote(symbol, 9.999, 10.001, 1.0 + i % 3, 1.0)
                okx.quote("PEPE-USDT-SWAP", 0.009999, 0.010001, 3.0, 1.0 + i % 2)
                bybit.trade(symbol, 10.001, 2.0 + i % 4, "buy")
                bybit.mark(symbol, 10.002)
                bybit.index(symbol, 10.0)
            assert producer.line() == "silent"
            report = json.loads(producer.ask("stop"))
    assert (report["problem"], report["dropped"], report["lost"]) == ("", {}, 0)
    specs = read_specs(factors)
    found = find_inputs(tmp_path / "catalog", specs)
    assert found.left_out == ()
    assert {str(i.id) for i in found.instruments} == {
        "1000PEPEUSDT-LINEAR.BYBIT", "PEPE-USDT-SWAP.OKX",
    }  # fmt: skip
    live = [
        (at_ns, event_ns, bytes.fromhex(payload))
        for at_ns, event_ns, payload in json.loads((tmp_path / "live.json").read_text())
    ]
    again = records_of(found.batches(found.first_ns, found.end_ns, lambda: 1_000))
    assert missing(live, again) == []
    values = np.array([np.frombuffer(payload) for _, _, payload in live])
    last = dict(zip((s.name for s in found.specs), _last_whole(values), strict=True))
    assert last["mid_pepe"] == pytest.approx(0.01, rel=1e-12)
    assert last["all_pepe"] == pytest.approx(0.01, rel=1e-9)
    assert last["okx_pepe"] == pytest.approx(0.01, rel=1e-9)
    assert last["cumulativevolumedelta_pepe"] in {2000, 3000, 4000, 5000}
    assert last["markindexbasisbps_pepe"] == pytest.approx(2)
    # 5 bids of 1000 coins; the next one is 4 bps further away.
    assert last["depth_pepe"] == pytest.approx(5 * 9.999)
    with pytest.raises(ConfigError, match="1000PEPE"):
        find_inputs(tmp_path / "catalog", specs, ["PEPEUSDT-LINEAR.BYBIT"])


def _last_whole(values: np.ndarray) -> list[float]:
    """Return the last record in which every factor has a value."""
    whole = values[~np.isnan(values).any(axis=1)]
    assert len(whole)
    found: list[float] = whole[-1].tolist()
    return found
