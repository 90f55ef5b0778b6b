"""ProofFolder: the folder of a look-ahead proof's copies, beside the catalog, until it ends."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from backtests.lookahead.copies.scrambled_catalog import copy_catalog
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

_ORIGINAL: Final = "original"


class ProofFolder:
    """A folder for copies of a catalog, on its file system if possible; removed at the end.

    Holds a lock that the kernel releases with the process. The remains of a killed proof, above
    all a moved catalog, are restored by the next proof and by :func:`put_right`.

    Parameters
    ----------
    catalog : Path
        The catalog's folder.

    Raises
    ------
    ConfigError
        If a proof of this catalog is running, or no folder can be made.

    """

    def __init__(self, catalog: Path) -> None:
        put_right(catalog)
        self._catalog: Final = catalog.resolve()
        path = _path_of(catalog)
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            msg = f"a look-ahead proof of {catalog} is under way (its folder is {path})"
            raise ConfigError(msg) from None
        except OSError:
            # A catalog on a read-only file system: copies instead of links, elsewhere.
            path = Path(tempfile.mkdtemp(prefix="dolphin-proof-"))
        self.path: Final = path
        self._lock_fd = _lock(path)

    @property
    def copy(self) -> Path:
        """The path of the current copy."""
        return self.path / "copy"

    def renew_copy(self) -> None:
        """Make a new copy of the catalog.

        Raises
        ------
        ConfigError
            If it cannot be made.

        """
        shutil.rmtree(self.copy, ignore_errors=True)
        copy_catalog(self._catalog, self.copy)

    @contextmanager
    def moved_aside(self) -> Iterator[None]:
        """Put the copy in the catalog's place, for all processes; restore the catalog at the end.

        Raises
        ------
        ConfigError
            If the folder that holds the catalog cannot be changed.

        """
        original = self.path / _ORIGINAL
        try:
            self._catalog.rename(original)
        except OSError as error:
            msg = (
                f"{self._catalog} cannot be put out of reach: this machine permits no namespaces "
                f"of one's own, and the folder cannot be moved: {error.strerror}"
            )
            raise ConfigError(msg) from None
        try:
            self.copy.rename(self._catalog)
            yield
        finally:
            _put_back(self._catalog, original, self.copy)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock_fd)


def put_right(catalog: Path) -> bool:
    """Clean up after a killed proof; return whether the catalog itself had to be moved back.

    Raises
    ------
    ConfigError
        If the catalog is moved aside by a running proof.

    """
    path = _path_of(catalog)
    if not path.is_dir():
        return False
    original = path / _ORIGINAL
    try:
        fd = _lock(path)
    except BlockingIOError:
        if original.is_dir():
            msg = f"{catalog} is moved aside by a look-ahead proof that runs now; try again later"
            raise ConfigError(msg) from None
        return False
    try:
        was_moved = original.is_dir()
        if was_moved:
            _put_back(path.parent / catalog.resolve().name, original, path / "copy")
        shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(fd)
    return was_moved


def _path_of(catalog: Path) -> Path:
    real = catalog.resolve()
    return real.with_name(f".{real.name}.proof")


def _lock(path: Path) -> int:
    """Lock a folder; the kernel releases the lock with this process.

    Raises
    ------
    BlockingIOError
        If another process holds the lock.

    """
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _put_back(catalog: Path, original: Path, copy: Path) -> None:
    if catalog.is_dir():
        shutil.rmtree(copy, ignore_errors=True)
        with suppress(FileNotFoundError):
            catalog.rename(copy)
    original.rename(catalog)
