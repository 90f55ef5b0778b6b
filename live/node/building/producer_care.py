"""ProducerCare: starts the producer of a run's own market again when it is lost."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from adapters.command.terminal import say
from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    from collections.abc import Callable

    from live.node.building.run_market import Market


class ProducerCare:
    """Does what the supervisor of a real producer would.

    Parameters
    ----------
    market : Market
        Has the producer.
    fail : callable
        Ends the run as failed, with a reason.

    Attributes
    ----------
    market : Market
        As given.

    """

    def __init__(self, market: Market, fail: Callable[[str], object]) -> None:
        self.market: Final = market
        self._fail: Final = fail
        self._replacing: asyncio.Task[None] | None = None

    def look(self) -> None:
        """Start a lost producer again; called on the node's loop."""
        if self._replacing is None or self._replacing.done():
            lost = self.market.producer_failure()
            if lost:
                say(f"{lost}; starting it again")
                self._replacing = asyncio.create_task(self._restart(lost))

    async def _restart(self, lost: str) -> None:
        """Start a producer; a task of its own, because it may take long."""
        try:
            is_started = await asyncio.to_thread(self.market.restart_producer)
        except (DolphinError, OSError) as error:
            self._fail(f"{lost}, and it cannot be started again: {error}")
        else:
            if not is_started:
                self._fail(f"{lost}, and a recording cannot be resumed in its middle")
