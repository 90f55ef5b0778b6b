"""TableRecording: a recording of whole files of market data, each there or not at all."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any, Final, Self

from adapters.catalog.files import catalog_layout
from adapters.catalog.files.journal import Journal, read_journal
from adapters.catalog.files.recording_lock import lock_recording
from adapters.catalog.files.spool_conversion import place_file, sha256_of
from adapters.catalog.writing.table_file import TableFile
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

_TEMPORARY: Final = "table-*.parquet"


class TableRecording:
    """The one writer of a recording whose files are written whole.

    A killed writer leaves nothing that a reader sees: what it had placed without a line in the
    journal is taken away by the next one.

    Parameters
    ----------
    catalog : Path
        The catalog's folder; made if missing.
    name : str
        The recording's name; an ended one is continued.
    source : str
        What is recorded, for lists of the catalog.

    Attributes
    ----------
    events : list of dict
        The journal's lines of earlier runs.

    Raises
    ------
    ConfigError
        If the catalog cannot be written, or another process writes this recording.

    Notes
    -----
    ``new_file`` may be called in any thread, everything else in one.

    """

    def __init__(self, catalog: Path, name: str, source: str) -> None:
        self.catalog: Final = catalog
        self.name: Final = catalog_layout.check_recording_name(name)
        self._held: Final = ExitStack()
        try:
            catalog.mkdir(mode=0o700, parents=True, exist_ok=True)
            catalog_layout.make_folder(catalog, catalog_layout.DATA)
            self.folder: Final = catalog_layout.make_folder(
                catalog, f"{catalog_layout.RECORDINGS}/{name}"
            )
            self._held.callback(lock_recording(self.folder).release)
            self._journal: Final = Journal(self.folder / catalog_layout.JOURNAL)
            self._held.callback(self._journal.close)
            self.events: Final = read_journal(self.folder / catalog_layout.JOURNAL)
            self._repair()
            self._part = max((e["part"] for e in self.events if e["event"] == "file"), default=0)
            self._files = sum(e["event"] == "file" for e in self.events)
            self._rows = sum(e["rows"] for e in self.events if e["event"] == "file")
            self._journal.append(
                "start", source=source, pid=os.getpid(), started_ns=time.time_ns(), format=1
            )
        except OSError as error:
            self._held.close()
            msg = f"catalog {catalog} cannot be written: {error}; check its path and mode"
            raise ConfigError(msg) from None

    def new_file(self, number: int, schema: pa.Schema) -> TableFile:
        """Return a new file, which no reader sees before it is placed.

        Parameters
        ----------
        number : int
            Another one for each file of this run.
        schema : pyarrow.Schema
            The schema of its rows, with Nautilus's metadata.

        Raises
        ------
        OSError
            If it cannot be made.

        """
        return TableFile(self.folder / f"table-{number:06d}.parquet", schema)

    def place(self, file: TableFile, folder: str, **facts: Any) -> Path:
        """Make a finished file visible, and enter it into the journal.

        Parameters
        ----------
        file : TableFile
            Finished.
        folder : str
            Its folder, relative to ``data``.
        **facts
            Further members of its line in the journal.

        Raises
        ------
        OSError
            If it cannot be placed.

        """
        into = catalog_layout.make_folder(self.catalog, f"{catalog_layout.DATA}/{folder}")
        size, digest = file.path.stat().st_size, sha256_of(file.path)
        self._part += 1
        part = self._part
        self._journal.append("placing", part=part, folder=folder, sha256=digest, bytes=size)
        path = place_file(file.path, into, file.first_ns, file.last_ns)
        catalog_layout.sync_folder(into)
        self._journal.append(
            "file",
            path=str(path.relative_to(self.catalog)),
            part=part,
            bytes=size,
            sha256=digest,
            rows=file.rows,
            first_ns=file.first_ns,
            last_ns=file.last_ns,
            **facts,
        )
        self._files += 1
        self._rows += file.rows
        return path

    def note(self, event: str, /, **facts: Any) -> None:
        """Write another line into the journal."""
        self._journal.append(event, **facts)

    def close(self) -> None:
        """Write the totals, and release the lock."""
        try:
            self._journal.append("end", recorded=self._rows, lost=0, dropped=0)
        finally:
            self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _repair(self) -> None:
        """Take away what a killed writer left: unplaced files, and a placed one without a line."""
        for left in self.folder.glob(_TEMPORARY):
            left.unlink()
        placed = {e["part"] for e in self.events if e["event"] == "file"}
        known = {e["path"] for e in self.events if e["event"] == "file"}
        for event in self.events:
            if event["event"] != "placing" or event["part"] in placed:
                continue
            folder = self.catalog / catalog_layout.DATA / event["folder"]
            for path in folder.glob("*.parquet"):
                is_known = str(path.relative_to(self.catalog)) in known
                is_ours = catalog_layout.is_inside(self.catalog, path) and not path.is_symlink()
                if is_known or not is_ours or path.stat().st_size != event["bytes"]:
                    continue
                if sha256_of(path) == event["sha256"]:
                    with suppress(FileNotFoundError):
                        path.unlink()
