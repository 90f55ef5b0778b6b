"""Files of drills: what they may say, and what is refused with a sentence."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from adapters.command.instants import Instant
from backtests.inputs.backtest_settings import BacktestSettings
from backtests.inputs.catalog_search import find_data
from backtests.run.drills.drill import KINDS
from backtests.run.drills.drill_file import check_drills, read_drills, write_drills
from backtests.run.drills.effects.outcome import DrillOutcome, DrillResult, RunTotals
from backtests.run.drills.effects.window_figures import WindowFigures
from backtests.run.drills.random_drills import random_drills
from dolphin_strategies import ConfigError
from tests.support.catalogs.backtests.backtest_catalogs import START_NS, STEP_NS, make_catalog
from tests.support.catalogs.backtests.drill_catalogs import drill
from tests.support.strategies.backtest_strategies import Follower, FollowerConfig

if TYPE_CHECKING:
    from pathlib import Path

    from backtests.inputs.backtest_data import BacktestData
    from backtests.run.drills.drill import Drill

WINDOW = 'start = "2026-05-01"\nduration = "1h"\n'


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> BacktestData:
    """Find the data of a catalog of a minute."""
    catalog = make_catalog(tmp_path_factory.mktemp("drills") / "catalog")
    return find_data(catalog, BacktestSettings(), Follower(FollowerConfig()))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", r"drill is missing; expected 1 to 100 tables \[\[drill\]\]"),
        ("drill = []", "expected 1 to 100 tables"),
        (f'[[drill]]\nkind = "nan"\n{WINDOW}' * 101, "expected 1 to 100 tables"),
        ("[[drils]]\n", "unknown key 'drils'; did you mean 'drill'"),
        (f'[[drill]]\nkind = "nam"\n{WINDOW}', r"kind: expected 'nan' or 'freeze' or"),
        (f'[[drill]]\nkind = "nan"\n{WINDOW}factor = ["a"]', "did you mean 'factors'"),
        (f'[[drill]]\nkind = "nan"\n{WINDOW}factors = []', "factors: expected at least one name"),
        ('[[drill]]\nkind = "nan"\nstart = "2026-05-01"', "expected either end or duration"),
        (f'[[drill]]\nkind = "nan"\n{WINDOW}end = "2026-05-02"', "expected either end or dur"),
        ('[[drill]]\nkind = "nan"\nstart = "2026-05-02"\nend = "2026-05-01"', "after start"),
        ('[[drill]]\nkind = "nan"\nstart = "2026-05-02"\nduration = "0"', "after start"),
        (f'[[drill]]\nkind = "late"\n{WINDOW}', "expected delay"),
        (f'[[drill]]\nkind = "late"\ndelay = "0"\n{WINDOW}', "expected delay"),
        (f'[[drill]]\nkind = "jump"\n{WINDOW}', "expected times or plus"),
        (f'[[drill]]\nkind = "jump"\ntimes = nan\n{WINDOW}', "times: expected a finite number"),
        (f'[[drill]]\nkind = "lose_name"\n{WINDOW}', "expected factors"),
        (f'[[drill]]\nkind = "feed_stop"\nfactors = ["a"]\n{WINDOW}', "factors: does not belong"),
        (f'[[drill]]\nkind = "nan"\ndelay = "1s"\n{WINDOW}', "delay: does not belong"),
        (f'[[drill]]\nkind = "market_gap"\nfactors = ["a"]\n{WINDOW}', "does not belong"),
        (f'[[drill]]\nkind = "market_jump"\ntimes = 0\n{WINDOW}', "more than 0 for prices"),
        (f'[[drill]]\nkind = "market_jump"\ntimes = -1\n{WINDOW}', "more than 0 for prices"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    """With what was expected, and the nearest name."""
    path = tmp_path / "drills.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=sentence):
        read_drills(path)


@pytest.mark.parametrize(
    ("drills", "sentence"),
    [
        ([drill("nan", 10, 20, factors=["momentun"])], "did you mean 'momentum'"),
        ([drill("market_gap", 10, 20, instruments=["BTCUSDT.BINANCE"])],
         "did you mean 'BTCUSDT-PERP.BINANCE'"),
        ([drill("nan", -10, 20)], "is not inside the run's"),
        ([drill("nan", 10, 10_000)], "is not inside the run's"),
        ([drill("lose_name", 10, 20, factors=["momentum", "noise", "mid"])], "is a feed_stop"),
        ([drill("nan", 10, 20, factors=["mid"]), drill("freeze", 19, 30, factors=["mid"])],
         r"drills 1 \(nan mid\) and 2 \(freeze mid\) overlap: mid"),
        ([drill("nan", 10, 20, factors=["mid"]), drill("feed_stop", 5, 15)], "overlap: mid"),
        ([drill("market_gap", 10, 20), drill("market_freeze", 10, 12)], "overlap: BTCUSDT-PERP"),
    ],
    ids=range(8),
)  # fmt: skip
def test_drills_that_do_not_fit_are_refused(
    data: BacktestData, drills: list[Drill], sentence: str
) -> None:
    """An unknown name, a window outside of the run, two failures of one thing at a time."""
    with pytest.raises(ConfigError, match=sentence):
        check_drills(drills, data)


def test_drills_that_touch_or_are_of_different_things_fit(data: BacktestData) -> None:
    """Windows are half-open."""
    drills = [
        drill("nan", 10, 20, factors=["mid"]),
        drill("freeze", 20, 30, factors=["mid"]),
        drill("jump", 10, 30, factors=["noise"], times=2.0),
        drill("market_gap", 10, 30),
        drill("nan", 0, 5),
    ]
    check_drills(drills, data)


@pytest.mark.parametrize("seed", range(10))
def test_random_drills_are_one_of_each_kind_and_fit(
    data: BacktestData, tmp_path: Path, seed: int
) -> None:
    """They are inside the window, the same for one seed, and written so that they can be read."""
    drills = random_drills(data, ["momentum"], seed)
    assert sorted(d.kind for d in drills) == sorted(KINDS)
    check_drills(drills, data)
    assert all(a.end_ns <= b.start for a, b in pairwise(drills))
    assert {name for d in drills for name in d.factors or ()} == {"momentum"}
    assert random_drills(data, ["momentum"], seed) == drills
    assert random_drills(data, ["momentum"], seed + 1) != drills
    write_drills(tmp_path / "drills.toml", drills)
    assert read_drills(tmp_path / "drills.toml") == drills


def test_a_written_window_is_exact_to_the_nanosecond(tmp_path: Path) -> None:
    """Whatever the instants."""
    start = START_NS + 3 * STEP_NS + 1
    one = drill("jump", 3, 9, factors=["mid"], times=1.5, plus=-1e-9)
    one = type(one)(
        kind=one.kind, start=Instant(start), end=one.end, factors=one.factors,
        times=one.times, plus=one.plus,
    )  # fmt: skip
    write_drills(tmp_path / "drills.toml", [one])
    assert read_drills(tmp_path / "drills.toml") == [one]


def test_a_drill_without_effect_is_named_unless_the_run_was_stopped() -> None:
    """A window that was never reached is not one in which nothing came."""
    assert "1 nan mid hit nothing" in remark_of(is_whole=True)
    assert "stopped before its end" in remark_of(is_whole=False)


def remark_of(*, is_whole: bool) -> str:
    """Return the only remark on a run whose drill hit nothing."""
    none = {"orders": 0, "refused": 0, "fills": 0, "decisions": 0}
    empty: dict[str, float] = {}
    figures = WindowFigures(
        pnl=empty, position_before=empty, position_after=empty, sent=[], **none
    )
    run = RunTotals(
        pnl=empty, funding=empty, fees=empty, open_positions=0, is_whole=is_whole, **none
    )
    one = DrillResult(
        drill=drill("nan", 1, 2, factors=["mid"]), hits=0, without=figures, drilled=figures
    )
    outcome = DrillOutcome(without=run, drilled=run, results=[one], positions={})
    (remark,) = outcome.remarks()
    return remark
