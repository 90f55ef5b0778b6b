"""InstrumentFiles: the definitions of instruments in a catalog, each file whole or not there."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader import model as nautilus_model
from nautilus_trader.persistence import ParquetDataCatalog

from adapters.catalog.files import catalog_layout

if TYPE_CHECKING:
    from pathlib import Path

_STAGE: Final = "definitions"
_OWN_STAMPS: Final = ("ts_event", "ts_init")


class InstrumentFiles:
    """Writes definitions with Nautilus's catalog, aside, and moves them into place.

    Parameters
    ----------
    catalog : Path
        The catalog's folder.
    recording : str
        The recording in whose folder they are made.

    Attributes
    ----------
    written : int
        Definitions written, or found as they are in the catalog.
    problem : str
        Why the last one could not be written; empty if it could.

    """

    def __init__(self, catalog: Path, recording: str) -> None:
        self.written = 0
        self.problem = ""
        self._catalog: Final = catalog
        self._stage: Final = catalog / catalog_layout.RECORDINGS / recording / _STAGE
        self._waiting: list[dict[str, Any]] = []
        self._known: dict[str, dict[str, Any]] | None = None

    def add(self, values: dict[str, Any]) -> None:
        """Add a definition, as ``to_dict`` makes it."""
        self._waiting.append(values)

    def write(self) -> None:
        """Write the definitions that wait; those that cannot be written now wait on."""
        if not self._waiting:
            return
        if self._known is None:
            self._known = self._read()
        waiting, self._waiting = self._waiting, []
        for values in waiting:
            if self._known.get(values["id"]) == _unstamped(values):
                self.written += 1
                continue
            try:
                self._write(values)
            except (OSError, AttributeError, KeyError, TypeError, ValueError) as error:
                self.problem = f"the definition of {values.get('id')} is not written: {error}"
                if isinstance(error, OSError):
                    self._waiting.append(values)
            else:
                self.problem = ""
                self.written += 1
                self._known[values["id"]] = _unstamped(values)

    def _read(self) -> dict[str, dict[str, Any]]:
        """Return the newest definition of each instrument that the catalog has."""
        try:
            found = ParquetDataCatalog(str(self._catalog)).instruments()
        except Exception:  # noqa: BLE001 - Nautilus states no type; then all are written again
            return {}
        ordered = sorted(found, key=lambda i: i.ts_init)
        return {str(i.id): _unstamped(i.to_dict()) for i in ordered}

    def _write(self, values: dict[str, Any]) -> None:
        instrument = getattr(nautilus_model, values["type"]).from_dict(values)
        shutil.rmtree(self._stage, ignore_errors=True)
        self._stage.mkdir(mode=0o700)
        try:
            ParquetDataCatalog(str(self._stage)).write_instruments([instrument])
            for path in self._stage.rglob("*.parquet"):
                self._place(path)
        finally:
            shutil.rmtree(self._stage, ignore_errors=True)

    def _place(self, path: Path) -> None:
        folder = path.parent.relative_to(self._stage)
        into = catalog_layout.make_folder(self._catalog, str(folder))
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            os.fchmod(fd, 0o600)
            os.fsync(fd)
        finally:
            os.close(fd)
        path.rename(into / path.name)
        catalog_layout.sync_folder(into)


def _unstamped(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in _OWN_STAMPS}
