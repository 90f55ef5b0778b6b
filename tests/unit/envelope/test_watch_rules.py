"""The rules of a watch: what is warned of, when, and how often falsely."""

from __future__ import annotations

import copy
import math
import resource
import signal
from typing import TYPE_CHECKING

import numpy as np
import pytest

from adapters.process.safe_files import open_or_make
from adapters.session.envelope.watch_memory import MemoryHeldError, WatchMemory
from dolphin_strategies.envelope.envelope import envelope_from
from dolphin_strategies.envelope.rank_scores import RankScores
from dolphin_strategies.envelope.shift_detector import ShiftDetector
from dolphin_strategies.envelope.watch_rules import TradeResult, WatchRules
from dolphin_strategies.errors import ConfigError
from tests.support.envelope.envelopes import document, stream
from tests.support.lengths import counts

if TYPE_CHECKING:
    from pathlib import Path


def test_scores_of_the_same_law_are_standard_normal_whatever_the_law() -> None:
    """Cauchy's has no mean: ranks do not need one."""
    random = np.random.default_rng(3)
    scores = RankScores(random.standard_cauchy(500), "salt")
    found = np.array([scores.score(v) for v in random.standard_cauchy(4000)])
    assert abs(found.mean()) < 0.1
    assert abs(found.std() - 1) < 0.05


def test_the_same_values_have_the_same_scores_again() -> None:
    """Ties too, which are broken by the salt."""
    first, again, other = (RankScores([0.0] * 50, salt) for salt in ("a", "a", "b"))
    found = [[r.score(0.0) for _ in range(20)] for r in (first, again, other)]
    assert found[0] == found[1] != found[2]


def test_the_capital_is_the_sum_over_all_starts() -> None:
    """Against the definition, written out."""
    scores = np.random.default_rng(1).standard_normal(60)
    made = stream(range(100), score=-0.4)
    detector = ShiftDetector(made.shifts, 100, 1.0, 50)
    for score in scores:
        detector.take(float(score))
    faded = -0.4 * 100 / (100 + np.arange(60))
    expected = 0.5 * math.exp(np.sum(faded * scores - faded**2 / 2))
    for start in range(60):
        later = scores[start:]
        expected += 0.5 / 50 * math.exp(np.sum(-0.4 * later - 0.08))
    assert math.isclose(detector.log_value, math.log(expected), rel_tol=1e-9)


@counts("sessions", 100, long=2000)
def test_few_sessions_of_the_backtest_s_law_are_ever_warned_of(sessions: int) -> None:
    """Looked at after every trade; the budget is 5.5 %, and 3 standard errors are let pass."""
    envelope = envelope_from(document())
    warned = 0
    for i in range(sessions):
        rules = WatchRules(envelope)
        for value in 0.01 * np.random.default_rng(100 + i).standard_normal(400):
            rules.take_trade(TradeResult(result=float(value)))
        warned += bool(rules.warnings)
    budget = envelope.budget
    assert warned <= sessions * budget + 3 * math.sqrt(sessions * budget)


def test_a_strategy_that_loses_is_warned_of_once() -> None:
    """A standard deviation below the backtest's mean."""
    rules = WatchRules(envelope_from(document()))
    for value in np.random.default_rng(9).standard_normal(200):
        rules.take_trade(TradeResult(result=float(0.01 * (value - 1))))
    assert [w.kind for w in rules.warnings] == ["result"]


def test_a_drawdown_of_an_open_position_is_seen_between_trades() -> None:
    """The limit is 3 % of a trade's notional value."""
    rules = WatchRules(envelope_from(document(limit=0.03)))
    assert not rules.look(-0.029)
    assert [w.kind for w in rules.look(-0.031)] == ["drawdown"]
    assert not rules.look(-0.05)


@pytest.mark.parametrize("change", ["value", "version", "schema", "hash"])
def test_an_edited_or_foreign_document_is_refused(change: str) -> None:
    """With what differs."""
    found = copy.deepcopy(document())
    if change == "value":
        found["watch"]["drawdown_limit"] = 5.0
    elif change == "hash":
        found["sha256"] = "0" * 64
    else:
        found[change] = 0
    with pytest.raises(ValueError, match=r"expected|changed"):
        envelope_from(found)


def test_what_a_watch_saw_survives_a_kill_in_the_middle_of_a_line(tmp_path: Path) -> None:
    """Whole lines are there again, of one process at a time and of one envelope."""
    path = tmp_path / "memory"
    memory = WatchMemory(open_or_make(path), path, "a")
    memory.add("trade", 0.5, None, 0.0, 0.5)
    with pytest.raises(MemoryHeldError):
        WatchMemory(open_or_make(path), path, "a")
    memory.close()
    with path.open("ab") as file:
        file.write(b'["trade", 0.')
    again = WatchMemory(open_or_make(path), path, "a")
    assert again.earlier == [["trade", 0.5, None, 0.0, 0.5]]
    again.close()
    with pytest.raises(ConfigError):
        WatchMemory(open_or_make(path), path, "b")


def test_a_result_that_the_disk_takes_half_of_is_counted_and_spoils_no_other(
    tmp_path: Path,
) -> None:
    """A file that may not grow over a limit takes the first bytes of a line only."""
    path = tmp_path / "memory"
    memory = WatchMemory(open_or_make(path), path, "a")
    memory.add("count", 1.0)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 5, limits[1]))
        memory.add("count", 2.0)
        memory.add("count", 3.0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    memory.add("count", 4.0)
    assert memory.lost == 2
    memory.close()
    again = WatchMemory(open_or_make(path), path, "a")
    assert again.earlier == [["count", 1.0], ["count", 4.0]]
    again.close()
