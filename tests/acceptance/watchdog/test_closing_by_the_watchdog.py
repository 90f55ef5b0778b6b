"""The watchdog has a dead node's position closed, if it was asked for twice."""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from adapters.process.safe_files import open_or_make
from adapters.run_state.process_identity import ProcessIdentity
from adapters.run_state.run_state import OpenPosition, RunState
from adapters.run_state.state_file import StateWriter
from live.guarding import guard_command
from tests.support.exchange.local_exchange import local_exchange
from tests.support.guarding.guarded_nodes import watchdog
from tests.support.nodes.processes import child
from tests.support.orders.real_orders import KEYS, write_config

PERP: Final = "BTCUSDT-PERP.BINANCE"
LIVE: Final = '[node]\nvenue = "binance"\norders = "live"\n'


def hold_a_position(path: str, orders: str) -> None:
    """Write the state of a node with a position, four times a second, until killed."""
    state = RunState(
        process=ProcessIdentity.own(),
        strategy="Mine",
        strategy_id="Mine-000",
        trader_id="DOLPHIN-001",
        venue="binance",
        orders=orders,
        phase="running",
        positions=(OpenPosition(instrument=PERP, quantity="0.01", price="60000"),),
    )
    writer = StateWriter(open_or_make(Path(path)), Path(path))
    writer.write(state.encode())
    print("holding", flush=True)
    while True:
        time.sleep(0.25)
        writer.write(replace(state, at_ns=time.time_ns()).encode())


def guard(path: str, config: str) -> None:
    """Run the watchdog, with the keys of an account on this machine."""
    os.environ.update(KEYS)
    words = ["--node", path, "--until-end", "--close", config, "--live-orders"]
    sys.exit(guard_command.main(words))


def test_a_killed_node_with_real_orders_is_closed(tmp_path: Path) -> None:
    """Fault D02: from SIGKILL to a flat account, through a connection of its own."""
    path = tmp_path / "state"
    with local_exchange() as exchange, child(hold_a_position, path, "live") as node:
        exchange.account.begin_with({"BTCUSDT": "0.010"})
        config = write_config(tmp_path, exchange.url)
        assert node.line() == "holding"
        with child(guard, path, config) as watching:
            assert "is watched, running" in watching.line()
            node.signal(signal.SIGKILL)
            lines = [watching.line()]
            while "was closed" not in lines[-1]:
                lines.append(watching.line())
            assert watching.wait() == 3
        assert exchange.account.position() == 0
    assert any("is being closed through a connection of its own" in line for line in lines)


@pytest.mark.parametrize(
    ("text", "words", "reason"),
    [
        ("", ["--live-orders"], "--live-orders alone sends nothing"),
        (LIVE, [], "add --live-orders if you mean it"),
        (LIVE, ["--live-orders"], "BINANCE_API_KEY"),
        (LIVE.replace("live", "sandbox"), ["--live-orders"], "--live-orders alone sends nothing"),
        (LIVE.replace("live", "sandbox"), [], "expected a node with real orders"),
    ],
    ids=["no venue", "asked once", "no key", "sandbox", "sandbox, asked once"],
)
def test_real_orders_need_to_be_asked_for_twice(
    tmp_path: Path, text: str, words: list[str], reason: str
) -> None:
    """As for run_node.py; refused at the start of the watchdog, with exit code 2."""
    config = tmp_path / "node.toml"
    config.write_text(text)
    with watchdog("--node", tmp_path / "state", "--close", config, *words) as refused:
        assert refused.exit_code() == 2, refused.output
        assert reason in refused.output


def test_without_being_asked_the_watchdog_sends_nothing(tmp_path: Path) -> None:
    """Fault D02: it says what is open at the exchange, and how it would have been closed."""
    path = tmp_path / "state"
    with child(hold_a_position, path, "live") as node:
        assert node.line() == "holding"
        with watchdog("--node", path, "--until-end") as watching:
            watching.wait_for("is watched")
            node.kill()
            assert watching.exit_code() == 3, watching.output
    assert "nothing is closed, for want of --close CONFIG.toml --live-orders" in watching.output
    assert f"open at the exchange: position +0.01 {PERP}" in watching.output


def test_what_was_found_dead_is_not_closed(tmp_path: Path) -> None:
    """Fault D02: a state of yesterday is an alarm; somebody may have seen to it meanwhile."""
    path = tmp_path / "state"
    with child(hold_a_position, path, "live") as node:
        assert node.line() == "holding"
        node.kill()
    config = write_config(tmp_path, "http://127.0.0.1:9")
    with child(guard, path, config) as watching:
        assert watching.wait() == 3
    with StateWriter(open_or_make(path), path) as after:
        assert after.earlier is not None
        assert not RunState.decode(after.earlier.content).is_flat
