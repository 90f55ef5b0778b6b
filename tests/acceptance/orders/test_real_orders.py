"""run_node.py with real orders asked for twice, at an account that speaks as Binance does.

The account is a server on this machine; the clients, the reading back of the account and the
orders are Nautilus's own, the node is the one that a user starts.
"""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.eventually import eventually
from tests.support.exchange.local_exchange import local_exchange
from tests.support.nodes.forkserver import run_forked
from tests.support.nodes.node_process import ROOT, node
from tests.support.orders.real_orders import KEYS, node_at, tell, write_config
from tests.support.orders.told_by_quotes import (
    BUY,
    BUY_BIG,
    CANCEL,
    CLOSE,
    MODIFY,
    REST,
    SELL,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.exchange.local_exchange import LocalExchange
    from tests.support.nodes.node_process import NodeProcess

SLOW_S = 90.0
"""Nautilus asks five times, each some seconds after the one before, what became of an order."""


@pytest.fixture
def exchange() -> Iterator[LocalExchange]:
    """Serve an exchange for one test."""
    with local_exchange() as running:
        yield running


def stop(process: NodeProcess, code: int = 0) -> None:
    """Ask the node to stop, and compare its exit code."""
    process.signal(signal.SIGTERM)
    assert process.exit_code() == code, process.output


def test_an_order_is_sent_and_filled_and_the_stop_closes_the_position(
    exchange: LocalExchange, tmp_path: Path
) -> None:
    """Quotes, a market order, its fill, and a flat end."""
    with node_at(exchange, tmp_path) as process:
        tell(exchange)
        tell(exchange, BUY)
        process.wait_for("HOLDS 0.01")
        assert exchange.account.position() == 0.01
        stop(process)
    assert exchange.account.position() == 0


@pytest.mark.long
def test_partial_fills_changes_and_cancels_are_followed(
    exchange: LocalExchange, tmp_path: Path
) -> None:
    """Half of a resting order fills; the rest is changed, cancelled, and the half closed."""
    with node_at(exchange, tmp_path) as process:
        tell(exchange)
        tell(exchange, REST)
        process.wait_for("OrderAccepted")
        exchange.account.fill("0.005")
        process.wait_for("HOLDS 0.005")
        tell(exchange, MODIFY)
        process.wait_for("OrderUpdated")
        tell(exchange, CANCEL)
        process.wait_for("OrderCanceled")
        stop(process)
    assert exchange.account.position() == 0
    [first, _] = exchange.account.report()["all_orders"]
    assert (first["status"], first["executedQty"]) == ("CANCELED", "0.005")


@pytest.mark.long
@pytest.mark.parametrize(
    ("code", "text"), [(-2019, "Margin is insufficient."), (-4164, "Order's notional")]
)
def test_a_refused_order_is_rejected_and_the_next_one_goes(
    exchange: LocalExchange, tmp_path: Path, code: int, text: str
) -> None:
    """The strategy hears the exchange's own code and text; the node goes on."""
    with node_at(exchange, tmp_path) as process:
        tell(exchange)
        exchange.account.fail("order.place", "error", code=code, text=text, times=1)
        tell(exchange, BUY)
        process.wait_for(f"code={code}: {text}")
        tell(exchange, BUY)
        process.wait_for("HOLDS 0.01")
        stop(process)
    assert exchange.account.position() == 0


@pytest.mark.long
def test_a_fill_during_a_lost_connection_is_found_after_it(
    exchange: LocalExchange, tmp_path: Path
) -> None:
    """Both sockets are cut, the fill is never said: Nautilus asks after it has reconnected."""
    with node_at(exchange, tmp_path) as process:
        tell(exchange)
        tell(exchange, REST)
        process.wait_for("OrderAccepted")
        exchange.account.drop()
        exchange.account.fill("0.005")
        process.wait_for("HOLDS 0.005", SLOW_S)
        tell(exchange, BUY)
        process.wait_for("HOLDS 0.015")
        stop(process)
    assert exchange.account.position() == 0
    assert exchange.account.names() == []


@pytest.mark.long
def test_a_fill_that_the_stream_never_says_is_found(
    exchange: LocalExchange, tmp_path: Path
) -> None:
    """The connection lives and is mute: the node asks for open orders and positions itself."""
    with node_at(exchange, tmp_path) as process:
        tell(exchange)
        tell(exchange, REST)
        process.wait_for("OrderAccepted")
        exchange.account.mute()
        exchange.account.fill()
        process.wait_for("HOLDS 0.02", SLOW_S)
        exchange.account.mute(is_mute=False)
        stop(process)
    assert exchange.account.position() == 0


@pytest.mark.long
@pytest.mark.parametrize("mode", ["unanswered", "cut"])
def test_an_order_of_unknown_outcome_is_asked_for_and_never_sent_twice(
    exchange: LocalExchange, tmp_path: Path, mode: str
) -> None:
    """No answer, but it is on the book: the fill is found, and the position closed once."""
    with node_at(exchange, tmp_path) as process:
        tell(exchange)
        exchange.account.mute()
        exchange.account.fail("order.place", mode, times=1)
        tell(exchange, BUY)
        process.wait_for("HOLDS 0.01", SLOW_S)
        assert exchange.account.sent() == 1
        exchange.account.mute(is_mute=False)
        stop(process)
    assert exchange.account.position() == 0


@pytest.mark.long
@pytest.mark.parametrize("mode", ["unanswered", "cut"])
def test_the_same_by_requests_without_the_trading_socket(
    exchange: LocalExchange, tmp_path: Path, mode: str
) -> None:
    """The request is not answered, and its order is on the book once."""
    exchange.account.fail("/ws-fapi/v1", "refused")
    with node_at(exchange, tmp_path) as process:
        tell(exchange)
        exchange.account.mute()
        exchange.account.fail("POST /fapi/v1/order", mode, times=1)
        tell(exchange, BUY)
        process.wait_for("HOLDS 0.01", SLOW_S)
        assert len(exchange.account.report()["all_orders"]) == 1
        exchange.account.mute(is_mute=False)
        stop(process)
    assert exchange.account.position() == 0


@pytest.mark.long
def test_an_order_that_never_arrived_is_given_up_and_not_sent_again(
    exchange: LocalExchange, tmp_path: Path
) -> None:
    """It is asked for, and rejected once the exchange has not known it for long enough."""
    with node_at(exchange, tmp_path) as process:
        tell(exchange)
        exchange.account.fail("order.place", "lost", times=1)
        tell(exchange, BUY)
        process.wait_for("OrderRejected", SLOW_S)
        assert exchange.account.sent() == 1
        stop(process)
    assert exchange.account.position() == 0


@pytest.mark.long
def test_after_a_kill_the_next_run_takes_position_and_order_over_before_any_order(
    exchange: LocalExchange, tmp_path: Path
) -> None:
    """And closes both when it stops, as if they had been its own from the beginning."""
    with node_at(exchange, tmp_path) as killed:
        tell(exchange)
        tell(exchange, BUY)
        killed.wait_for("HOLDS 0.01")
        tell(exchange, REST)
        exchange.account.wait(lambda found: len(found["orders"]) == 1, "the resting order")
        killed.end()
    sent = exchange.account.sent()
    with node_at(exchange, tmp_path) as process:
        process.wait_for("STARTS WITH ['LONG 0.010'] ['BUY 0.020']")
        assert exchange.account.sent() == sent
        tell(exchange)
        tell(exchange, SELL)
        process.wait_for("HOLDS 0\n")
        stop(process)
    assert exchange.account.position() == 0
    assert exchange.account.names() == []


@pytest.mark.long
def test_without_the_trading_socket_orders_go_by_requests(
    exchange: LocalExchange, tmp_path: Path
) -> None:
    """Nautilus falls back to REST by itself; the fill comes on the user's stream as ever."""
    exchange.account.fail("/ws-fapi/v1", "refused")
    with node_at(exchange, tmp_path) as process:
        tell(exchange)
        tell(exchange, BUY)
        process.wait_for("HOLDS 0.01")
        stop(process)
    assert exchange.account.position() == 0
    asked = exchange.account.report()["asked"]
    assert asked.count("POST /fapi/v1/order") == 2
    assert "order.place" not in asked


@pytest.mark.long
def test_what_others_hold_at_the_account_is_left_alone(
    exchange: LocalExchange, tmp_path: Path
) -> None:
    """A position of another instrument is neither read, nor closed, nor called left open."""
    exchange.account.begin_with({"ETHUSDT": "0.5"})
    with node_at(exchange, tmp_path) as process:
        process.wait_for("STARTS WITH [] []")
        tell(exchange)
        tell(exchange, BUY)
        process.wait_for("HOLDS 0.01")
        stop(process)
    assert exchange.account.position("ETHUSDT") == 0.5


def test_another_clock_than_the_exchanges_starts_nothing(
    exchange: LocalExchange, tmp_path: Path
) -> None:
    """A clear end, and not a single signed request."""
    exchange.control(clock_offset_ms=10_000)
    config = write_config(tmp_path, exchange.url)
    with node("--config", config, "--live-orders", more=KEYS) as process:
        assert process.exit_code() == 1
    assert "this machine's clock is 10.0 s behind the exchange's" in process.output
    assert exchange.account.report()["asked"] == []


@pytest.mark.long
def test_a_clock_that_runs_away_halts_the_node(exchange: LocalExchange, tmp_path: Path) -> None:
    """One order is refused with -1021; the next one is not sent. The journal has the reason."""
    with node_at(exchange, tmp_path) as process:
        tell(exchange)
        exchange.control(clock_offset_ms=10_000)
        tell(exchange, BUY)
        process.wait_for("HALTED: halt by the node: the exchange refuses this machine's clock")
        tell(exchange, BUY)
        process.wait_for("OrderDenied")
        assert exchange.account.sent() == 1
        exchange.control(clock_offset_ms=0)
        stop(process)
    rows = (tmp_path / "node.toml.journal").read_text().splitlines()
    assert [json.loads(row)["command"] for row in rows if '"command"' in row] == ["halt"]


@pytest.mark.long
def test_an_order_over_the_exchanges_rate_is_not_sent_again(
    exchange: LocalExchange, tmp_path: Path
) -> None:
    """-1015: Nautilus takes the outcome for unknown, asks, and gives the order up."""
    with node_at(exchange, tmp_path) as process:
        tell(exchange)
        text = "Too many new orders; current limit is 300 orders per TEN SECONDS."
        exchange.account.fail("order.place", "error", code=-1015, text=text, status=429, times=1)
        tell(exchange, BUY)
        process.wait_for("OrderRejected", SLOW_S)
        assert exchange.account.sent() == 1
        stop(process)


@pytest.mark.long
def test_a_start_over_the_rate_of_requests_waits_and_goes_on(
    exchange: LocalExchange, tmp_path: Path
) -> None:
    """429 with Retry-After, twice: the account is read before the strategy starts."""
    over: dict[str, Any] = {"code": -1003, "text": "Too many requests", "status": 429}
    exchange.account.fail(
        "GET /fapi/v2/account", "error", **over, headers={"Retry-After": "1"}, times=2
    )
    with node_at(exchange, tmp_path) as process:
        stop(process)
    assert exchange.account.report()["asked"].count("GET /fapi/v2/account") >= 3


def test_limits_and_the_switch_hold_at_the_exchange(
    exchange: LocalExchange, tmp_path: Path
) -> None:
    """What is over a limit is never sent; flat closes at the exchange, and holds on."""
    limits = 'max_position = {"BTCUSDT-PERP.BINANCE" = "0.02"}\n'
    with node_at(exchange, tmp_path, risk=limits) as process:
        tell(exchange)
        tell(exchange, BUY_BIG)
        process.wait_for("MAX_POSITION: 0.1 of BTCUSDT-PERP.BINANCE exceed")
        assert exchange.account.sent() == 0
        tell(exchange, BUY)
        process.wait_for("HOLDS 0.01")
        words = (ROOT / "live" / "switch.py", "flat", "--node", process.pid, "--wait", 20)
        done = run_forked(*words, is_merged=True)
        assert done.returncode == 0, done.stdout
        assert exchange.account.position() == 0
        tell(exchange, BUY)
        process.wait_for("HALTED: flat by ")
        eventually(lambda: "OrderDenied" in process.output, "the refusal")
        assert exchange.account.position() == 0
        tell(exchange, CLOSE)
        stop(process)
