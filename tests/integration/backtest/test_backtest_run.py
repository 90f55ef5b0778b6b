"""run_backtest.py as a user starts it: its files, its exit codes, its sentences."""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.support.catalogs.backtests.backtest_catalogs import START_NS, STEP_NS, make_catalog
from tests.support.nodes.forkserver import run_forked

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT: Final = Path(__file__).resolve().parents[3]
SCRIPT: Final = ROOT / "backtests" / "run_backtest.py"
ENVIRONMENT: Final = {**os.environ, "PYTHONPATH": str(ROOT)}
TIMEOUT_S: Final = 280.0
pytestmark = pytest.mark.timeout(300)


def command(catalog: Path, strategy: str, *arguments: object) -> list[str]:
    """Return the command line of a backtest."""
    name = f"tests.support.strategies.backtest_strategies:{strategy}"
    return [str(SCRIPT), "--catalog", str(catalog), "--strategy", name, *map(str, arguments)]


def run(
    catalog: Path, strategy: str, *arguments: object, cwd: Path
) -> subprocess.CompletedProcess[str]:
    """Run a backtest to its end."""
    words = command(catalog, strategy, *arguments)
    return run_forked(*words, cwd=cwd, env=ENVIRONMENT, timeout_s=TIMEOUT_S)


def rows_of(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    """Make a catalog of a minute."""
    return make_catalog(tmp_path / "catalog", files=3)


def test_a_backtest_writes_its_result_its_tables_and_its_report(
    catalog: Path, tmp_path: Path
) -> None:
    """All records are replayed, all fills are in the table and in the drawing, offline."""
    out = tmp_path / "out"
    done = run(catalog, "Follower", "--out", out, "--show", "momentum,noise", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    result = json.loads((out / "result.json").read_text(encoding="utf-8"))
    assert result["rows"] == 1200
    assert result["is_whole"]
    assert result["open_positions"] == 0
    fills = rows_of(out / "fills.csv")
    assert len(fills) == result["fills"] > 10
    assert len(rows_of(out / "orders.csv")) == result["orders"] == result["decisions"] + 1
    assert len(rows_of(out / "positions.csv")) == result["positions"]
    balances = [float(row["total"]) for row in rows_of(out / "account.csv")]
    assert balances[-1] - balances[0] == pytest.approx(result["pnl"]["USDT"])
    assert {stat.S_IMODE(file.stat().st_mode) for file in out.iterdir()} == {0o600}
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "cdn.plot.ly" not in page.split("<script>")[0]
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=\"https?:", page)
    assert page.count("Plotly.newPlot(") >= 2
    for name in ("momentum", "noise", "position", "equity USDT", "Denied and rejected orders"):
        assert name in page


def test_every_fill_is_drawn_and_the_price_is_drawn_down(tmp_path: Path) -> None:
    """The figure has one mark a fill, whatever becomes of the line under it."""
    from adapters.command.user_code.strategy_class import find_strategy, make_config
    from backtests.inputs.backtest_settings import BacktestSettings
    from backtests.inputs.catalog_search import find_data
    from backtests.run.one_backtest import replayed
    from backtests.run.results.page.market_chart import market_chart

    settings = BacktestSettings()
    found = find_strategy("tests.support.strategies.backtest_strategies:Follower")
    strategy = found(make_config(found, {}))
    data = find_data(make_catalog(tmp_path / "c", 20_000), settings, strategy)
    with replayed(data, settings, strategy) as (engine, figures, decisions):
        drawn = market_chart(engine, data, data.instruments[0].id)
    assert len(decisions) == figures.replay.decisions
    price, buys, sells, factor, position = drawn.data
    assert len(buys.x) + len(sells.x) == figures.trading.fills > 1000
    assert len(price.x) < 8_000
    assert len(factor.x) < 8_000
    assert len(position.x) == figures.trading.fills + 2
    assert position.y[-1] == 0


def test_the_same_run_in_small_and_large_chunks_decides_the_same(tmp_path: Path) -> None:
    """Streaming changes nothing: what was told to the strategy, and when, is equal."""
    from adapters.command.user_code.strategy_class import find_strategy, make_config
    from backtests.inputs.backtest_settings import BacktestSettings, RunSettings
    from backtests.inputs.catalog_search import find_data
    from backtests.run.one_backtest import replayed

    catalog = make_catalog(tmp_path / "catalog", 900, files=2, holes=slice(300, 340))
    told, decided = [], []
    for rows in (1_000_000, 13, 1):
        settings = BacktestSettings(backtest=RunSettings(chunk_rows=rows))
        found = find_strategy("tests.support.strategies.backtest_strategies:Follower")
        strategy = found(make_config(found, {}))
        data = find_data(catalog, settings, strategy)
        with replayed(data, settings, strategy) as (_, figures, decisions):
            assert figures.replay.rows == 1800
        told.append(strategy.told)  # type: ignore[attr-defined]
        decided.append([(d.ns, d.content) for d in decisions])
    assert told[0] == told[1] == told[2]
    assert decided[0] == decided[1] == decided[2]
    last_ns = START_NS + 899 * STEP_NS
    whats = [what for _, what in told[0]]
    # Factors first at each instant, and after the last record the clock still tells.
    assert whats[:4] == ["factors", "quote", "factors", "quote"]
    assert told[0][-2][0] == last_ns + 1_000_000_001
    assert whats[-2:] == ["stale", "stop"]


@pytest.mark.parametrize(
    ("strategy", "sentence"),
    [
        ("Raises", "Raises raised ArithmeticError: no more"),
        ("RaisesInAlert", "RaisesInAlert raised ArithmeticError: told too late"),
        ("RaisesAtStart", "RaisesAtStart raised ArithmeticError: cannot start"),
        ("RaisesAtStop", "RaisesAtStop raised ArithmeticError: cannot stop"),
    ],
)
def test_an_exception_in_a_strategy_is_exit_code_1_and_a_sentence(
    catalog: Path, tmp_path: Path, strategy: str, sentence: str
) -> None:
    """In a handler, an alert, at start and at stop; Nautilus itself only logs them."""
    done = run(catalog, strategy, "--out", tmp_path / "out", cwd=tmp_path)
    assert done.returncode == 1
    assert f"run_backtest.py: {sentence} (" in done.stderr
    assert not (tmp_path / "out").exists()


def test_an_exception_that_a_strategy_catches_is_its_own_business(
    catalog: Path, tmp_path: Path
) -> None:
    """Only what leaves its methods counts."""
    done = run(catalog, "RecoversInside", "--out", tmp_path / "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def window(first: int, last: int) -> Sequence[object]:
    """Return the arguments of a window, in steps of the catalog."""
    return "--start", START_NS + first * STEP_NS, "--end", START_NS + last * STEP_NS


@pytest.mark.parametrize(
    ("strategy", "arguments", "sentence"),
    [
        ("NeedsAnother", (), "requires factor 'momentun', which the catalog lacks; did you mean "
         "'momentum'"),
        ("Follower", window(-500, -100), "required factor 'momentum': there is no record from"),
        ("Follower", window(100, 150), "required factor 'momentum': no value in the 50 records"),
        ("Follower", window(-600, 600), "required factor 'momentum' covers only"),
        ("Follower", window(0, 900), "required factor 'momentum' covers only"),
        ("Follower", window(20, 10), "expected start before end"),
        ("Follower", ("--show", "noize"), "did you mean 'noise'"),
        ("Follower", ("--recording", "other"), "no recording 'other'"),
        ("Follower", ("--factor-delay", "moment=1s"), "did you mean 'momentum'"),
        ("Follower", ("--start", "then"), "--start: expected an instant"),
        ("Absent", (), "has no class 'Absent'"),
    ],
)  # fmt: skip
def test_what_is_not_covered_or_not_there_is_exit_code_2_and_a_sentence(
    tmp_path: Path, strategy: str, arguments: Sequence[object], sentence: str
) -> None:
    """Before anything runs, with what there is."""
    catalog = make_catalog(tmp_path / "catalog", holes=slice(100, 150))
    done = run(catalog, strategy, *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_folder_that_is_no_catalog_is_refused(tmp_path: Path) -> None:
    """With what was expected."""
    done = run(tmp_path, "Follower", cwd=tmp_path)
    assert done.returncode == 2
    assert "is no catalog" in done.stderr


def test_a_window_replays_what_lies_in_it_and_nothing_else(catalog: Path, tmp_path: Path) -> None:
    """Half-open: the record at the start is in it, the one at the end is not."""
    out = tmp_path / "out"
    done = run(catalog, "Follower", *window(100, 200), "--out", out, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads((out / "result.json").read_text(encoding="utf-8"))["rows"] == 200


def test_delays_show_what_freshness_is_worth(catalog: Path, tmp_path: Path) -> None:
    """One line a delay; factors that come when they are too old are worth no order."""
    done = run(catalog, "Follower", "--factor-delay", "0,100ms,2s", "--out", "o", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.split("what freshness is worth:\n")[1].splitlines()
    assert [line.split()[0] for line in lines] == ["factors", "0", "100ms", "2s"]
    assert lines[3].split()[-1] == "0", "the strategy's max_age is a second"
    assert int(lines[2].split()[-1]) > 0


@pytest.mark.parametrize("delay_steps", [0, 5])
def test_history_is_what_the_run_would_have_seen_before(tmp_path: Path, delay_steps: int) -> None:
    """It ends before the window begins, and with delayed factors it is delayed too."""
    from adapters.command.instants import Instant
    from adapters.command.user_code.strategy_class import find_strategy, make_config
    from backtests.inputs.backtest_settings import BacktestSettings, RunSettings
    from backtests.inputs.catalog_search import find_data
    from backtests.inputs.factor_delay import FactorDelay
    from backtests.run.one_backtest import replayed

    delay_ns, start_ns = delay_steps * STEP_NS, START_NS + 100 * STEP_NS
    settings = BacktestSettings(backtest=RunSettings(start=Instant(start_ns)))
    found = find_strategy("tests.support.strategies.backtest_strategies:Remembers")
    strategy: Any = found(make_config(found, {}))
    data = find_data(make_catalog(tmp_path / "catalog", 200), settings, strategy)
    data = dataclasses.replace(data, delay=FactorDelay(all_ns=delay_ns))
    with replayed(data, settings, strategy) as (_, figures, _):
        assert figures.replay.decisions > 0
    seen = [(f.ts_init, f.sequence) for f in strategy.history]
    first = 80 - delay_steps
    assert seen == [(start_ns + (i - 20) * STEP_NS, first + i + 1) for i in range(20)]


def test_ctrl_c_ends_the_run_and_writes_what_there_is(catalog: Path, tmp_path: Path) -> None:
    """Exit code 130, a result that says so, and a strategy that was stopped and is flat."""
    out = tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, *command(catalog, "Slow", "--out", out)],
        cwd=tmp_path, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert any("SLOW HAS BEGUN" in line for line in process.stdout)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=240)
    finally:
        process.kill()
        process.wait(240)
    assert process.returncode == 130, output
    assert "STOPPED BEFORE THE END" in output
    result = json.loads((out / "result.json").read_text(encoding="utf-8"))
    assert not result["is_whole"]
    assert result["open_positions"] == 0
    assert result["rows"] < 1200


def test_the_example_of_an_engine_of_ones_own_runs(tmp_path: Path) -> None:
    """docs/examples/backtest.py, over a catalog that has what its strategy requires."""
    import numpy as np

    from dolphin_strategies import FactorSchema
    from tests.support.catalogs.backtests.backtest_catalogs import write_factors

    catalog = make_catalog(tmp_path / "catalog", 400)
    ts = START_NS + STEP_NS * np.arange(400)
    values = np.column_stack([np.tile([0.9, -0.9], (200, 1)).T.ravel(), np.zeros(400)])
    schema = FactorSchema(["imbal_btc", "basis"])
    write_factors(catalog, "imbalance", ts, values, schema=schema)
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "examples" / "backtest.py"), str(catalog)],
        cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, timeout=TIMEOUT_S,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "total_orders=" in done.stdout or "BacktestResult" in done.stdout
