"""KilledRegion: a region whose writers are killed, and what must hold after each kill."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from adapters.shm import FactorReader, FactorWriter
from tests.proof.figures import Figure
from tests.proof.region.records import (
    check_slots,
    check_snapshot,
    is_whole,
    require,
    write_one,
)
from tests.support.transports.regions import factor_names, new_region_path, remove_all_of

if TYPE_CHECKING:
    from tests.proof.region.stepping import Victim
    from tests.proof.region.victims import Fork

LONGEST_LOCK_S: Final = 0.1
LONGEST_START_S: Final = 1.0


@dataclass
class Times:
    """The longest times after a kill, seconds."""

    end_s: float = 0.0
    """From the signal until the kernel has ended the process."""
    lock_s: float = 0.0
    """From there until the writer's lock is free."""
    next_record_s: float = 0.0
    """Until the next writer has published."""

    def figure(self, what: str) -> Figure:
        """Return them as a figure."""
        return Figure(
            id="R4",
            what=f"the writer's lock free after a kill in {what}, longest",
            value=f"{1000 * self.lock_s:.2f} ms after the process's end (which came "
            f"{1000 * self.end_s:.1f} ms after the signal), and the next writer's record "
            f"{1000 * self.next_record_s:.1f} ms after its start",
            reach="100 ms; 1 s",
            is_time=True,
            is_met=self.lock_s <= LONGEST_LOCK_S and self.next_record_s <= LONGEST_START_S,
        )


class KilledRegion:
    """A region at a path of its own, with readers that stay attached through all kills.

    Parameters
    ----------
    factors : int
        Names in its schema.
    capacity : int
        Records in its ring.

    """

    def __init__(self, factors: int, capacity: int = 8) -> None:
        self.path: Final = new_region_path()
        self.names: Final = factor_names(factors)
        self.capacity: Final = capacity
        self.times: Final = Times()
        with self.writer() as writer:
            for _ in range(capacity):
                write_one(writer)
        self.published = capacity
        self.most_new = 1
        """Records that a writer may add before it is killed."""
        self._latest: Final = FactorReader(self.path)
        self._next: Final = FactorReader(self.path)
        self.layout: Final = self._latest._file.found.layout

    def writer(self) -> FactorWriter:
        """Return a new writer of this region."""
        return FactorWriter(self.path, self.names, capacity=self.capacity)

    def look(self) -> None:
        """Read while the writer stands at some instruction.

        Raises
        ------
        BrokenRegionError
            If a reader gets a record that is not whole, or none of those that are announced.

        """
        status = self._latest.status()
        new = status.published - self.published
        require(0 <= new <= self.most_new, f"{status.published} published after {self.published}")
        f = self._latest.read_latest()
        require(f is None or is_whole(f), f"the newest record is not what was written: {f}")
        require(
            self._latest.position == status.published,
            f"record {status.published} is announced and cannot be read",
        )
        while f := self._next.read_next():
            require(is_whole(f), f"record {f.sequence} is not what was written")
        require(
            self._next.position == status.published,
            f"record {self._next.position + 1} is announced and cannot be read",
        )
        check_slots(self.path.read_bytes(), self.layout)
        check_snapshot(self.path, status.published)

    def kill(self, victim: Victim | Fork) -> None:
        """Kill the writer, and check what it left and how the next one goes on.

        Raises
        ------
        BrokenRegionError
            If a record is lost or wrong, or the next writer cannot go on.

        """
        begin = time.perf_counter()
        victim.kill()
        end = time.perf_counter()
        self.times.end_s = max(self.times.end_s, end - begin)
        while self._latest.status().alive:
            require(time.perf_counter() - end < 10 * LONGEST_LOCK_S, "the lock is not free")
        self.times.lock_s = max(self.times.lock_s, time.perf_counter() - end)
        self.look()
        published = self._latest.status().published
        with FactorReader(self.path) as reader:
            newest = reader.latest()
            require(newest is not None and newest.sequence == published, "no newest record")
            kept, lost = reader.since(published - self.capacity + 1)
        expected = [*range(published - self.capacity + 2, published + 1)]
        require([f.sequence for f in kept] == expected and not lost, "records are gone")
        require(all(map(is_whole, kept)), "a record of the ring is not what was written")
        begin = time.perf_counter()
        with self.writer() as writer:
            require(
                writer.published == published,
                f"the next writer stands at {writer.published}, not {published}",
            )
            write_one(writer)
            self.times.next_record_s = max(self.times.next_record_s, time.perf_counter() - begin)
        self.published = published
        self.look()
        require(check_snapshot(self.path, published + 1), "the snapshot is not whole again")
        self.published = published + 1
        expected_sum = self.published - self.capacity + 1
        require(
            self._latest.delivered + self._latest.conflated == expected_sum
            and self._latest.lost == 0,
            "published = delivered + conflated + lost does not hold",
        )

    def close(self) -> None:
        """Remove the region."""
        self._latest.close()
        self._next.close()
        remove_all_of(self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
