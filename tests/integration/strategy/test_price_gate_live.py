"""The price gate in a live node with paper orders: as in a backtest."""

from __future__ import annotations

import json

import pytest

from tests.support.nodes import price_gate_node
from tests.support.nodes.processes import child

REASON = "PRICE_TOO_OLD: BTCUSDT-PERP.BINANCE has no price younger than 0.4 s"


@pytest.mark.parametrize(
    ("stale_price", "expected"),
    [
        ("refuse", [["Denied", REASON], ["Denied", REASON]]),
        ("wait", [["Filled", ""], ["Filled", ""]]),
    ],
)
def test_paper_orders_meet_no_price_that_is_too_old(
    stale_price: str, expected: list[list[str]]
) -> None:
    """They are denied with the reason, or sent when the next quote comes."""
    with child(price_gate_node.answer, stale_price) as node:
        assert json.loads(node.line()) == expected
