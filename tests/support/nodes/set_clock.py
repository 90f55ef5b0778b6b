"""SetClock: the wall clock of a child process, set by its test with libfaketime."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


def faketime_library() -> Path | None:
    """Return libfaketime for programs with threads, or None where it is not installed."""
    return next(iter(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)


class SetClock:
    """A wall clock beside the real one; the monotonic clock stays as it is.

    Parameters
    ----------
    file : Path
        Where the difference is kept; the child reads it each time that it asks for the time.
    library : Path
        libfaketime.

    """

    def __init__(self, file: Path, library: Path) -> None:
        self._file: Final = file
        self._library: Final = library
        self.set(0)

    def set(self, seconds: int) -> None:
        """Set the clock to this many seconds after the real time; negative: before."""
        beside = self._file.with_suffix(".new")
        beside.write_text(f"{seconds:+d}s\n", encoding="ascii")
        beside.replace(self._file)

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment of a child that lives by this clock."""
        return {
            **os.environ,
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
