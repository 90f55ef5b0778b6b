"""A node with real orders at the account of a local exchange, as a user starts it."""

from __future__ import annotations

import os
import signal
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tests.support.exchange.orders.order_side import KEY, SECRET
from tests.support.nodes.node_process import node
from tests.support.orders.told_by_quotes import NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.exchange.local_exchange import LocalExchange
    from tests.support.nodes.node_process import NodeProcess

STRATEGY: Final = "tests.support.orders.told_by_quotes:ToldByQuotes"
_RUN: Final = os.environ.setdefault("DOLPHIN_TEST_ACCOUNT", uuid.uuid4().hex)
KEYS: Final = {"BINANCE_API_KEY": f"{KEY}-{_RUN}", "BINANCE_API_SECRET": SECRET}
"""Of this test process and its children alone: the right to real orders is one of the key."""
VENUE: Final = "binance_usdm"
CONFIG: Final = """\
[node]
venue = "binance"
orders = "live"
base_url = "{url}"
region = "{folder}/no_region"

[risk]
instruments = ["BTCUSDT-PERP.BINANCE"]
{risk}
[strategy]
class = "{strategy}"
"""


def write_config(folder: Path, url: str, risk: str = "") -> Path:
    """Write the configuration of a node with real orders."""
    path = folder / "node.toml"
    path.write_text(CONFIG.format(url=url, folder=folder, strategy=STRATEGY, risk=risk))
    return path


@contextmanager
def node_at(exchange: LocalExchange, folder: Path, *words: object, risk: str = "") -> Iterator[
    NodeProcess
]:  # fmt: skip
    """Run a node with real orders until its strategy has quotes, and see to it that it ends."""
    config = write_config(folder, exchange.url, risk)
    with node("--config", config, "--live-orders", *words, more=KEYS) as process:
        process.wait_for("STARTS WITH")
        exchange.streams[VENUE].wait_for_topics("btcusdt@bookTicker")
        yield process


def tell(exchange: LocalExchange, what: float = NOTHING, price: float = 60_000.0) -> None:
    """Quote a price, with which the strategy is told what to do."""
    exchange.streams[VENUE].quote("BTCUSDT", price, price + 0.1, what, 5.0)


def stop(process: NodeProcess, code: int = 0) -> None:
    """Ask the node to stop, and compare its exit code."""
    process.signal(signal.SIGTERM)
    assert process.exit_code() == code, process.output
