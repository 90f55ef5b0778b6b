"""Finding the archives below a folder."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final, NamedTuple

from backtests.importing.backfilling.archives.archive_file import Archive, tables_of
from backtests.importing.backfilling.archives.real_file import ArchiveError
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

SUFFIXES: Final = (".zip", ".csv", ".csv.gz", ".json")
"""What the names of archives end with; ``.CHECKSUM`` files are read beside them."""
_BESIDE: Final = ".checksum"


class Found(NamedTuple):
    """What a folder holds.

    Attributes
    ----------
    archives : list of Archive
        In the order of their paths.
    failed : list of tuple
        Paths in the folder, and why nothing can be read of each.

    """

    archives: list[Archive]
    failed: list[tuple[PurePosixPath, str]]


def find_archives(folder: Path, on_found: Callable[[int], None] = lambda _: None) -> Found:
    """Find every archive below a folder, however deep; symbolic links are not followed.

    Parameters
    ----------
    folder : Path
        The folder, or one file.
    on_found : callable
        Called with the number of archives so far.

    Raises
    ------
    ConfigError
        If there is no such folder.

    """
    if folder.is_file():
        return _from_files(folder.parent, [folder.name], on_found)
    if not folder.is_dir():
        msg = f"no folder {folder}: expected one with archive files as exchanges offer them"
        raise ConfigError(msg)
    names = []
    for parent, folders, files in os.walk(folder):
        folders.sort()
        inside = Path(parent).relative_to(folder)
        names += [str(inside / file) for file in sorted(files)]
    return _from_files(folder, names, on_found)


def _from_files(folder: Path, names: list[str], on_found: Callable[[int], None]) -> Found:
    found = Found([], [])
    for name in names:
        if name.startswith(".") or name.lower().endswith(_BESIDE):
            continue
        path, relative = folder / name, PurePosixPath(name)
        if not name.lower().endswith(SUFFIXES):
            found.failed.append(
                (relative, f"expected a name that ends with {', '.join(SUFFIXES)}")
            )
            continue
        try:
            found.archives.extend(tables_of(path, relative))
        except (ArchiveError, FileNotFoundError) as error:
            found.failed.append((relative, str(error)))
        on_found(len(found.archives))
    return found
