"""Rehearsal: connects one venue's client in a node of its own, on a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, Self

from nautilus_trader.common import DataActor

from adapters.streams.hosting.node_parts import CONNECTION_TIMEOUT_S, build_stream_node

if TYPE_CHECKING:
    from collections.abc import Callable

    from nautilus_trader.live import LiveNodeHandle

    from adapters.streams.hosting.venue_link import VenueLink


class _Stopper(DataActor):
    """Stop the node as soon as its clients are connected."""

    def __new__(cls, on_connected: Callable[[], None]) -> Self:
        return super().__new__(cls)

    def __init__(self, on_connected: Callable[[], None]) -> None:
        super().__init__()
        self._on_connected = on_connected

    def on_start(self) -> None:
        self._on_connected()


class Rehearsal:
    """Try whether a venue's client connects, while another node streams undisturbed.

    One client that does not connect ends a node at its start, and there is one node a thread.

    Parameters
    ----------
    link : VenueLink
        The venue.

    """

    def __init__(self, link: VenueLink) -> None:
        self._link = link
        self._handle: LiveNodeHandle | None = None
        self._is_connected = False

    async def failure(self) -> str:
        """Connect and disconnect; return why it failed, or an empty string.

        A cancelled rehearsal ends soon, on its thread.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[str] = loop.create_future()

        def tell(reason: str) -> None:
            if not done.done():
                done.set_result(reason)

        def rehearse() -> None:
            try:
                reason = asyncio.run(self._run())
            except Exception as error:  # noqa: BLE001 - whatever it is, the venue is not usable
                reason = f"{type(error).__name__}: {error}"
            if not loop.is_closed():
                loop.call_soon_threadsafe(tell, reason)

        name = f"rehearsal-{self._link.name}"
        threading.Thread(target=rehearse, name=name, daemon=True).start()
        try:
            return await done
        except asyncio.CancelledError:
            if self._handle is not None:
                self._handle.stop()
            raise

    async def _run(self) -> str:
        node: Any = build_stream_node([self._link])
        self._handle = handle = node.handle()

        def connected() -> None:
            self._is_connected = True
            handle.stop()

        node.add_actor(_Stopper(connected))
        try:
            await node.run_async()
        except RuntimeError as error:
            return f"its client does not connect within {CONNECTION_TIMEOUT_S:g} s: {error}"
        finally:
            node.dispose()
        return "" if self._is_connected else "its client ended before it was connected"
