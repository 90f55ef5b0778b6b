"""Copies of a catalog for the look-ahead proof: their folder, and what scrambling does."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from backtests.inputs.market_data import MarketData
from backtests.lookahead.copies.proof_folder import ProofFolder, put_right
from backtests.lookahead.copies.scrambled_catalog import HOWS, How, copy_catalog, scramble
from dolphin_strategies import ConfigError
from tests.support.catalogs.backtests.backtest_catalogs import START_NS, STEP_NS, make_catalog
from tests.support.catalogs.imports import ROOT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    """Make a catalog of a minute."""
    return make_catalog(tmp_path / "catalog", files=2)


def test_a_proof_killed_with_the_catalog_aside_is_put_right(catalog: Path) -> None:
    """The next start finds the original and puts it back, with nothing left beside it."""
    before = {p: p.read_bytes() for p in catalog.rglob("*.parquet")}
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from backtests.lookahead.copies.proof_folder import ProofFolder\n"
        "folder = ProofFolder(Path(sys.argv[1]))\n"
        "folder.renew_copy()\n"
        "with folder.moved_aside():\n"
        "    (Path(sys.argv[1]) / 'data' / 'scrambled').touch()\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(catalog)], cwd=ROOT, check=False, timeout=240)
    assert (catalog / "data" / "scrambled").exists()
    assert put_right(catalog)
    assert {p: p.read_bytes() for p in catalog.rglob("*.parquet")} == before
    assert not (catalog / "data" / "scrambled").exists()
    assert not list(catalog.parent.glob(".*.proof"))
    assert not put_right(catalog)


def test_a_second_proof_of_a_catalog_is_refused(catalog: Path) -> None:
    """While one runs, another would find its copies."""
    with ProofFolder(catalog), pytest.raises(ConfigError, match="under way"):
        ProofFolder(catalog)
    ProofFolder(catalog).__exit__()


@pytest.mark.parametrize("how", HOWS)
def test_scrambled_data_is_the_same_before_and_valid_and_different_after(
    catalog: Path, tmp_path: Path, how: How
) -> None:
    """Up to the instant nothing changes; after it stamps stay, values do not, no quote crosses."""
    at_ns = START_NS + 299 * STEP_NS
    copy = tmp_path / "copy"
    copy_catalog(catalog, copy)
    done = scramble(copy, at_ns, how, 3)
    assert (done.kept, done.later) == (601, 600), "and an instrument"
    old, new = (rows_of(path) for path in (catalog, copy))
    same = sum(a == b for a, b in zip(old[0][300:], new[0][300:], strict=True))
    same += int(np.all(old[1][1] == new[1][1], axis=1)[300:].sum())
    assert done.changed == 600 - same
    assert old[0][:300] == new[0][:300]
    assert [q.ts_init for q in old[0]] == [q.ts_init for q in new[0]]
    assert all(q.bid_price < q.ask_price for q in new[0])
    assert sum(a == b for a, b in zip(old[0][300:], new[0][300:], strict=True)) < 60
    assert np.array_equal(old[1][0], new[1][0])
    assert np.array_equal(old[1][1][:300], new[1][1][:300])
    assert np.mean(old[1][1][300:, 2] == new[1][1][300:, 2]) < 0.2


def rows_of(path: Path) -> tuple[list[Any], tuple[Any, Any]]:
    """Return a catalog's quotes and factors."""
    from adapters.catalog import FactorCatalog

    data = MarketData(path)
    quotes = [
        row
        for table in data.tables()
        for piece in data.pieces(table, 0, 2**62, 100)
        for row in piece.items(0, len(piece.ts))
    ]
    return quotes, FactorCatalog(path).arrays(["momentum", "noise", "mid"])


def test_what_a_live_recorder_has_not_filed_yet_is_scrambled_too(tmp_path: Path) -> None:
    """A spool becomes a file of the copy, so nothing of the future stays in it."""
    from adapters.catalog import FactorCatalog, RecordingWriter
    from tests.support.catalogs.backtests.backtest_catalogs import batch

    catalog, copy = tmp_path / "catalog", tmp_path / "copy"
    ts = START_NS + STEP_NS * np.arange(100)
    values = np.random.default_rng(1).normal(size=(100, 3))
    writer = RecordingWriter(catalog, source="test", name="open")
    writer.write_factors(batch(ts, values))
    writer.flush()
    copy_catalog(catalog, copy)
    scramble(copy, int(ts[49]), "shuffled", 1)
    found_ts, found = FactorCatalog(copy).arrays(["momentum", "noise", "mid"])
    writer.close()
    assert np.array_equal(found_ts, ts)
    assert np.array_equal(found[:50], values[:50])
    assert not np.array_equal(found[50:], values[50:])
