"""A live session is recorded and its replay in a backtest is the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.catalogs.sessions import STRATEGIES, Compared, lines_of, record

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.long
def test_a_strategy_that_decides_from_data_alone_replays_exactly(tmp_path: Path) -> None:
    """Every input and every decision, to the end, though its fills come at other inputs."""
    output = record(tmp_path / "s", f"{STRATEGIES}:DataOnly", factors=1600)
    assert " 0 lost + 0 dropped = " in output
    compared = Compared(tmp_path / "s")
    assert compared.exit_code == 0, compared.output
    calls = [line for line in lines_of(tmp_path / "s") if "call" in line]
    assert len(calls) >= 20
    assert {c["call"] for c in calls} >= {"submit_order", "cancel_order"}
    assert compared.line("decisions").startswith(f"{len(calls)} of {len(calls)} identical")
    inputs = compared.line("inputs").split()
    assert inputs[0] == inputs[2]
    assert int(inputs[0].replace(",", "")) > 1000


@pytest.mark.long
@pytest.mark.parametrize(
    "strategy", ["imbalance_taker:ImbalanceTaker", "fair_price_maker:FairPriceMaker"]
)
def test_the_examples_replay_up_to_the_first_execution_at_another_input(
    strategy: str, tmp_path: Path
) -> None:
    """They look at orders and positions; what parts first is named."""
    record(tmp_path / "s", f"dolphin_strategies.examples.{strategy}", factors=1000)
    compared = Compared(tmp_path / "s")
    assert compared.exit_code == 0, compared.output
    assert compared.line("inputs")
    decisions, executions = compared.line("decisions"), compared.line("executions")
    if " identical, each at" not in decisions:
        assert "up to the executions" in decisions
        assert "after input" in executions


@pytest.mark.long
def test_alerts_that_are_late_live_are_the_same_decisions(tmp_path: Path) -> None:
    """Its records turn stale when their producer is killed: told by the clock, in both runs."""
    record(tmp_path / "s", f"{STRATEGIES}:GoesStale", "--seconds", 6)
    compared = Compared(tmp_path / "s")
    assert compared.exit_code == 0, compared.output
    cancelled = [n for n in lines_of(tmp_path / "s") if n.get("call") == "cancel_all_orders"]
    assert {n["cause"] for n in cancelled} == {"clock"}
    assert " identical, each at" in compared.line("decisions")


def test_an_exception_of_the_strategy_is_found_again(tmp_path: Path) -> None:
    """It ends the node, and the replay raises it at the same input."""
    record(tmp_path / "s", f"{STRATEGIES}:RaisesAtRecord", "--seconds", 30, exit_code=1)
    compared = Compared(tmp_path / "s")
    assert compared.exit_code == 0, compared.output
    assert "RuntimeError: planted at a record" in compared.line("exceptions")


def test_what_a_session_does_not_hold_is_told(tmp_path: Path) -> None:
    """A strategy that subscribes to signals is warned of in the report."""
    record(tmp_path / "s", f"{STRATEGIES}:UsesSignals", factors=200)
    compared = Compared(tmp_path / "s")
    assert compared.exit_code == 0, compared.output
    assert "subscribe_signal" in compared.output


@pytest.mark.long
def test_a_history_is_replayed_too(tmp_path: Path) -> None:
    """A strategy that warms up from an earlier session's catalog begins the replay as it did."""
    record(tmp_path / "first", f"{STRATEGIES}:DataOnly", factors=200)
    catalog = ("--catalog", tmp_path / "first")
    record(tmp_path / "s", f"{STRATEGIES}:WarmedUp", *catalog, factors=300)
    compared = Compared(tmp_path / "s")
    assert compared.exit_code == 0, compared.output
    assert " history, " in compared.line("inputs")
