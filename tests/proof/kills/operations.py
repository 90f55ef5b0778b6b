"""What a writer does to its files, and what must hold after its death in the middle."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from adapters.shm import FactorReader, FactorWriter, RegionMovedError, RegionNotReadyError
from adapters.shm.region.region_files import folder_of
from tests.proof.kills.killed_region import LONGEST_LOCK_S
from tests.proof.region.records import FIRST_EVENT, check_snapshot, is_whole, require, write_one
from tests.support.transports.regions import factor_names, remove_all_of, values_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.proof.region.stepping import Victim

CAPACITY: Final = 8
WRITTEN: Final = 11
"""Records before the operation: the ring has been round once."""
NAMES, MORE_NAMES = factor_names(2), factor_names(3)


class Operation(NamedTuple):
    """One thing a writer does."""

    name: str
    names: list[str]
    """Of the writer that comes afterwards."""
    act: Callable[[Path, Callable[[], None]], None]
    """Does it; calls its second argument where stepping begins and ends."""
    has_region: bool = True
    """Whether there is a region before it."""


def _open(names: list[str]) -> Callable[[Path, Callable[[], None]], None]:
    def act(path: Path, stop: Callable[[], None]) -> None:
        stop()
        writer = FactorWriter(path, names, capacity=CAPACITY)
        stop()
        writer.abandon()

    return act


def _add_a_name(path: Path, stop: Callable[[], None]) -> None:
    writer = FactorWriter(path, NAMES, capacity=CAPACITY)
    n = writer.published + 1
    state = dict(zip(MORE_NAMES, values_of(n, len(MORE_NAMES)).tolist(), strict=True))
    stop()
    writer.write(state, FIRST_EVENT + n)
    stop()


OPERATIONS: Final = (
    Operation("a new name in a write", MORE_NAMES, _add_a_name),
    Operation("the return of a writer", NAMES, _open(NAMES)),
    Operation("the return of a writer with more names", MORE_NAMES, _open(MORE_NAMES)),
    Operation("the first start of a writer", NAMES, _open(NAMES), has_region=False),
)


@dataclass
class Aftermath:
    """What must hold after a writer was killed in an operation.

    Parameters
    ----------
    operation : Operation
        In which it was killed.
    path : Path
        The region's.

    """

    operation: Operation
    path: Path
    without_record: int = 0
    """Kills that left a new file before its first record; the old one is with its readers."""

    def prepare(self) -> None:
        """Make the region anew as it is before the operation, with a reader attached."""
        remove_all_of(self.path)
        self._reader: FactorReader | None = None
        if self.operation.has_region:
            writer = FactorWriter(self.path, NAMES, capacity=CAPACITY)
            for _ in range(WRITTEN):
                write_one(writer)
            writer.abandon()
            self._reader = FactorReader(self.path)
            self._reader.position = 0

    def check(self, victim: Victim) -> None:
        """Kill it; check what is left for attached readers, for new ones, for the next writer.

        Raises
        ------
        BrokenRegionError
            If something is lost, wrong, or in the next writer's way.

        """
        victim.kill()
        self._check_attached()
        stream, published = self._check_path()
        begin = time.perf_counter()
        with FactorWriter(self.path, self.operation.names, capacity=CAPACITY) as writer:
            require(time.perf_counter() - begin < 10 * LONGEST_LOCK_S, "a slow next start")
            require(
                writer.published == published,
                f"the next writer stands at {writer.published}, not {published}",
            )
            write_one(writer)
            with FactorReader(self.path) as reader:
                f = reader.latest()
                require(stream in {0, reader.stream_id}, "the next writer began a new stream")
                require(
                    f is not None and f.sequence == published + 1 and is_whole(f),
                    "the next record cannot be read",
                )
            require(check_snapshot(self.path, published + 1), "the snapshot is not whole again")
            left = {entry.name for entry in folder_of(self.path).iterdir()}
            require("new" not in left, "a half-made file is left")

    def _check_attached(self) -> None:
        """Check that an attached reader reads its file to the end."""
        if self._reader is None:
            return
        published = self._reader.status().published
        require(WRITTEN <= published <= WRITTEN + 1, f"{published} published")
        self._reader.position = published - CAPACITY + 1
        for n in range(published - CAPACITY + 2, published + 1):
            f = self._reader.read_next()
            require(f is not None and f.sequence == n and is_whole(f), f"record {n} is gone")
        try:
            require(self._reader.read_next() is None, "a record that was not written")
        except RegionMovedError:
            require(not self._reader.is_current(), "a file is left without another in its place")
        self._reader.close()

    def _check_path(self) -> tuple[int, int]:
        """Check what a new reader finds; return the stream and the newest sequence."""
        try:
            reader = FactorReader(self.path)
        except RegionNotReadyError:
            require(not self.operation.has_region, "there is no region at the path")
            return 0, 0
        with reader:
            status = reader.status()
            require(not status.alive, "the lock is not free")
            first = WRITTEN if self.operation.has_region else 0
            require(first <= status.published <= first + 1, f"{status.published} published")
            f = reader.latest()
            if f is None:
                require(status.published == reader.first_sequence - 1, "the record is gone")
                self.without_record += 1
            else:
                require(f.sequence == status.published and is_whole(f), "a wrong record")
                check_snapshot(self.path, status.published)
            return reader.stream_id, status.published
