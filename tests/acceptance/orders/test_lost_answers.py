"""Real orders of unknown outcome, and fills that nobody tells, at an account on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.orders.real_orders import node_at, stop, tell
from tests.support.orders.told_by_quotes import BUY, REST

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.exchange.local_exchange import LocalExchange

SLOW_S = 90.0
"""Nautilus asks five times, each some seconds after the one before, what became of an order."""


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
