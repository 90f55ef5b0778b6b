"""Factors computed from recorded ticks of Binance, and the same from the files by other means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow.parquet as pq
import pytest

from adapters.catalog import FactorCatalog
from tests.integration.computing.commands import compute
from tests.support.catalogs.imports import EXAMPLES, data_folder, run_import

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

S: Final = 1_000_000_000
LIFE_NS: Final = 2 * S
pytestmark = pytest.mark.timeout(300)


class Ticks:
    """Quotes and trades of one market as the files have them, in the receiver's order."""

    def __init__(self, folder: Path, market: str) -> None:
        quotes = pq.read_table(folder / f"{market}_bookticker.parquet")
        trades = pq.read_table(folder / f"{market}_trades.parquet")
        self.ts: Final = _ints(quotes, "local_ts_ns")
        self.bid, self.ask, self.bids, self.asks = (
            quotes.column(name).to_numpy() for name in ("bid_px", "ask_px", "bid_qty", "ask_qty")
        )
        self.traded_ts: Final = _ints(trades, "local_ts_ns")
        self.price: Final = trades.column("price").to_numpy()
        self.size: Final = trades.column("qty").to_numpy()
        sold = trades.column("buyer_is_maker").to_numpy(zero_copy_only=False)
        self.sign: Final = np.where(sold, -1.0, 1.0)

    def newest(self, at_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the place of the newest quote at each instant, -1 before the first."""
        return np.searchsorted(self.ts, at_ns, side="right") - 1

    def traded(self, at_ns: int, window_ns: int) -> slice:
        """Return the trades in the window that ends with an instant."""
        first, last = np.searchsorted(self.traded_ts, [at_ns - window_ns, at_ns], side="right")
        return slice(int(first), int(last))


def _ints(table: Any, name: str) -> NDArray[np.int64]:
    return np.asarray(table.column(name).to_numpy(), np.int64)


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """Return the files' folder, and the factors of the example computed from them."""
    data = data_folder("ticks_20240808")
    catalog = tmp_path_factory.mktemp("ticks") / "catalog"
    done = run_import(
        "--spec", EXAMPLES / "import_ticks.toml", "--data", data, "--catalog", catalog
    )
    assert done.returncode == 0, done.stderr
    made = compute("--catalog", catalog, "--factors", EXAMPLES / "computed.toml")
    assert made.returncode == 0, made.stderr
    return data / "ticks_20240808", FactorCatalog(catalog)


def test_factors_of_the_touch_equal_those_of_the_files(computed: tuple[Path, Any]) -> None:
    """At every instant of a record, of 98,000: from the newest quote of the file."""
    folder, catalog = computed
    perp, spot = Ticks(folder, "usdm"), Ticks(folder, "spot")
    ts, values = catalog.arrays(["mid", "spread", "imbal_btc", "basis"])
    at, other = perp.newest(ts), spot.newest(ts)
    bid, ask, bids, asks = (x[at] for x in (perp.bid, perp.ask, perp.bids, perp.asks))
    mid, spot_mid = (bid + ask) / 2, (spot.bid[other] + spot.ask[other]) / 2
    is_alive = (at >= 0) & (ts < perp.ts[at] + LIFE_NS)
    both = is_alive & (other >= 0) & (ts < spot.ts[other] + LIFE_NS)
    for column, expected, alive in (
        (0, mid, is_alive),
        (1, (ask - bid) / mid * 1e4, is_alive),
        (2, (bids - asks) / (bids + asks), is_alive),
        (3, (mid / spot_mid - 1) * 1e4, both),
    ):
        found = values[:, column]
        assert np.array_equal(np.isnan(found), ~alive)
        np.testing.assert_allclose(found[alive], expected[alive], rtol=1e-12, atol=1e-9)
        assert alive.sum() > 50_000


def test_factors_of_windows_equal_those_of_the_files(computed: tuple[Path, Any]) -> None:
    """At a thousand instants chosen at random: from all trades in the window, added anew."""
    folder, catalog = computed
    perp = Ticks(folder, "usdm")
    ts, values = catalog.arrays(["flow_5s", "cvd_30s", "trades_per_s", "vwap_bps_60s"])
    first_ns = max(int(perp.ts[0]), int(perp.traded_ts[0]))
    is_warm = (ts > first_ns + 61 * S) & (ts < perp.ts[-1])
    rows = np.random.default_rng(1).choice(np.flatnonzero(is_warm), 1_000, replace=False)
    mids = (perp.bid + perp.ask) / 2
    for row in rows.tolist():
        at_ns = int(ts[row])
        five, thirty, ten, sixty = (perp.traded(at_ns, n * S) for n in (5, 30, 10, 60))
        signed = perp.size * perp.sign
        volume = perp.size[five].sum()
        vwap = (perp.price[sixty] * perp.size[sixty]).sum() / perp.size[sixty].sum()
        mid = mids[perp.newest(np.array([at_ns]))[0]]
        expected = (
            signed[five].sum() / volume if volume else np.nan,
            signed[thirty].sum(),
            (ten.stop - ten.start) / 10,
            (mid / vwap - 1) * 1e4,
        )
        np.testing.assert_allclose(values[row], expected, rtol=1e-9, atol=1e-7)


def test_records_are_at_instants_of_data_or_of_its_end(computed: tuple[Path, Any]) -> None:
    """Each instant once; every other one is exactly where an input had become too old."""
    folder, catalog = computed
    perp, spot = Ticks(folder, "usdm"), Ticks(folder, "spot")
    ts, _ = catalog.arrays(["mid"])
    assert np.all(np.diff(ts) > 0)
    delivered = np.unique(np.concatenate([perp.ts, perp.traded_ts, spot.ts]))
    elsewhere = ts[~np.isin(ts, delivered)]
    ends = np.concatenate([perp.ts, perp.traded_ts, spot.ts]) + LIFE_NS
    assert np.isin(elsewhere, ends).all()
    assert len(elsewhere) >= 1
