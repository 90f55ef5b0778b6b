"""The limits of a node, live on the simulated market: run_node.py as a user starts it."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING

import pytest

from tests.support.lengths import long
from tests.support.nodes.forkserver import run_forked
from tests.support.nodes.node_process import ROOT, node

if TYPE_CHECKING:
    from pathlib import Path

PERP = "BTCUSDT-PERP.BINANCE"


@pytest.mark.parametrize(
    ("limit", "word"),
    [
        (f'max_position = {{ "{PERP}" = "0.010" }}', "MAX_POSITION"),
        long("max_order_notional = 100", "MAX_ORDER_NOTIONAL"),
        long("max_notional = 900", "MAX_NOTIONAL"),
        long("max_orders_per_s = 1", "MAX_ORDER_RATE"),
        long('max_factor_age = "1us"', "FACTOR_AGE"),
        long('instruments = ["ETHUSDT-PERP.BINANCE"]', "INSTRUMENT"),
    ],
)
def test_an_order_over_a_limit_is_refused_and_counted(
    tmp_path: Path, limit: str, word: str
) -> None:
    """The demo's strategy goes on, the summary says how many, and the node ends flat."""
    config = tmp_path / "node.toml"
    config.write_text(f"[risk]\n{limit}\n[strategy]\nmax_orders_per_second = 100\n")
    with node("--config", config) as process:
        process.wait_for(f"{word}: ", 60)
        process.signal(signal.SIGTERM)
        assert process.exit_code() == 0, process.output
    assert re.search(rf"risk      refused [\d,]+ {word}", process.output), process.output


@pytest.mark.parametrize("on_loss", [long("flat"), long("halt"), long("reduce")])
def test_a_loss_over_the_limit_of_a_day_acts(tmp_path: Path, on_loss: str) -> None:
    """With fees that eat every gain; the node halts or reduces by itself, and says why."""
    config, journal = tmp_path / "node.toml", tmp_path / "journal"
    config.write_text(
        f'[risk]\nmax_daily_loss = 1\non_loss = "{on_loss}"\njournal = "{journal}"\n'
        '[sandbox]\ntaker_fee = "0.01"\nmaker_fee = "0.01"\n'
    )
    with node("--config", config) as process:
        process.wait_for(f": {on_loss} by the node: max_daily_loss: ")
        process.signal(signal.SIGTERM)
        assert process.exit_code() == 0, process.output
    assert f'"command":"{on_loss}"' in journal.read_text()
    with node("--config", config) as again:
        again.wait_for(f"{on_loss} by the node: max_daily_loss: ")
        again.signal(signal.SIGTERM)
        assert again.exit_code() == 0, again.output


@pytest.mark.long
def test_a_session_with_refused_orders_replays_with_the_same_decisions(tmp_path: Path) -> None:
    """Its replay has the same limits, and refuses the same orders."""
    config, session = tmp_path / "node.toml", tmp_path / "session"
    config.write_text(f'[risk]\nmax_position = {{ "{PERP}" = "0.010" }}\n')
    with node("--config", config, "--record", session, "--seconds", 12) as process:
        assert process.exit_code() == 0, process.output
    assert "MAX_POSITION" in process.output
    done = run_forked(ROOT / "backtests" / "check_parity.py", session, is_merged=True)
    assert done.returncode == 0, done.stdout
