"""The parts of a node that only streams: its configuration and its data clients."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Final

from nautilus_trader.common import Environment, LoggerConfig
from nautilus_trader.live import LiveNodeBuilder, LiveNodeConfig
from nautilus_trader.model import TraderId

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nautilus_trader.live import LiveNode

    from adapters.streams.hosting.venue_link import VenueLink

CONNECTION_TIMEOUT_S: Final = 8.0
FIRST_TIMEOUT_S: Final = 3.0
"""Of a node whose venues were not rehearsed. A node that connects its clients can neither be
stopped nor cancelled before its limit."""
DISCONNECTION_TIMEOUT_S: Final = 2.0


def load_node_modules(logging: LoggerConfig | None = None) -> None:
    """Load what the first node of a process loads, pandas and plotly too, which takes seconds.

    Its log is that of the process.
    """
    importlib.import_module("nautilus_trader.live.clients")
    build_stream_node((), logging=logging).dispose()


def build_stream_node(
    links: Iterable[VenueLink],
    *,
    timeout_s: float = CONNECTION_TIMEOUT_S,
    logging: LoggerConfig | None = None,
) -> LiveNode:
    """Build a node with a data client of each venue, without keys; nothing connects yet.

    Parameters
    ----------
    links : iterable of VenueLink
        The venues.
    timeout_s : float
        The limit for all clients to connect, seconds; the node ends if one does not.
    logging : LoggerConfig, optional
        Of Nautilus's own log; by default there is none.

    """
    config = LiveNodeConfig(
        environment=Environment.SANDBOX,
        trader_id=TraderId("EXF-001"),
        # It would end the node at any line at ERROR, such as of one message that cannot be read.
        shutdown_on_error=False,
        timeout_connection_secs=timeout_s,
        timeout_disconnection_secs=DISCONNECTION_TIMEOUT_S,
        delay_post_stop_secs=0.0,
        logging=logging or LoggerConfig(bypass_logging=True),
    )
    builder = LiveNodeBuilder.from_config("Streams", config)
    for link in links:
        builder = builder.add_data_client(*link.data_client())
    return builder.build()
