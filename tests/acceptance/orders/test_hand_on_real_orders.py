"""The switch and the watchdog over a node with real orders, at an account on this machine."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest

from tests.support.eventually import eventually
from tests.support.exchange.local_exchange import local_exchange
from tests.support.guarding.guarded_nodes import WATCHDOG
from tests.support.nodes.forkserver import run_forked
from tests.support.nodes.node_process import ROOT, node
from tests.support.orders.real_orders import KEYS, node_at, tell
from tests.support.orders.told_by_quotes import BUY, HANG, REST

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.exchange.local_exchange import LocalExchange
    from tests.support.nodes.node_process import NodeProcess

CLOSED_S = 120.0


@pytest.fixture
def exchange() -> Iterator[LocalExchange]:
    """Serve an exchange for one test."""
    with local_exchange() as running:
        yield running


def switch(process: NodeProcess, *words: object) -> subprocess.CompletedProcess[str]:
    """Run switch.py for a node."""
    script = ROOT / "live" / "switch.py"
    return run_forked(script, *words, "--node", process.pid, is_merged=True)


def open_something(exchange: LocalExchange, process: NodeProcess) -> None:
    """Hold a position, and rest an order."""
    tell(exchange)
    tell(exchange, BUY)
    process.wait_for("HOLDS 0.01")
    tell(exchange, REST)
    exchange.account.wait(lambda found: len(found["orders"]) == 1, "the resting order")


@pytest.mark.long
def test_halt_cancels_the_entry_and_leaves_the_position(
    exchange: LocalExchange, tmp_path: Path
) -> None:
    """No order is sent after it; resume lets the next one through."""
    with node_at(exchange, tmp_path) as process:
        open_something(exchange, process)
        assert switch(process, "halt").returncode == 0
        exchange.account.wait(lambda found: not found["orders"], "the cancel")
        sent = exchange.account.sent()
        tell(exchange, BUY)
        process.wait_for("OrderDenied")
        assert (exchange.account.sent(), exchange.account.position()) == (sent, 0.01)
        assert switch(process, "resume").returncode == 0
        tell(exchange, BUY)
        process.wait_for("HOLDS 0.02")
        process.signal(signal.SIGTERM)
        assert process.exit_code() == 0, process.output
    assert exchange.account.position() == 0


@pytest.mark.long
def test_a_flat_that_a_kill_cuts_short_goes_on_in_the_next_run(
    exchange: LocalExchange, tmp_path: Path
) -> None:
    """The exchange refuses the closing orders, the node is killed, and its next run closes."""
    with node_at(exchange, tmp_path) as process:
        open_something(exchange, process)
        exchange.account.fail("order.place", "error", code=-1008, text="Overloaded", status=503)
        done = switch(process, "flat", "--wait", 2)
        assert done.returncode == 3, done.stdout
        assert "STILL OPEN after 2 s" in done.stdout
        process.signal(signal.SIGKILL)
        process.exit_code()
    exchange.account.heal()
    with node_at(exchange, tmp_path) as again:
        again.wait_for("HALTED: flat by ")
        tell(exchange)
        eventually(lambda: exchange.account.position() == 0, "a flat account", CLOSED_S)
        eventually(lambda: not exchange.account.names(), "no order", CLOSED_S)
        again.wait_for("flat: nothing is open")
        again.signal(signal.SIGTERM)
        assert again.exit_code() == 0, again.output
    rows = (tmp_path / "node.toml.journal").read_text().splitlines()
    events = [json.loads(row)["event"] for row in rows if row]
    assert events == ["start", "change", "start", "flat reached", "end"]


@pytest.mark.long
@pytest.mark.parametrize("how", ["killed", "hangs"])
def test_what_a_dead_node_leaves_is_closed_by_the_watchdog(
    exchange: LocalExchange, tmp_path: Path, how: str
) -> None:
    """From SIGKILL, or from a command that a hanging node does not hear, to a flat account."""
    state = tmp_path / "state"
    with node_at(exchange, tmp_path, "--state", state) as process:
        open_something(exchange, process)
        words = ("--node", state, "--until-end", "--close", tmp_path / "node.toml")
        with node(*words, "--live-orders", script=WATCHDOG, more=KEYS) as watching:
            watching.wait_for("is watched", CLOSED_S)
            if how == "killed":
                process.signal(signal.SIGKILL)
            else:
                tell(exchange, HANG)
                done = switch(process, "flat")
                assert done.returncode == 1, done.stdout
                watching.wait_for("has not acknowledged 'flat'")
            watching.wait_for("was closed", CLOSED_S)
            assert watching.exit_code() == 3
    assert exchange.account.position() == 0
    assert exchange.account.names() == []
