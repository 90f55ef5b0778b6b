"""run_node.py with real orders asked for twice, at an account that speaks as Binance does.

The account is a server on this machine; the clients, the reading back of the account and the
orders are Nautilus's own, the node is the one that a user starts.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from tests.support.orders.real_orders import local_exchange, node_at, tell
from tests.support.orders.told_by_quotes import BUY

if TYPE_CHECKING:
    from pathlib import Path


def test_an_order_is_sent_and_filled_and_the_stop_closes_the_position(tmp_path: Path) -> None:
    """The walking skeleton: quotes, a market order, its fill, and a flat end."""
    with local_exchange() as exchange, node_at(exchange, tmp_path) as node:
        tell(exchange)
        tell(exchange, BUY)
        node.wait_for("HOLDS 0.01")
        assert exchange.account.position() == 0.01
        node.signal(signal.SIGTERM)
        assert node.exit_code() == 0, node.output
        assert exchange.account.position() == 0
