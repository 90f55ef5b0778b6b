"""TickFiles, ReplayClock and DeliveryCounter: what is replayed, when, and how far it has come."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from adapters.market.delivery_counter import DeliveryCounter
from adapters.market.replay_clock import ReplayClock
from adapters.market.tick_files import TickFiles
from dolphin_strategies import ConfigError
from tests.support.catalogs.recordings import FIRST_NS, write_file, write_recording

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a recording of three seconds."""
    return write_recording(tmp_path / "recording", seconds=3, per_second=50)


def change(path: Path, **columns: Any) -> None:
    """Replace columns of a parquet file; None removes one."""
    table = pq.read_table(path)
    kept = {name: table[name] for name in table.column_names} | columns
    write_file(path, {name: column for name, column in kept.items() if column is not None})


def test_events_are_all_touch_changes_and_trades_of_the_perpetual_in_order(folder: Path) -> None:
    """Nothing is left out, and of equal stamps the touch comes first, in the file's order."""
    recording = TickFiles.load(folder)
    events = recording.events
    expected = sorted(
        [(ts, 0, row) for row, ts in enumerate(recording.perp_touch.ts.tolist())]
        + [(ts, 1, row) for row, ts in enumerate(recording.perp_trades.ts.tolist())]
    )
    found = list(
        zip(events.ts.tolist(), events.is_trade.tolist(), events.row.tolist(), strict=True)
    )
    assert found == expected
    assert len({ts for ts, _, _ in expected}) < len(expected), "the test wants equal stamps"
    assert recording.first_ns == FIRST_NS
    assert recording.dropped == {}


def test_rows_of_a_file_are_sorted_by_receive_time_and_equal_ones_stay_in_order(
    folder: Path,
) -> None:
    """A file whose rows were shuffled in blocks of one stamp loads as the sorted one does."""
    before = TickFiles.load(folder).perp_trades
    path = folder / "usdm_trades.parquet"
    table = pq.read_table(path)
    stamps = table["local_ts_ns"].to_numpy()
    backwards = np.argsort(-stamps, kind="stable")
    pq.write_table(table.take(pa.array(backwards)), path)
    after = TickFiles.load(folder).perp_trades
    np.testing.assert_array_equal(after.trade_id, before.trade_id)
    np.testing.assert_array_equal(after.ts, before.ts)


def test_prices_and_sizes_that_cannot_be_are_dropped_and_counted(folder: Path) -> None:
    """NaN, infinite, zero and negative numbers, crossed and locked quotes are each counted."""
    path = folder / "usdm_bookticker.parquet"
    table = pq.read_table(path)
    bid, ask = table["bid_px"].to_numpy().copy(), table["ask_px"].to_numpy().copy()
    size = table["bid_qty"].to_numpy().copy()
    bid[3], ask[4], bid[5], size[6], size[7] = np.nan, np.inf, -1.0, 0.0, np.nan
    bid[10], bid[11] = ask[10], ask[11] + 0.1
    change(path, bid_px=bid, ask_px=ask, bid_qty=size)
    trades = folder / "spot_trades.parquet"
    price = pq.read_table(trades)["price"].to_numpy().copy()
    price[0] = -5.0
    change(trades, price=price)
    recording = TickFiles.load(folder)
    assert recording.dropped == {
        "usdm_bookticker.not_positive": 5,
        "usdm_bookticker.crossed": 2,
        "spot_trades.not_positive": 1,
    }
    np.testing.assert_array_equal(
        recording.perp_touch.bid, np.delete(bid, [3, 4, 5, 6, 7, 10, 11])
    )


def test_a_missing_file_is_named(folder: Path) -> None:
    """The error says which of the four files is not there."""
    (folder / "spot_trades.parquet").unlink()
    with pytest.raises(ConfigError, match=r"spot_trades\.parquet is missing"):
        TickFiles.load(folder)


def test_a_missing_column_is_named(folder: Path) -> None:
    """The error says which column of which file is not there."""
    change(folder / "spot_bookticker.parquet", ask_qty=None)
    with pytest.raises(ConfigError, match=r"spot_bookticker\.parquet has no column 'ask_qty'"):
        TickFiles.load(folder)


