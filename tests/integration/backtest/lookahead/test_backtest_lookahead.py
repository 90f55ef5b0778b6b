"""The look-ahead proof, with the planted cases that it must catch and honest ones it must pass."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest
from nautilus_trader.model import Bar, BarType, Price, Quantity
from nautilus_trader.persistence import ParquetDataCatalog

from backtests.inputs.factor_delay import NO_DELAY
from backtests.lookahead.copies.proof_folder import ProofFolder
from backtests.lookahead.reruns.child_runs import ChildRuns, ProofError, rerun_limit_s
from dolphin_strategies import FactorSchema
from tests.support.catalogs.backtests.backtest_catalogs import (
    START_NS,
    STEP_NS,
    make_catalog,
    write_factors,
)
from tests.support.lengths import long
from tests.support.nodes.forkserver import run_forked

if TYPE_CHECKING:
    import subprocess

ROOT: Final = Path(__file__).resolve().parents[4]
SCRIPT: Final = ROOT / "backtests" / "run_backtest.py"
SECOND: Final = 1_000_000_000
TIMEOUT_S: Final = 280.0
pytestmark = pytest.mark.timeout(300)


def prove(
    catalog: Path, strategy: str, *arguments: object, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the proof as a user does."""
    config = catalog.parent / "backtest.toml"
    if not config.exists():
        config.write_text(f'[strategy]\ncatalog = "{catalog}"\n', encoding="utf-8")
    command = [
        str(SCRIPT), "--catalog", str(catalog), "--strategy",
        f"tests.support.strategies.backtest_strategies:{strategy}", "--prove-no-lookahead",
        "--config", str(config), *map(str, arguments),
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    done = run_forked(*command, env=environment, timeout_s=TIMEOUT_S, is_merged=True)
    assert not list(catalog.parent.glob(".*.proof")), "nothing is left behind"
    return done


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    """Make a catalog of a minute."""
    return make_catalog(tmp_path / "catalog", files=2)


@pytest.mark.long
def test_an_honest_strategy_passes(catalog: Path, tmp_path: Path) -> None:
    """All decisions before every instant are the same, and the exit code says so; with --out,
    proof.json holds the verdict, the seed and each instant.
    """
    before = {p: p.read_bytes() for p in catalog.rglob("*.parquet")}
    options = ("--instants", 2, "--seed", 9, "--out", tmp_path / "out")
    done = prove(catalog, "Follower", *options)
    assert done.returncode == 0, done.stdout
    assert "NO LOOK-AHEAD FOUND" in done.stdout
    assert {p: p.read_bytes() for p in catalog.rglob("*.parquet")} == before
    assert stat.S_IMODE((tmp_path / "out" / "proof.json").stat().st_mode) == 0o600
    found = json.loads((tmp_path / "out" / "proof.json").read_text(encoding="utf-8"))
    assert found["seed"] == 9
    assert len(found["instants"]) == 2
    for one in found["instants"]:
        assert 0 < one["compared"] < one["decisions"] == found["decisions"]
        assert one["changed_rows"] > 0.9 * one["later_rows"] > 0
        counts = f"{one['compared']:,} of {one['decisions']:,} decisions came before, all the same"
        assert counts in done.stdout
    assert found["verdict"].startswith("NO LOOK-AHEAD")


def ends_early(path: Path, rows: int) -> Path:
    """Make a catalog of which the market ends after so many steps, and the factors after more."""
    make_catalog(path, rows)
    ts = START_NS + STEP_NS * np.arange(rows, 10 * rows)
    values = np.column_stack([np.resize([1.0, 1.0, -1.0, -1.0], len(ts))] * 3)
    write_factors(path, "later", ts, values, stream_id=78)
    return path


def test_instants_are_where_there_is_a_market(tmp_path: Path) -> None:
    """Nine tenths of the window have factors and no market: there nothing is to be seen."""
    end = ("--start", START_NS, "--end", START_NS + 2_000 * STEP_NS)
    catalog, out = ends_early(tmp_path / "catalog", 200), tmp_path / "out"
    done = prove(catalog, "Follower", "--instants", 2, "--out", out, *end)
    assert done.returncode == 0, done.stdout
    found = json.loads((out / "proof.json").read_text(encoding="utf-8"))
    assert len(found["instants"]) == 2
    last_ns = START_NS + 199 * STEP_NS
    assert found["overlap"] == [[START_NS, last_ns]]
    assert all(START_NS < one["at_ns"] < last_ns for one in found["instants"])
    assert all(one["compared"] for one in found["instants"])


@pytest.mark.parametrize(
    ("strategy", "reason"),
    [
        ("Watches", "decided nothing"),
        long("ActsAfterTheMarket", "was made where market and factors"),
    ],
)
def test_nothing_to_prove_is_a_verdict_with_an_exit_code_of_its_own(
    tmp_path: Path, strategy: str, reason: str
) -> None:
    """No decision at all, or none where there was a market: no rerun could show anything."""
    end = ("--start", START_NS, "--end", START_NS + 2_000 * STEP_NS)
    catalog, out = ends_early(tmp_path / "catalog", 200), tmp_path / "out"
    done = prove(catalog, strategy, "--out", out, *end)
    assert done.returncode == 3, done.stdout
    assert "NOTHING TO PROVE: " in done.stdout
    assert reason in done.stdout
    found = json.loads((out / "proof.json").read_text(encoding="utf-8"))
    assert found["exit_code"] == 3
    assert found["instants"] == []


@pytest.mark.parametrize("strategy", ["OpensTheCatalog", long("KnowsTheNextQuotes")])
def test_a_strategy_that_looks_ahead_is_caught(catalog: Path, strategy: str) -> None:
    """It opens the catalog by its path and finds the scrambled one; its decisions change."""
    done = prove(catalog, strategy, "--instants", 2)
    assert done.returncode == 1, done.stdout
    assert "LOOK-AHEAD: " in done.stdout
    assert '"call":"submit_order"' in done.stdout, "the first difference is shown"


@pytest.mark.long
def test_chance_is_not_taken_for_look_ahead(catalog: Path) -> None:
    """A control run on the same data tells a strategy that cannot be compared."""
    done = prove(catalog, "RollsDice", "--instants", 1)
    assert done.returncode == 1, done.stdout
    assert "NOT PROVED" in done.stdout


@pytest.mark.long
def test_a_run_that_does_not_end_is_ended_and_named(
    catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A strategy may wait the second time for what came the first time."""
    monkeypatch.setenv("DOLPHIN_TEST_MARK", str(tmp_path / "mark"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    strategy = "tests.support.strategies.backtest_strategies:WaitsTheSecondTime"
    arguments = ["--catalog", str(catalog), "--strategy", strategy]
    with ProofFolder(catalog) as folder:
        runs = ChildRuns(arguments, catalog, folder, print, lambda first_s: 3.0)
        base = runs.first(NO_DELAY)
        assert not base["failure"]
        with pytest.raises(ProofError, match=r"did not end within 3 s; does the strategy wait"):
            runs.again(base, base["end_ns"], NO_DELAY, on_copy=False)
    assert rerun_limit_s(1) == 300
    assert rerun_limit_s(60) == 1_200


def taker_flow(path: Path, *, delay_ns: int) -> Path:
    """Write bars and the taker ratio of each, known after a delay from the bar's start."""
    minute = 60 * SECOND
    random = np.random.default_rng(5)
    moves = random.normal(0, 40, 300)
    close = 60_000 + np.cumsum(moves)
    starts = START_NS // minute * minute + 15 * minute * np.arange(300)
    ratio = np.exp(moves / 80 + random.normal(0, 0.2, 300))
    write_factors(
        path, "taker", starts + delay_ns, ratio[:, None], schema=FactorSchema(["taker_ratio"])
    )
    bar_type = BarType.from_str("BTCUSDT.BINANCE-15-MINUTE-LAST-EXTERNAL")
    opens = np.concatenate([[60_000.0], close[:-1]])
    bars = [
        Bar(
            bar_type,
            Price(o, 2), Price(max(o, c), 2), Price(min(o, c), 2), Price(c, 2), Quantity(1, 5),
            int(s) + 15 * minute, int(s) + 15 * minute,
        )
        for o, c, s in zip(opens, close, starts, strict=True)
    ]  # fmt: skip
    ParquetDataCatalog(str(path)).write_bars(bars)
    (path.parent / "backtest.toml").write_text(
        '[instrument]\nid = "BTCUSDT.BINANCE"\nkind = "spot"\nbase = "BTC"\nquote = "USDT"\n'
        'price_increment = "0.01"\nsize_increment = "0.00001"\n'
        "[venue]\nmaker_fee = 0\ntaker_fee = 0\n",
        encoding="utf-8",
    )
    return path


@pytest.mark.long
def test_a_factor_imported_without_its_delay_is_suspected(tmp_path: Path) -> None:
    """Taker volume used at the start of its bar: a bar later the profit is gone."""
    done = prove(
        taker_flow(tmp_path / "early", delay_ns=30 * SECOND), "TakerFlow", "--instants", 1
    )
    assert done.returncode == 1, done.stdout
    assert "COLLAPSED" in done.stdout
    assert "without its publication delay" in done.stdout


@pytest.mark.long
def test_a_factor_imported_with_its_delay_is_not(tmp_path: Path) -> None:
    """Known at the end of its bar, it earns nothing that a delay could take."""
    late = taker_flow(tmp_path / "late", delay_ns=15 * 60 * SECOND + 30 * SECOND)
    done = prove(late, "TakerFlow", "--instants", 1)
    assert done.returncode == 0, done.stdout
    assert "COLLAPSED" not in done.stdout


@pytest.mark.long
def test_without_namespaces_the_catalog_is_moved_aside_and_comes_back(catalog: Path) -> None:
    """The proof says so, still catches, and leaves the catalog as it was."""
    before = {p: p.read_bytes() for p in catalog.rglob("*.parquet")}
    done = prove(catalog, "OpensTheCatalog", "--instants", 1, DOLPHIN_NO_NAMESPACES="1")
    assert done.returncode == 1, done.stdout
    assert "moved aside" in done.stdout
    assert "LOOK-AHEAD: " in done.stdout
    assert {p: p.read_bytes() for p in catalog.rglob("*.parquet")} == before
