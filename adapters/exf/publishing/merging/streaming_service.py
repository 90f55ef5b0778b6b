"""StreamingService: the polling service and the streams beside it, as one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from adapters.exf.publishing.merging.merged_state import MergedState
    from adapters.exf.publishing.merging.merging_publisher import MergingPublisher
    from adapters.exf.publishing.vector_fan_out import VectorFanOut


class Part(Protocol):
    """The polls, an :class:`ExfService`, or the streams, a :class:`StreamHost`."""

    async def run(self) -> None:
        """Publish until cancelled."""

    def report(self) -> dict[str, Any]:
        """Return the counters for ``status``."""


class Polls(Part, Protocol):
    """The polls."""

    @property
    def ever_answered(self) -> bool:
        """Whether any source has given a usable answer."""


class StreamingService:
    """Poll and stream into one state until cancelled.

    Parameters
    ----------
    polling : Polls
        The polls; their publisher is ``publisher``.
    streams : Part
        The streams; their sink is ``publisher.take_record``.
    state : MergedState
        The state of both.
    publisher : MergingPublisher
        Publishes the state.
    fan_out : VectorFanOut
        The publishers behind it.

    """

    def __init__(
        self,
        polling: Polls,
        streams: Part,
        state: MergedState,
        publisher: MergingPublisher,
        fan_out: VectorFanOut,
    ) -> None:
        self._polling: Final = polling
        self._streams: Final = streams
        self._state: Final = state
        self._publisher: Final = publisher
        self._fan_out: Final = fan_out

    @property
    def ever_answered(self) -> bool:
        """Whether anything was polled or streamed."""
        return self._polling.ever_answered or self._publisher.streamed_records > 0

    async def run(self) -> None:
        """Poll and stream until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._fan_out.keep_beating())
            tasks.create_task(self._polling.run())
            tasks.create_task(self._streams.run())

    def report(self) -> dict[str, Any]:
        """Return the counters for ``status``."""
        missing = self._state.missing()
        total = len(self._state.names)
        return {
            **self._polling.report(),
            **self._fan_out.report(),
            "factors": {
                "total": total,
                "alive": total - len(missing),
                "missing": missing,
                "from": self._state.origins(),
            },
            "streams": {
                **self._streams.report(),
                "records": self._publisher.streamed_records,
            },
        }
