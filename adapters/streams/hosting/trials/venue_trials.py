"""VenueTrials: tries the venues that are left out, each in a task of its own."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Final

from adapters.streams.hosting.trials.host_probe import refusal
from adapters.streams.hosting.trials.rehearsal import Rehearsal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.streams.hosting.trials.venue_admission import VenueAdmission
    from adapters.streams.hosting.venue_link import VenueLink

log: Final = logging.getLogger("exf")

LOOK_S: Final = 0.25


class VenueTrials:
    """Let in what accepts connections, and after a doubt only what could be rehearsed.

    Parameters
    ----------
    links : mapping of str to VenueLink
        The venues by name.
    admission : VenueAdmission
        Who is in, and who is due.

    Attributes
    ----------
    rehearses : bool
        Whether a venue must have been connected in a node of its own.

    Notes
    -----
    For one asyncio loop.

    """

    def __init__(self, links: Mapping[str, VenueLink], admission: VenueAdmission) -> None:
        self.rehearses = False
        self._links: Final = links
        self._admission: Final = admission
        self._running: Final[dict[str, asyncio.Task[None]]] = {}
        self._changed: Final = asyncio.Event()

    async def run(self) -> None:
        """Try what is due until cancelled."""
        try:
            while True:
                for name in self._admission.due(time.monotonic()):
                    if name not in self._running:
                        self._running[name] = asyncio.create_task(self._try(name))
                await asyncio.sleep(LOOK_S)
        finally:
            tasks = tuple(self._running.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def forget(self) -> None:
        """Take note that a node is built of all that are in."""
        self._changed.clear()

    async def wait(self, settle_s: float) -> None:
        """Wait until one more venue is in, and a little for others that are being tried.

        Parameters
        ----------
        settle_s : float
            The limit of waiting for the others, seconds.

        """
        await self._changed.wait()
        tasks = tuple(self._running.values())
        if tasks:
            await asyncio.wait(tasks, timeout=settle_s)
        self._changed.clear()

    async def can_connect(self, name: str) -> bool:
        """Return whether a venue could be connected just now."""
        link = self._links[name]
        return not (await refusal(link.addresses) or await Rehearsal(link).failure())

    async def _try(self, name: str) -> None:
        try:
            await self._try_once(name)
        finally:
            del self._running[name]

    async def _try_once(self, name: str) -> None:
        link = self._links[name]
        before = self._admission.reason(name)
        reason, is_refused = await refusal(link.addresses), True
        if not reason and self.rehearses:
            reason, is_refused = await Rehearsal(link).failure(), False
        if not reason:
            self._admission.passed(name)
            self._changed.set()
            return
        if reason != before:
            log.warning("%s does not stream: %s", name, reason)
        self._admission.failed(name, reason, time.monotonic(), is_refused=is_refused)
