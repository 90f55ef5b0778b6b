"""Drills through a real engine, against decisions and prices that follow by hand."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from adapters.command.durations import Duration
from adapters.command.market_settings import MarketSettings
from backtests.run.drills.drill_file import read_drills, write_drills
from tests.support.catalogs.backtests.backtest_catalogs import START_NS, STEP_NS
from tests.support.catalogs.backtests.drill_catalogs import DrilledRun, drill, make_square_catalog
from tests.support.nodes.forkserver import run_forked

if TYPE_CHECKING:
    import subprocess

    from backtests.run.drills.drill import Drill

pytestmark = pytest.mark.timeout(300)

ROOT: Final = Path(__file__).resolve().parents[4]
SCRIPT: Final = ROOT / "backtests" / "run_backtest.py"
ALL = [1, *range(10, 300, 10)]
"""Without a drill: the first order follows the first quote, then one at each turn."""


def without(*steps: int) -> list[int]:
    """Return the steps of decisions without some of them."""
    return [step for step in ALL if step not in steps]


TURNS = without(100, 110, 120, 130, 140, 150)
"""Without those of steps 100 to 150, of which the last one meets the position of step 90."""


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the catalog, which no test changes."""
    return make_square_catalog(tmp_path_factory.mktemp("drills") / "catalog")


@pytest.mark.parametrize(
    ("one", "expected", "hits"),
    [
        # The turns at 100 to 140 are not seen; at 150 the position is still the right one.
        (drill("nan", 100, 150, factors=["momentum"]), TURNS, 50),
        (drill("lose_name", 100, 150, factors=["momentum"]), TURNS, 50),
        (drill("feed_stop", 100, 150), TURNS, 50),
        # What it holds is -1, from step 99; 1 comes at 160, when 150 is -1 again.
        (drill("freeze", 100, 150, factors=["momentum"]), TURNS, 50),
        # In the window each turn is the other way, so that there is none at its edges.
        (drill("jump", 100, 150, factors=["momentum"], times=-1.0), without(100, 150), 50),
        (drill("jump", 103, 104, factors=["momentum"], times=0.0, plus=-3.0),
         sorted([*ALL, 103, 104]), 1),
        # Each turn of the window comes five steps later; the one at its end on time.
        (drill("late", 100, 150, factors=["momentum"], delay=Duration.from_str("500ms")),
         [*ALL[:10], 105, 115, 125, 135, 145, *ALL[15:]], 50),
        # All arrive at the end: those of steps 118 and 119, at most a second old, say -1, and
        # that of step 120 says 1 again.
        (drill("late", 101, 128, delay=Duration.from_str("1h")),
         sorted([*without(110, 120), 128, 128]), 27),
        # Another factor's failure is none of the strategy's business.
        (drill("nan", 100, 150, factors=["noise"]), ALL, 50),
    ],
    ids=lambda value: value.label if hasattr(value, "label") else "",
)  # fmt: skip
def test_a_drill_of_factors_changes_the_decisions_of_its_window_and_no_others(
    catalog: Path, one: Drill, expected: list[int], hits: int
) -> None:
    """Decisions are those that follow from the factors as they are with the drill."""
    run = DrilledRun(catalog, [one])
    assert run.steps == expected
    assert run.hits == [hits]


def test_the_gates_act_as_live(catalog: Path) -> None:
    """NaN and a lost name are told at the first record, silence when the last is too old."""
    nan = DrilledRun(catalog, [drill("nan", 100, 150, factors=["momentum"])])
    lost = DrilledRun(catalog, [drill("lose_name", 100, 150, factors=["momentum"])])
    stopped = DrilledRun(catalog, [drill("feed_stop", 100, 150)])
    stale = [[at for at, what in run.told if what == "stale"] for run in (nan, lost, stopped)]
    assert [len(times) for times in stale] == [2, 2, 2], "the other one is after the last record"
    assert stale[0][0] == stale[1][0] == 100
    # The newest record is of step 99; a second later it is too old.
    assert stale[2][0] == pytest.approx(99 + 10, abs=1e-6)
    assert stale[2][0] > 109


