"""ServiceRecording: the service's own region, recorded into a catalog while it runs."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final

from adapters.catalog import RecordingWriter
from adapters.catalog.writing.recorder import Recorder
from adapters.catalog.writing.resume_point import resume_after
from adapters.shm.source import ShmSource

if TYPE_CHECKING:
    from pathlib import Path

log: Final = logging.getLogger("exf")


class ServiceRecording:
    """A recorder in the service's loop; its failures do not affect the polling.

    Parameters
    ----------
    catalog : Path
        The catalog's folder; made if missing.
    region : Path
        The service's own region, so that the recording is exactly what readers received.

    Raises
    ------
    DolphinError
        If the catalog cannot be written.

    """

    def __init__(self, catalog: Path, region: Path) -> None:
        source = str(region.absolute())
        self._writer: Final = RecordingWriter(catalog, source=source)
        self._recorder: Final = Recorder(
            ShmSource(region, resume_after=resume_after(self._writer, source)), self._writer
        )
        self._task: asyncio.Task[None] | None = None
        self._failure = ""

    def start(self) -> None:
        """Begin to record, in the running loop."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Write the records published until now, and end."""
        self._recorder.stop()
        if self._task is not None:
            await self._task
        counts = self._recorder.counts()
        log.info(
            "recorded %d, lost %d, dropped %d of %d records into %s, recording %s",
            counts.recorded, counts.lost, counts.dropped, counts.published,
            self._writer.catalog, self._writer.name,
        )  # fmt: skip

    def report(self) -> dict[str, Any]:
        """Return the counters for ``status``."""
        counts = self._recorder.counts()
        return {
            "catalog": str(self._writer.catalog),
            "name": self._writer.name,
            "recorded": counts.recorded,
            "lost": counts.lost,
            "dropped": counts.dropped,
            "problem": self._failure or self._recorder.problem or self._recorder.mismatch,
        }

    async def _run(self) -> None:
        try:
            await self._recorder.run()
        except Exception as error:
            self._failure = f"{type(error).__name__}: {error}"
            log.exception("nothing is recorded any more; gathering goes on")
