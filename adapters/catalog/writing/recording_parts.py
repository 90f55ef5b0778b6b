"""RecordingParts: the numbered parts of one recording, from a new spool to a Parquet file."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from adapters.catalog.files import catalog_layout
from adapters.catalog.files.recovery import spools_of
from adapters.catalog.files.spool import Spool
from adapters.catalog.files.spool_conversion import finish_part
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from adapters.catalog.files.journal import Journal

RETRY_S: Final = 5.0
"""The interval at which finishing a part is retried."""


class RecordingParts:
    """Begins spools, and converts the ended ones into Parquet files.

    Parameters
    ----------
    catalog : Path
        The catalog's folder.
    name : str
        The recording's name.
    journal : Journal
        Lists the finished parts.
    events : list of dict
        The journal's lines so far.

    """

    def __init__(
        self, catalog: Path, name: str, journal: Journal, events: list[dict[str, Any]]
    ) -> None:
        self.folder: Final = catalog / catalog_layout.RECORDINGS / name
        """The folder of the spools and the journal."""
        self._catalog: Final = catalog
        self._name: Final = name
        self._journal: Final = journal
        self._finished: Final = {e["part"] for e in events if e["event"] == "file"}
        left = [catalog_layout.spool_part(s.name) for s in spools_of(self.folder)]
        self._newest = max([0, *self._finished, *(part for part, _ in filter(None, left))])
        self._ended: list[Path] = []
        self._retry_at = 0.0

    def begin(self, folder: str, schema: pa.Schema) -> Spool:
        """Return the spool of a new part.

        Raises
        ------
        OSError
            If it cannot be made.

        """
        name = catalog_layout.spool_name(self._newest + 1, folder)
        spool = Spool(self.folder / name, schema)
        self._newest += 1
        return spool

    def end(self, spool: Spool) -> None:
        """Close a spool; ``finish`` converts it into a Parquet file."""
        spool.close()
        self._ended.append(spool.path)
        self._retry_at = time.monotonic()

    @property
    def is_due(self) -> bool:
        """Whether an ended part waits and its next attempt is due."""
        return bool(self._ended) and time.monotonic() >= self._retry_at

    def finish(self) -> str:
        """Make a Parquet file of each ended part.

        Returns
        -------
        str
            Why a file cannot be made now; empty if no ended part is left.

        """
        left, problem = [], ""
        for path in self._ended:
            try:
                finish_part(self._catalog, self._name, self._journal, self._finished, path)
            except (OSError, ConfigError) as error:
                problem = f"{path.name} cannot be made a Parquet file now: {error}"
                self._retry_at = time.monotonic() + RETRY_S
                left.append(path)
        self._ended = left
        return problem
