"""What a dead node with real orders left open, closed at an account that speaks as Binance does.

The account is a server on this machine; the clients, the reading back of the account and the
orders are Nautilus's own.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from adapters.process.safe_files import open_or_make
from adapters.run_state.process_identity import ProcessIdentity
from adapters.run_state.run_state import OpenOrder, OpenPosition, RunState
from adapters.run_state.state_file import StateWriter
from live.guarding.closing import closing_command
from live.node.order_right import OrderRight
from tests.support.eventually import eventually
from tests.support.exchange.local_exchange import LocalExchange, local_exchange
from tests.support.guarding import account_node
from tests.support.lengths import long
from tests.support.nodes.processes import child
from tests.support.orders.real_orders import KEYS, write_config

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.nodes.processes import Child

PERP: Final = "BTCUSDT-PERP.BINANCE"
OURS: Final = "O-20261128-211622-001-000-2"
NOT_LISTED: Final = "O-20261128-211623-001-000-3"
OTHERS: Final = "O-20261128-211622-002-000-2"
LIMIT: Final = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "origQty": "0.010",
                "price": "30000"}  # fmt: skip
STATE: Final = RunState(
    process=ProcessIdentity(1, 1, "boot"),
    strategy="Mine",
    strategy_id="Mine-000",
    trader_id="DOLPHIN-001",
    venue="binance",
    orders="live",
    phase="running",
    positions=(OpenPosition(instrument=PERP, quantity="0.01", price="60000"),),
    open_orders=(
        OpenOrder(id=OURS, instrument=PERP, side="BUY", kind="LIMIT", left="0.01", price="30000"),
    ),
)


@contextmanager
def account(
    positions: dict[str, str], orders: list[dict[str, str]], failing: str = ""
) -> Iterator[LocalExchange]:
    """Serve an account that holds something, of which perhaps a request fails."""
    with local_exchange() as exchange:
        exchange.account.begin_with(positions, orders)
        if failing:
            exchange.account.fail(f"GET {failing}", "error", code=-1001, text="down", status=500)
        yield exchange


def run_closing(path: str, config: str) -> None:
    """Do what the watchdog's child does; print the exit code last."""
    os.environ.update(KEYS)
    code = closing_command.main([config, "--live-orders", "--state", path])
    sys.stdout.flush()
    os.write(1, f"code {code}\n".encode())
    os._exit(code)


def write_state(path: Path, state: RunState) -> None:
    """Leave a state as a killed node does."""
    with StateWriter(open_or_make(path), path) as writer:
        writer.write(state.encode())


def closed(path: Path, url: str) -> tuple[int, str]:
    """Run a closing and return its exit code and what it printed."""
    lines: list[str] = []
    config = write_config(path.parent, url)
    with child(run_closing, path, config) as closing:
        while not lines or not lines[-1].startswith("code "):
            lines.append(closing.line())
        return closing.wait(), "\n".join(lines)


@pytest.mark.parametrize("held", ["0.010", long("-0.010")])
def test_what_is_open_is_closed_and_what_is_anothers_is_left(tmp_path: Path, held: str) -> None:
    """Fault D02: orders of the dead node are cancelled, also one that its state does not list;
    its position is closed; an order of another trader stays.
    """
    path = tmp_path / "state"
    position = OpenPosition(instrument=PERP, quantity=held, price="60000")
    write_state(path, replace(STATE, positions=(position,)))
    orders = [LIMIT | {"clientOrderId": name} for name in (OURS, NOT_LISTED, OTHERS)]
    with account({"BTCUSDT": held}, orders) as exchange:
        code, printed = closed(path, exchange.url)
        assert code == 0, printed
        assert exchange.account.position() == 0
        assert exchange.account.names() == [OTHERS]
    with StateWriter(open_or_make(path), path) as after:
        assert after.earlier is not None
        assert RunState.decode(after.earlier.content).is_flat


@pytest.mark.parametrize(
    ("held", "left"),
    [("0.030", "0.010"), long("0.015", "0.000"), ("-0.010", "-0.010"), long("0.000", "0.000")],
)
def test_no_more_is_closed_than_the_state_explains(tmp_path: Path, held: str, left: str) -> None:
    """Fault D02: the node had 0.01 and an order to buy 0.01 more, so at most 0.02 is its own."""
    path = tmp_path / "state"
    write_state(path, STATE)
    with account({"BTCUSDT": held}, []) as exchange:
        code, printed = closed(path, exchange.url)
        assert code == 0, printed
        assert exchange.account.position() == float(left)
    assert ("it is not the node's" in printed) == (float(left) != 0)