@pytest.mark.parametrize(
    ("one", "price"),
    [
        # A buy at step 120 meets the ask of step 119 without a drill.
        (None, 119.1),
        (drill("market_gap", 100, 150), 99.1),
        (drill("market_freeze", 100, 150), 99.1),
        (drill("market_freeze", 100, 150, instruments=["BTCUSDT-PERP.BINANCE"]), 99.1),
        (drill("market_jump", 100, 150, plus=-50.0), 69.1),
        (drill("market_jump", 100, 150, times=0.5), 60_119.1 / 2 - 60_000),
    ],
    ids=lambda value: value.label if hasattr(value, "label") else "",
)
def test_a_drill_of_the_market_changes_what_orders_meet(
    catalog: Path, one: Drill | None, price: float
) -> None:
    """Decisions are made on factors, and stay; fills are at the market as the drill makes it."""
    run = DrilledRun(catalog, [] if one is None else [one])
    assert run.steps == ALL
    at = dict(zip(run.steps, run.prices, strict=False))
    assert at[120] == pytest.approx(price, abs=0.051)
    assert at[90] == pytest.approx(89, abs=0.11)
    assert at[160] == pytest.approx(159.1, abs=0.01)
    assert run.hits == ([] if one is None else [50])


def test_a_frozen_market_has_new_stamps_and_a_gap_has_none(catalog: Path) -> None:
    """That is the difference which a check of the price's age can see."""
    frozen = DrilledRun(catalog, [drill("market_freeze", 100, 150)])
    gap = DrilledRun(catalog, [drill("market_gap", 100, 150)])
    quotes = [[at for at, what in run.told if what == "quote"] for run in (frozen, gap)]
    assert quotes[0] == list(range(300))
    assert quotes[1] == [*range(100), *range(150, 300)]


def test_the_gate_of_prices_sees_a_gap_and_not_a_freeze(catalog: Path) -> None:
    """At most a second old: from 1.1 s after the last price orders are refused, until the next."""
    market = MarketSettings(max_price_age="1s")
    gap = DrilledRun(catalog, [drill("market_gap", 100, 150)], market=market)
    # The order of step 100 meets the price of step 99. From 110 on each record that wants another
    # position tries again; that of step 150 comes before the price of its instant.
    assert gap.refused == [*range(110, 120), *range(130, 140), 150]
    assert gap.steps == sorted([*without(110, 120, 130, 140, 150), *gap.refused, 151])
    frozen = DrilledRun(catalog, [drill("market_freeze", 100, 150)], market=market)
    assert frozen.refused == []
    assert frozen.steps == ALL


def test_the_gate_lets_orders_wait_for_the_end_of_a_gap(catalog: Path) -> None:
    """The price that they get is the first one after it, never the one from before."""
    market = MarketSettings(max_price_age="1s", stale_price="wait")
    run = DrilledRun(catalog, [drill("market_gap", 105, 145)], market=market)
    # At 110 the price of step 104 is young enough; the next order waits from 120 on.
    turn = run.prices.index(104.0)
    assert run.prices[turn + 1] == pytest.approx(145.1)
    assert not any(105 < price < 145 for price in run.prices)


def test_drills_of_different_things_may_overlap(catalog: Path) -> None:
    """A market that stops while a factor is frozen and another has no value."""
    drills = [
        drill("market_gap", 100, 150),
        drill("freeze", 120, 140, factors=["momentum"]),
        drill("lose_name", 130, 145, factors=["noise"]),
        drill("late", 100, 150, factors=["mid"], delay=Duration.from_str("350ms")),
    ]
    run = DrilledRun(catalog, drills)
    # From 120 on it holds the -1 of step 119; the 1 of step 140 is the next turn.
    assert run.steps == without(120, 130)
    # A late value arrives between two steps, so that there are twice as many records.
    assert run.hits == [50, 20, 30, 50]


def test_chunks_of_any_size_give_the_same(catalog: Path) -> None:
    """Streaming changes nothing."""
    drills = [
        drill("late", 50, 90, factors=["momentum"], delay=Duration.from_str("450ms")),
        drill("freeze", 100, 150, factors=["momentum"]),
        drill("market_freeze", 120, 160),
        drill("market_jump", 200, 220, times=1.01),
    ]
    runs = [DrilledRun(catalog, drills, rows) for rows in (1_000_000, 17, 1)]
    for run in runs[1:]:
        assert run.decisions == runs[0].decisions
        assert run.prices == runs[0].prices
        assert run.hits == runs[0].hits


