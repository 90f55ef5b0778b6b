"""advise.py as it is typed: its files, its output, and what it refuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from backtests.advise import main
from tests.research.advising.trades import WEDNESDAY, made_trades, write_run

if TYPE_CHECKING:
    from pathlib import Path


def test_the_command_says_writes_and_shows_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The lines of the filter are TOML of a strategy; the page needs no network."""
    import tomllib

    run = write_run(tmp_path / "run", made_trades(400, planted_bps=-40.0))
    assert main([str(run), "--draws", "300"]) == 0
    said = capsys.readouterr().out
    document = json.loads((run / "advice.json").read_text())
    assert document["stay_out"] == [WEDNESDAY]
    assert document["trades"] == 400
    lines = said[said.index("[strategy]") : said.index("]\n\n") + 2]
    assert tomllib.loads(lines) == {"strategy": {"stay_out": [WEDNESDAY]}}
    page = (run / "advice.html").read_text()
    assert document["verdict"] in said
    assert document["verdict"] in page
    assert "src=" not in page.replace("data:", "").partition("<body>")[2]


def test_two_runs_are_one_set_of_trades(tmp_path: Path) -> None:
    """Parts of a year, each in a folder of its own."""
    runs = [
        str(write_run(tmp_path / f"run{i}", made_trades(150, seed=i, planted_bps=-60.0)))
        for i in (1, 2)
    ]
    assert main([*runs, "--draws", "200", "--out", str(tmp_path / "a.json")]) == 0
    assert json.loads((tmp_path / "a.json").read_text())["trades"] == 300


def test_a_run_without_trades_is_no_evidence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A verdict, and no failure."""
    run = write_run(tmp_path / "run", made_trades(0))
    assert main([str(run)]) == 0
    assert "no evidence" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["nowhere"], "expected a run's folder"),
        (["run", "run"], "expected each run once"),
        (["run", "--level", "0"], "--level: expected"),
        (["run", "--draws", "5"], "--draws: expected"),
        (["run", "--draws", "100", "--level", "0.001"], "--draws: expected at least 1,000"),
        (["run", "--seed", "-1"], "--seed: expected"),
        (["bad"], "not what run_backtest.py writes"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    words: list[str], expected: str,
) -> None:  # fmt: skip
    """With exit code 2, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    write_run(tmp_path / "run", made_trades(20))
    bad = write_run(tmp_path / "bad", made_trades(20))
    (bad / "trades.csv").write_text("a,b\n1,2\n")
    assert main(words) == 2
    said = capsys.readouterr()
    assert expected in said.err
    assert said.out == ""
    assert not list(tmp_path.rglob("advice.*"))