@pytest.mark.parametrize("path_down", ["/fapi/v2/positionRisk", long("/fapi/v1/openOrders")])
def test_an_account_that_cannot_be_read_gets_no_order(tmp_path: Path, path_down: str) -> None:
    """Fault D02: no order before the account is known; exit code 3, and the state stays."""
    path = tmp_path / "state"
    write_state(path, STATE)
    order = LIMIT | {"clientOrderId": OURS}
    with account({"BTCUSDT": "0.010"}, [order], path_down) as exchange:
        code, printed = closed(path, exchange.url)
        assert code == 3, printed
        assert exchange.account.position() == 0.01
        assert exchange.account.names() == [OURS]
        assert not exchange.account.sent()
        assert "order.cancel" not in exchange.account.report()["asked"]


def test_a_node_that_runs_again_keeps_what_is_open(tmp_path: Path) -> None:
    """Fault D02: whoever holds the state is the node; nothing is asked of the account."""
    path = tmp_path / "state"
    write_state(path, STATE)
    with (
        StateWriter(open_or_make(path), path),
        account({"BTCUSDT": "0.010"}, []) as exchange,
    ):
        code, printed = closed(path, exchange.url)
        assert code == 0
        assert "has taken the node's place" in printed
        assert exchange.account.report()["asked"] == []


def test_who_has_the_right_to_real_orders_keeps_what_is_open(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Another node than the dead one: it is named, and nothing is asked of the account."""
    path = tmp_path / "state"
    write_state(path, STATE)
    with account({"BTCUSDT": "0.010"}, []) as exchange:
        with OrderRight("BINANCE", KEYS["BINANCE_API_KEY"], [PERP]):
            code, printed = closed(path, exchange.url)
        assert code == 4, printed
        assert f"the right of process {os.getpid()}" in capfd.readouterr().err
        assert exchange.account.report()["asked"] == []
        assert exchange.account.position() == 0.01


def test_a_node_with_real_orders_reads_the_account_before_its_first_order(tmp_path: Path) -> None:
    """Fault D02: after SIGKILL the next run starts with the position and the order of the one
    before; and what a killed run has sent is recognised and cancelled by a closing.
    """
    path = tmp_path / "state"
    with account({"BTCUSDT": "0.010"}, []) as exchange:
        url = exchange.url
        names: list[str] = []
        for _ in range(2):
            with child(account_node.run, url) as killed:
                starts = until(killed, "STARTS WITH")
                assert starts == f"STARTS WITH ['LONG 0.010'] {names}"
                names.append(until(killed, "RESTING").split()[1])
                killed.kill()
            # Nautilus names orders by the second: a run of the same second has the same names.
            wait_for_the_next_second()
        asked = exchange.account.report()["asked"]
        first = asked.index("order.place")
        assert "GET /fapi/v2/positionRisk" in asked[:first]
        assert "GET /fapi/v1/openOrders" in asked[:first]
        # The state lists the first order only: the other one is known by its tags.
        order = replace(STATE.open_orders[0], id=names[0])
        write_state(path, replace(STATE, open_orders=(order,)))
        code, printed = closed(path, url)
        assert code == 0, printed
        assert exchange.account.names() == []
        assert exchange.account.position() == 0


def wait_for_the_next_second() -> None:
    """Of the wall clock."""
    now_s = int(time.time())
    eventually(lambda: int(time.time()) > now_s, "the next second")


def until(node: Child, text: str) -> str:
    """Return the first line that begins with a text."""
    while not (line := node.line()).startswith(text):
        pass
    return line


def test_a_node_that_cannot_read_its_account_starts_no_strategy() -> None:
    """Fault D02: it ends, and nothing is sent."""
    with account({"BTCUSDT": "0.010"}, [], "/fapi/v2/positionRisk") as exchange:
        with child(account_node.run, exchange.url) as node:
            lines: list[str] = []
            while not lines or not lines[-1].startswith("ENDED"):
                lines.append(node.line())
        assert not exchange.account.sent()
    assert not [line for line in lines if line.startswith("STARTS WITH")]
