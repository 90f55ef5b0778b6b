"""The errors of shared memory regions."""

from __future__ import annotations

from dolphin_strategies.errors import DolphinError


class RegionError(DolphinError):
    """A shared memory region cannot be created, attached or used."""


class RegionNotReadyError(RegionError):
    """There is no region at the path yet: its producer has not started."""


class RegionMovedError(RegionError):
    """The region goes on in another file at the same path, or is gone: open a new reader."""


class WriterLockedError(RegionError):
    """Another process writes the region already."""

    def __init__(self, path: str, pid: int | None) -> None:
        self.pid = pid
        who = f"process {pid}" if pid else "another process"
        super().__init__(
            f"{path} already has a writer ({who}); a region has one writer: "
            "stop that process, or write to another path"
        )
