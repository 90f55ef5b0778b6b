"""TakenSpans: the ranges of time of which a catalog has market data already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from adapters.catalog.files import catalog_layout

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class TakenSpans:
    """The ranges of ``ts_init`` of a catalog's files, by folder.

    Parameters
    ----------
    catalog : Path
        The catalog's folder; it need not exist.

    """

    def __init__(self, catalog: Path) -> None:
        self._data: Final = catalog / catalog_layout.DATA
        self._spans: dict[str, list[tuple[int, int]]] = {}

    def of(self, folder: str) -> list[tuple[int, int]]:
        """Return the ranges of a folder relative to ``data``, in order, none overlapping."""
        if folder not in self._spans:
            names = (path.name for path in (self._data / folder).glob("*.parquet"))
            self._spans[folder] = _joined(filter(None, map(catalog_layout.file_range, names)))
        return list(self._spans[folder])

    def add(self, folder: str, first_ns: int, last_ns: int) -> None:
        """Add the range of a new file, UNIX nanoseconds, both ends included."""
        self._spans[folder] = _joined([*self.of(folder), (first_ns, last_ns)])

    def overlaps(self, folder: str, first_ns: int, last_ns: int) -> bool:
        """Return whether a range has an instant of a file."""
        return any(first <= last_ns and first_ns <= last for first, last in self.of(folder))


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found
