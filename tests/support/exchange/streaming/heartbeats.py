"""Heartbeats: what a venue says on a connection at an interval, without being asked."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.exchange.streaming.stream_connection import StreamConnection

INTERVAL_S: Final = 1.0


class Heartbeats:
    """The heartbeats of a venue's connections.

    Parameters
    ----------
    beat : callable
        Sends one on a connection.

    """

    def __init__(self, beat: Callable[[StreamConnection], None]) -> None:
        self._beat: Final = beat
        self._tasks: Final[dict[StreamConnection, asyncio.Task[None]]] = {}

    def start(self, connection: StreamConnection, interval_s: float = INTERVAL_S) -> None:
        """Begin on a connection, if that has not been done."""
        if connection not in self._tasks:
            task = asyncio.create_task(self._run(connection, interval_s))
            self._tasks[connection] = task

    def stop(self, connection: StreamConnection) -> None:
        """End on a connection."""
        task = self._tasks.pop(connection, None)
        if task is not None:
            task.cancel()

    async def _run(self, connection: StreamConnection, interval_s: float) -> None:
        while True:
            await asyncio.sleep(interval_s)
            self._beat(connection)
