"""The layout of a catalog folder, and the meaning of its names."""

from __future__ import annotations

import errno
import os
import re
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote
from uuid import uuid4

from dolphin_strategies.errors import ConfigError

DATA: Final = "data"
RECORDINGS: Final = "recordings"
QUARANTINE: Final = "quarantine"
FACTORS: Final = "custom/ExternalFactors"
"""The folder of factors in ``data``, as Nautilus names it."""
JOURNAL: Final = "journal.jsonl"
LOCK: Final = "lock"

_NOT_THERE: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})

_RECORDING_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_FILE_NAME: Final = re.compile(r"(\S+T\S+)-(\d{9})Z_(\S+T\S+)-(\d{9})Z\.parquet")
_SPOOL_NAME: Final = re.compile(r"part-(\d{5,})\.(.+)\.arrows")
_SECONDS: Final = "%Y-%m-%dT%H-%M-%S"
_SECOND_NS: Final = 1_000_000_000


def check_recording_name(name: str) -> str:
    """Return a recording's name if it is a valid folder name.

    Raises
    ------
    ConfigError
        If it is not.

    """
    if _RECORDING_NAME.fullmatch(name) is None:
        msg = (
            f"recording name {name!r:.120}: expected 1 to 100 letters, digits, '_', '.' or '-', "
            "beginning with a letter or digit"
        )
        raise ConfigError(msg)
    return name


def new_recording_name() -> str:
    """Return a name made of the time and a random part."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid4().hex[:6]}"


def file_name(first_ns: int, last_ns: int) -> str:
    """Return Nautilus's name for a Parquet file of records from one ``ts_init`` to another."""
    return f"{_stamp(first_ns)}_{_stamp(last_ns)}.parquet"


def file_range(name: str) -> tuple[int, int] | None:
    """Return the ``ts_init`` range in a Parquet file's name; None if there is none."""
    found = _FILE_NAME.fullmatch(name)
    if found is None:
        return None
    try:
        first, last = _seconds(found[1]), _seconds(found[3])
    except ValueError:
        return None
    first_ns, last_ns = first * _SECOND_NS + int(found[2]), last * _SECOND_NS + int(found[4])
    return (first_ns, last_ns) if first_ns <= last_ns else None


def factors_folder(recording: str) -> str:
    """Return the folder of a recording's factors, relative to ``data``."""
    return f"{FACTORS}/{recording}"


def spool_name(part: int, folder: str) -> str:
    """Return the name of a part's spool; ``folder`` is relative to ``data``."""
    return f"part-{part:05d}.{quote(folder, safe='')}.arrows"


def spool_part(name: str) -> tuple[int, str] | None:
    """Return the part and the folder in a spool's name; None if it is not a spool's name."""
    found = _SPOOL_NAME.fullmatch(name)
    return (int(found[1]), unquote(found[2])) if found else None


def check_folder(relative: str) -> str:
    """Return a relative folder if it stays below the catalog.

    Raises
    ------
    ConfigError
        If it does not.

    """
    if not relative or {"..", "/"} & set(Path(relative).parts):
        msg = f"folder {relative!r}: expected one below the catalog, without '..'"
        raise ConfigError(msg)
    return relative


def make_folder(catalog: Path, relative: str) -> Path:
    """Make a folder below the catalog, 0700, through real folders only; return its path.

    Raises
    ------
    ConfigError
        If the path holds something else, a symbolic link for example.
    OSError
        If it cannot be made.

    """
    path = catalog
    for name in Path(check_folder(relative)).parts:
        path /= name
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            pass
        else:
            sync_folder(path.parent)
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode):
            msg = f"{path} is {stat.filemode(found.st_mode)}: expected a real folder; remove it"
            raise ConfigError(msg)
    return path


def names_in(folder: Path) -> list[str]:
    """Return the names in a folder; none if there is no folder.

    Raises
    ------
    OSError
        If it cannot be listed: what may not be read is not empty.

    """
    try:
        # Names only: there may be many thousands.
        return os.listdir(folder)  # noqa: PTH208
    except (FileNotFoundError, NotADirectoryError):
        return []


def recording_folders(catalog: Path) -> list[Path]:
    """Return the folders of a catalog's recordings, in the order of their names.

    Raises
    ------
    OSError
        If they cannot be listed.

    """
    home = catalog / RECORDINGS
    folders = (home / name for name in sorted(names_in(home)))
    return [folder for folder in folders if stat.S_ISDIR(mode_of(folder))]


def mode_of(path: Path) -> int:
    """Return the type and mode of what lies at a path; 0 if there is nothing.

    From Python 3.14 on ``is_dir``, ``is_file`` and ``exists`` are False also where that cannot be
    told.

    Raises
    ------
    OSError
        If it cannot be told.

    """
    try:
        return path.stat().st_mode
    except OSError as error:
        if error.errno in _NOT_THERE:
            return 0
        raise


def stored_factors(catalog: Path) -> set[str]:
    """Return the folders with Parquet files of factors, relative to that of all factors.

    Raises
    ------
    OSError
        If one cannot be listed.

    """

    def fail(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError | NotADirectoryError):
            raise error

    factors = catalog / DATA / FACTORS
    return {
        os.path.relpath(folder, factors)
        for folder, _, files in os.walk(factors, onerror=fail)
        if any(file.endswith(".parquet") for file in files)
    }


def check_regular(path: Path) -> None:
    """Refuse what is no file: to open a FIFO is to wait for whoever writes into it.

    Raises
    ------
    FileNotFoundError
        If there is nothing.
    ValueError
        If there is something else.

    """
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        msg = f"expected a regular file, found {stat.filemode(mode)}"
        raise ValueError(msg)


def is_inside(catalog: Path, path: Path) -> bool:
    """Return whether a path leads through real folders of the catalog only, to whatever it is.

    What is to be removed or moved must be: a link among its folders would lead to files of
    somebody else.

    Parameters
    ----------
    catalog : Path
        The catalog's folder, which may itself be reached by a link.
    path : Path
        A path below it.

    """
    relative = path.relative_to(catalog)
    folders = [catalog.joinpath(*relative.parts[:n]) for n in range(1, len(relative.parts))]
    return ".." not in relative.parts and not any(folder.is_symlink() for folder in folders)


def sync_folder(folder: Path) -> None:
    """Make the entries of a folder durable."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _stamp(ns: int) -> str:
    seconds, rest = divmod(ns, _SECOND_NS)
    return f"{datetime.fromtimestamp(seconds, UTC).strftime(_SECONDS)}-{rest:09d}Z"


def _seconds(text: str) -> int:
    found = datetime.strptime(text, _SECONDS).replace(tzinfo=UTC)
    return int(found.timestamp())
