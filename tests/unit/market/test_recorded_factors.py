"""TickFactors: its values are right, and made of nothing that came later."""

from __future__ import annotations

import dataclasses
import math
import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adapters.market.tick_factors import MEANINGS, TickFactors
from adapters.market.tick_files import TickFiles
from tests.support.catalogs.recordings import write_recording

NS = 1_000_000_000


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> TickFiles:
    """Return a recording of 70 seconds, long enough for every window to fill."""
    folder = tmp_path_factory.mktemp("recording")
    return TickFiles.load(write_recording(folder, seconds=70, per_second=12))


@pytest.fixture(scope="module")
def recorded() -> TickFiles:
    """Return the recording of real ticks, where there is one."""
    data = os.environ.get("DOLPHIN_DATA")
    if not data:
        pytest.skip("DOLPHIN_DATA names no folder with ticks_20240808 in it")
    return TickFiles.load(Path(data) / "ticks_20240808")


def expected(recording: TickFiles, now: int) -> dict[str, float]:
    """Compute the factors at an instant, input by input, from what was received until then."""
    perp, spot = Seen(recording.perp_touch, now), Seen(recording.spot_touch, now)
    trades, spot_trades = Seen(recording.perp_trades, now), Seen(recording.spot_trades, now)
    factors = {
        "basis": basis_bps(perp.last, spot.last),
        "spread": spread_bps(perp.last),
        "imbal_btc": imbalance(perp.last),
        "mid_btc_binance": mid(perp.last),
        "microprice_btc_binance": microprice(perp.last),
        "microprice_offset_bps_btc_binance": (microprice(perp.last) / mid(perp.last) - 1) * 1e4,
        "bid_size_btc_binance": perp.last["bid_size"],
        "ask_size_btc_binance": perp.last["ask_size"],
        "quotes_per_s_btc_binance_1s": perp.count(1),
        "mid_btc_spot_binance": mid(spot.last),
        "spread_bps_btc_spot_binance": spread_bps(spot.last),
        "imbal_btc_spot_binance": imbalance(spot.last),
        "microprice_offset_bps_btc_spot_binance": (microprice(spot.last) / mid(spot.last) - 1)
        * 1e4,
        "trades_per_s_btc_binance_1s": trades.count(1),
        "trades_per_s_btc_binance_10s": trades.count(10) / 10,
        "basis_mean_bps_60s": mean_basis(recording, now, 60),
    }
    factors["basis_gap_bps_60s"] = factors["basis"] - factors["basis_mean_bps_60s"]
    for s in (1, 5, 30):
        factors[f"return_bps_btc_binance_{s}s"] = perp.return_bps(s)
        factors[f"flow_btc_binance_{s}s"] = trades.flow(s)
        factors[f"flow_btc_spot_binance_{s}s"] = spot_trades.flow(s)
    for s in (1, 5):
        factors[f"return_bps_btc_spot_binance_{s}s"] = spot.return_bps(s)
        factors[f"spot_lead_bps_{s}s"] = spot.return_bps(s) - perp.return_bps(s)
    for s in (10, 60):
        factors[f"vol_bps_btc_binance_{s}s"] = perp.volatility_bps(s)
    return factors


class Seen:
    """The rows of one file that were received by an instant."""

    def __init__(self, ticks: Any, now: int) -> None:
        columns = {f.name: getattr(ticks, f.name).tolist() for f in dataclasses.fields(ticks)}
        rows = [
            dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)
        ]
        self.now = now
        self.rows = [row for row in rows if row["ts"] <= now]

    @property
    def last(self) -> dict[str, Any]:
        return self.rows[-1]

    def window(self, seconds: int) -> list[dict[str, Any]] | None:
        start = self.now - seconds * NS
        if not self.rows or self.rows[0]["ts"] > start:
            return None
        return [row for row in self.rows if row["ts"] > start]

    def count(self, seconds: int) -> float:
        rows = self.window(seconds)
        return math.nan if rows is None else len(rows)

    def flow(self, seconds: int) -> float:
        rows = self.window(seconds)
        if rows is None:
            return math.nan
        return math.fsum(row["size"] if row["taker_buys"] else -row["size"] for row in rows)

    def return_bps(self, seconds: int) -> float:
        before = [row for row in self.rows if row["ts"] <= self.now - seconds * NS]
        return (mid(self.last) / mid(before[-1]) - 1) * 1e4 if before else math.nan

    def volatility_bps(self, seconds: int) -> float:
        rows = self.window(seconds)
        if rows is None:
            return math.nan
        chain = self.rows[len(self.rows) - len(rows) - 1 :]
        returns = [math.log(mid(b) / mid(a)) for a, b in pairwise(chain)]
        return math.sqrt(math.fsum(r * r for r in returns)) * 1e4


def mid(touch: dict[str, float]) -> float:
    """Return the middle of bid and ask."""
    return (touch["bid"] + touch["ask"]) / 2


def spread_bps(touch: dict[str, float]) -> float:
    """Return the spread over the mid."""
    return (touch["ask"] - touch["bid"]) / mid(touch) * 1e4


def imbalance(touch: dict[str, float]) -> float:
    """Return -1 (only asks) to 1 (only bids)."""
    bid, ask = touch["bid_size"], touch["ask_size"]
    return (bid - ask) / (bid + ask)


def microprice(touch: dict[str, float]) -> float:
    """Return the mid weighted by the opposite sizes."""
    bid, ask = touch["bid_size"], touch["ask_size"]
    return (touch["bid"] * ask + touch["ask"] * bid) / (bid + ask)


