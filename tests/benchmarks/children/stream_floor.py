"""NautilusTrader's data clients alone: what the streaming service cannot be cheaper than.

``python -m …children.stream_floor PORT VENUES`` runs a node with these venues' clients, which
subscribes to the quotes of the same assets and does nothing with them, says when it is ready and
runs until a line on stdin; then it answers with how many came.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import threading
from typing import TYPE_CHECKING, Any, Final, Self

from nautilus_trader.common import DataActor, DataActorConfig
from nautilus_trader.model import ActorId

from adapters.streams.hosting.node_parts import build_stream_node
from adapters.streams.hosting.venue_link import links_of
from adapters.streams.stream_venues import STREAM_VENUES
from adapters.streams.subscriptions import subscribe_to_input
from dolphin_strategies.computed.inputs import DataKind, Input

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters.streams.hosting.venue_link import VenueLink

ASSETS: Final = ("BTC", "ETH", "SOL")


class Idle(DataActor):
    """Subscribe to quotes, and count them."""

    def __new__(cls, links: Sequence[VenueLink]) -> Self:
        config = DataActorConfig(actor_id=ActorId("Idle-001"))
        return super().__new__(cls, config)  # type: ignore[call-arg]

    def __init__(self, links: Sequence[VenueLink]) -> None:
        super().__init__(DataActorConfig(actor_id=ActorId("Idle-001")))
        self._links: Final = links
        # Appending is the least that Python can do with a datum.
        self.counts: Final[list[None]] = []
        vars(self)["on_quote"] = _counting(self.counts)

    def on_start(self) -> None:
        for link in self._links:
            for needed in link.inputs:
                subscribe_to_input(self, link.venue, needed)
        print("ready", flush=True)


def _counting(counts: list[None]) -> Any:
    add = counts.append

    def on_quote(quote: Any) -> None:
        add(None)

    return on_quote


async def stream(port: int, names: Sequence[str]) -> dict[str, int]:
    """Stream until a line comes; return how many quotes came."""
    venue_of = {STREAM_VENUES[n].instrument_id(asset): n for n in names for asset in ASSETS}
    links = links_of(
        [Input(DataKind.QUOTES, instrument_id) for instrument_id in venue_of],
        {str(instrument_id): name for instrument_id, name in venue_of.items()},
        dict.fromkeys(names, f"http://127.0.0.1:{port}"),
    )
    node: Any = build_stream_node(links)
    actor = Idle(links)
    node.add_actor(actor)
    handle = node.handle()

    def wait() -> None:
        sys.stdin.readline()
        handle.stop()

    threading.Thread(target=wait, daemon=True).start()
    gc.collect()
    await node.run_async()
    return {"messages": len(actor.counts)}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(stream(int(sys.argv[1]), sys.argv[2].split(",")))), flush=True)