@pytest.mark.parametrize(
    "columns",
    [
        {"price": ["x"]},
        {"local_ts_ns": pa.array([None], pa.int64())},
        {"price": [0.0]},
    ],
    ids=["text", "no stamp", "no row left"],
)
def test_a_file_that_cannot_be_replayed_is_named(folder: Path, columns: dict[str, Any]) -> None:
    """Wrong types, missing stamps and a file without a usable row are refused by name."""
    row = {"local_ts_ns": [1], "trade_id": [1], "price": [1.0], "qty": [1.0]}
    path = folder / "usdm_trades.parquet"
    write_file(path, row | {"buyer_is_maker": [True]} | columns)
    with pytest.raises(ConfigError, match=r"usdm_trades\.parquet"):
        TickFiles.load(folder)


def test_a_file_that_is_not_parquet_is_named(folder: Path) -> None:
    """Garbage is refused with the file's name."""
    (folder / "usdm_trades.parquet").write_bytes(os.urandom(500))
    with pytest.raises(ConfigError, match=r"usdm_trades\.parquet cannot be read"):
        TickFiles.load(folder)


def test_due_times_at_recorded_pace_are_the_stamps_moved(folder: Path) -> None:
    """At speed 1 every due time is exact to the nanosecond."""
    ts = TickFiles.load(folder).events.ts
    clock = ReplayClock(start_ns=1_800_000_000_123_456_789, first_ns=int(ts[0]))
    assert (clock.due_ns(ts) - 1_800_000_000_123_456_789).tolist() == (ts - ts[0]).tolist()


def test_due_times_at_another_speed_keep_order_and_proportion() -> None:
    """At speed 4 a second takes 250 ms, and equal stamps stay equal."""
    clock = ReplayClock(start_ns=10**18, first_ns=5 * 10**9, speed=4)
    ts = np.array([5 * 10**9, 6 * 10**9, 6 * 10**9, 6 * 10**9 + 4, 9 * 10**9])
    assert (clock.due_ns(ts) - 10**18).tolist() == [
        0,
        250_000_000,
        250_000_000,
        250_000_001,
        10**9,
    ]


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan"), float("inf")])
def test_a_speed_that_is_no_pace_is_refused(speed: float) -> None:
    """Zero, negative, NaN and infinite speeds raise, naming the parameter."""
    with pytest.raises(ValueError, match="speed"):
        ReplayClock(start_ns=0, first_ns=0, speed=speed)


def test_the_count_handed_over_is_seen_by_another_process(tmp_path: Path) -> None:
    """The file is private, and another process reads what this one writes, whole."""
    path = tmp_path / "hand_over"
    hand_over = DeliveryCounter.create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    code = (
        "import sys; from adapters.market.delivery_counter import DeliveryCounter;"
        "h = DeliveryCounter.open(sys.argv[1]);"
        "[print(h.events, flush=True) for _ in sys.stdin]"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as reader:
        assert reader.stdin is not None
        assert reader.stdout is not None
        for count in (0, 1, 255, 256, 2**40 + 7):
            hand_over.events = count
            reader.stdin.write("\n")
            reader.stdin.flush()
            assert reader.stdout.readline() == f"{count}\n"
        reader.stdin.close()
    assert path.read_bytes() == (2**40 + 7).to_bytes(8, "little")
    hand_over.close()
    hand_over.close()


def test_a_hand_over_that_is_not_there_or_something_else_is_refused(tmp_path: Path) -> None:
    """The producer gets a clear error instead of a wrong count."""
    with pytest.raises(ConfigError, match="hand-over"):
        DeliveryCounter.open(tmp_path / "absent")
    (tmp_path / "long").write_bytes(bytes(9))
    with pytest.raises(ConfigError, match="expected a hand-over file of 8 bytes"):
        DeliveryCounter.open(tmp_path / "long")
    (tmp_path / "link").symlink_to(tmp_path / "long")
    with pytest.raises(ConfigError, match="hand-over"):
        DeliveryCounter.open(tmp_path / "link")