def basis_bps(perp: dict[str, float], spot: dict[str, float]) -> float:
    """Return how far the perpetual's mid is above that of spot."""
    return (mid(perp) / mid(spot) - 1) * 1e4


def mean_basis(recording: TickFiles, now: int, seconds: int) -> float:
    """Add up basis times duration over the window, change by change."""
    start = now - seconds * NS
    if recording.first_ns > start:
        return math.nan
    perp, spot = recording.perp_touch, recording.spot_touch
    changes = {*perp.ts.tolist(), *spot.ts.tolist()}
    edges = [start, *sorted(ts for ts in changes if start < ts < now), now]
    p, s = Seen(perp, now).rows, Seen(spot, now).rows
    area, i, j = 0.0, 0, 0
    for begin, end in pairwise(edges):
        while i + 1 < len(p) and p[i + 1]["ts"] <= begin:
            i += 1
        while j + 1 < len(s) and s[j + 1]["ts"] <= begin:
            j += 1
        area += basis_bps(p[i], s[j]) * (end - begin)
    return area / (seconds * NS)


def assert_record_is_right(recording: TickFiles, stream: TickFactors, i: int) -> None:
    """Compare every factor of one record."""
    want = expected(recording, int(stream.ts[i]))
    assert want.keys() == MEANINGS.keys()
    for name, found in zip(stream.schema, stream.values[i].tolist(), strict=True):
        assert found == pytest.approx(want[name], rel=1e-9, abs=1e-6, nan_ok=True), name


def test_values_are_those_computed_input_by_input(generated: TickFiles) -> None:
    """Every factor equals a naive computation from the inputs received until the record."""
    stream = TickFactors.of(generated)
    for i in {0, 1, 2, *range(5, len(stream.ts), 97), len(stream.ts) - 1}:
        assert_record_is_right(generated, stream, i)
    assert not np.isnan(stream.values[-1]).any(), "the test wants every window filled"


@pytest.mark.long
def test_values_of_real_ticks_are_those_computed_input_by_input(recorded: TickFiles) -> None:
    """The same on real ticks, from the first record to the last."""
    stream = TickFactors.of(recorded)
    for i in (0, 3, 500, len(stream.ts) // 2, len(stream.ts) - 1):
        assert_record_is_right(recorded, stream, i)


def cut(recording: TickFiles, until: int, change: float) -> TickFiles:
    """Return the recording with every price and size after an instant multiplied."""

    def after(ticks: Any, names: tuple[str, ...]) -> Any:
        late = ticks.ts > until
        changed = {n: np.where(late, getattr(ticks, n) * change, getattr(ticks, n)) for n in names}
        return dataclasses.replace(ticks, **changed)

    touch, trade = ("bid", "bid_size", "ask", "ask_size"), ("price", "size")
    return dataclasses.replace(
        recording,
        perp_touch=after(recording.perp_touch, touch),
        spot_touch=after(recording.spot_touch, touch),
        perp_trades=after(recording.perp_trades, trade),
        spot_trades=after(recording.spot_trades, trade),
    )


@pytest.mark.parametrize("source", ["generated", "recorded"])
def test_another_future_changes_no_record_before_it(
    source: str, request: pytest.FixtureRequest
) -> None:
    """Records up to an instant are the same to the bit whatever is received after it."""
    recording = request.getfixturevalue(source)
    stream = TickFactors.of(recording)
    for part in (0.1, 0.5, 0.9):
        i = int(len(stream.ts) * part)
        other = TickFactors.of(cut(recording, int(stream.ts[i]), 1.5))
        assert stream.values[: i + 1].tobytes() == other.values[: i + 1].tobytes()
        assert stream.values[i + 1 :].tobytes() != other.values[i + 1 :].tobytes()


@pytest.mark.parametrize("source", ["generated", "recorded"])
def test_a_record_comes_after_every_event_of_its_stamp_and_before_the_next(
    source: str, request: pytest.FixtureRequest
) -> None:
    """``after_event`` counts exactly the events received up to the record, ties included."""
    recording = request.getfixturevalue(source)
    stream = TickFactors.of(recording)
    events = recording.events.ts
    last_needed = events[stream.after_event - 1]
    assert (last_needed <= stream.ts).all()
    later = stream.after_event < len(events)
    assert (events[stream.after_event[later]] > stream.ts[later]).all()


def test_there_is_a_record_for_each_stamp_at_which_a_touch_changed(
    generated: TickFiles,
) -> None:
    """One a stamp, none before the perpetual's first event and none after its last."""
    stream = TickFactors.of(generated)
    stamps = {*generated.perp_touch.ts.tolist(), *generated.spot_touch.ts.tolist()}
    first, last = generated.events.ts[[0, -1]].tolist()
    assert stream.ts.tolist() == sorted(ts for ts in stamps if first <= ts <= last)
    assert min(stamps) < first, "the test wants spot to begin earlier"
    assert max(stamps) > last, "the test wants spot to end later"


def test_a_market_that_starts_late_has_no_value_before(generated: TickFiles) -> None:
    """Without a spot quote yet the basis is NaN and the perpetual's own factors are there."""
    late = int(generated.events.ts[len(generated.events) // 2])
    kept = generated.spot_touch.ts > late
    spot = dataclasses.replace(
        generated.spot_touch,
        **{
            f.name: getattr(generated.spot_touch, f.name)[kept]
            for f in dataclasses.fields(generated.spot_touch)
        },
    )
    stream = TickFactors.of(dataclasses.replace(generated, spot_touch=spot))
    basis = stream.values[:, stream.schema.index("basis")]
    assert (np.isnan(basis) == (stream.ts < spot.ts[0])).all()
    assert np.isfinite(stream.values[:, stream.schema.index("spread")]).all()