def test_the_command_writes_what_the_drills_changed(catalog: Path, tmp_path: Path) -> None:
    """Both runs on the terminal, in result.json and in the report, which shades each window."""
    path, out = tmp_path / "my_drills.toml", tmp_path / "out"
    drills = [drill("nan", 100, 150, factors=["momentum"]), drill("market_gap", 200, 220)]
    write_drills(path, drills)
    done = run(catalog, "--drill", path, "--out", out, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    result = json.loads((out / "result.json").read_text(encoding="utf-8"))
    found = result["drills"]
    assert found["without"]["decisions"] == len(ALL)
    assert found["drilled"]["decisions"] == result["decisions"] == len(TURNS)
    nan, gap = found["drills"]
    assert (nan["label"], nan["hits"], gap["hits"]) == ("nan momentum", 50, 20)
    assert (nan["without"]["decisions"], nan["drilled"]["decisions"]) == (5, 0)
    # Short 0.01 all the time, while the price rises by 50; equity is known each ten steps.
    assert nan["drilled"]["pnl"]["USDT"] == pytest.approx(-0.01 * 50, abs=0.011)
    assert nan["without"]["position_after"] == {"BTCUSDT-PERP.BINANCE": 0.01}
    assert nan["drilled"]["position_after"] == {"BTCUSDT-PERP.BINANCE": -0.01}
    assert [order["side"] for order in gap["drilled"]["sent"]] == ["BUY", "SELL"]
    assert gap["drilled"]["sent"][1]["price"] == pytest.approx(60_199.0, abs=0.11)
    assert "5 -> 0" in done.stdout
    page = (out / "report.html").read_text(encoding="utf-8")
    # Price, factor and position for the factor's drill, price and position for the market's.
    assert page.count('"fillcolor":"#fdae61"') == 3
    assert page.count('"fillcolor":"#abd9e9"') == 2
    assert "position without drills" in page
    assert "Orders in the drills" in page
    assert read_drills(out / "drills.toml") == drills
    assert {stat.S_IMODE(file.stat().st_mode) for file in out.iterdir()} == {0o600}


@pytest.mark.long
def test_random_drills_can_be_run_again_from_their_file(catalog: Path, tmp_path: Path) -> None:
    """The written file gives the same result."""
    results = []
    for number, which in enumerate(["random", "0/drills.toml"]):
        words = ("--drill", which, "--seed", 5, "--out", str(number))
        done = run(catalog, *words, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        text = (tmp_path / str(number) / "result.json").read_text(encoding="utf-8")
        results.append(json.loads(text)["drills"])
    assert results[0] == results[1]
    assert len(results[0]["drills"]) == 9
    assert any("lost its name" in remark for remark in results[0]["remarks"])


def test_a_drill_that_hits_nothing_is_said(catalog: Path, tmp_path: Path) -> None:
    """A window between two records changes nothing, and does not look like a result."""
    start = START_NS + 10 * STEP_NS + 1
    text = f'[[drill]]\nkind = "feed_stop"\nstart = "{start}"\nduration = "1ms"\n'
    (tmp_path / "drills.toml").write_text(text, encoding="utf-8")
    done = run(catalog, "--drill", "drills.toml", "--out", tmp_path / "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "feed_stop hit nothing" in done.stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--drill", "absent.toml"), "absent.toml: No such file"),
        (("--drill", "random", "--factor-delay", "0,1s"), "at most one --factor-delay"),
        (("--drill", "random", "--prove-no-lookahead"), "expected one of them"),
        (("--drill", "bad.toml"), "no factor 'momentun'; did you mean 'momentum'?"),
    ],
)
def test_what_cannot_be_drilled_is_exit_code_2(
    catalog: Path, tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    """Before anything runs, with one sentence."""
    write_drills(tmp_path / "bad.toml", [drill("nan", 1, 2, factors=["momentun"])])
    done = run(catalog, *words, cwd=tmp_path)
    assert done.returncode == 2, done.stdout
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_drills_are_of_factors_as_a_delay_leaves_them(catalog: Path, tmp_path: Path) -> None:
    """A window is the strategy's time: what arrives in it."""
    write_drills(tmp_path / "d.toml", [drill("nan", 100, 150, factors=["momentum"])])
    words = ("--drill", "d.toml", "--factor-delay", "200ms", "--out", "out")
    done = run(catalog, *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))["drills"]
    # Turns arrive at 102, 112, ...; five of them in the window.
    assert found["drills"][0]["without"]["decisions"] == 5
    assert found["drills"][0]["drilled"]["decisions"] == 0


def run(catalog: Path, *words: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a backtest of the Follower to its end."""
    strategy = "tests.support.strategies.backtest_strategies:Follower"
    command = [str(SCRIPT), "--catalog", str(catalog), "--strategy", strategy, *map(str, words)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return run_forked(*command, cwd=cwd, env=environment, timeout_s=280.0)
