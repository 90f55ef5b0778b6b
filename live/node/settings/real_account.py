"""The real account of a node: Nautilus's client, at the exchange or at a server in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from nautilus_trader.adapters.binance import (
    BinanceExecutionClientConfig,
    BinanceExecutionClientFactory,
    BinanceProductType,
)
from nautilus_trader.model import AccountId

from live.node.settings.computed_settings import TRADING_VENUE
from live.node.settings.node_settings import VENUE
from live.node.settings.settings_check import binance_keys

if TYPE_CHECKING:
    from collections.abc import Mapping


class ExecutionClient(NamedTuple):
    """What a node needs to send orders."""

    factory: BinanceExecutionClientFactory
    config: BinanceExecutionClientConfig


def execution_client(environment: Mapping[str, str], base_url: str = "") -> ExecutionClient:
    """Return the client of the real account; its keys come from the environment only.

    Parameters
    ----------
    environment : mapping of str to str
        Has the keys.
    base_url : str
        ``http://HOST:PORT`` of a server in the exchange's place, which gets the orders too; empty:
        the exchange itself.

    Raises
    ------
    ConfigError
        If a key is missing.

    """
    key, secret = binance_keys(environment)
    http_url = base_url.rstrip("/") or None
    ws_url = None if http_url is None else f"ws{http_url.removeprefix('http')}"
    config = BinanceExecutionClientConfig(
        account_id=AccountId(f"{VENUE}-001"),
        product_type=BinanceProductType.USD_M,
        api_key=key,
        api_secret=secret,
        base_url_http=http_url,
        base_url_ws=ws_url and f"{ws_url}/ws/{TRADING_VENUE.name}",
        base_url_ws_trading=ws_url and f"{ws_url}/ws-fapi/v1",
    )
    return ExecutionClient(BinanceExecutionClientFactory(), config)
