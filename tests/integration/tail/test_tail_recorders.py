"""A tail while real recorders run, are killed and start again: what they have, once, in order."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from adapters.catalog import FactorCatalog
from adapters.catalog.tailing import recording_looks
from adapters.shm import FactorReader
from tests.support.catalogs.recorders import FACTORS, publish_steadily, recorder
from tests.support.eventually import TIMEOUT_S, eventually
from tests.support.lengths import counts
from tests.support.nodes.processes import child
from tests.support.transports.tails import tailing

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

RATE: Final = 4000
RING: Final = 4096
QUICK: Final = ("--flush-s", "0.02", "--rotate-mb", "0.05")


def newest(region: Path) -> tuple[int, int]:
    """Return the newest record's stream and sequence."""
    with FactorReader(region) as reader:
        return reader.stream_id, reader.status().published


def recorded(catalog: Path) -> list[int]:
    """Return the sequences in a catalog."""
    return [n for b in FactorCatalog(catalog).batches() for n in b.sequence.tolist()]


def has_recorded(catalog: Path, sequence: int) -> bool:
    """Return whether a record is in a catalog, or a later one."""
    return max(recorded(catalog), default=0) >= sequence


@counts("kills", 1, long=10)
def test_a_reader_that_was_down_reads_on_while_recorders_are_killed(
    tmp_path: Path, region_path: Path, monkeypatch: pytest.MonkeyPatch, kills: int
) -> None:
    """Fault E09: a reader ends in the middle; meanwhile the ring is written over several times,
    and the recorder is killed and started again. Another reader begins after the first one's last
    record, and gets every record up to the newest, live ones in the end. Where a recorder came
    back later than the ring holds, the tail counts exactly what is in no recording.
    """
    # A machine that others use too may let the recorder wait for longer than a trader would.
    monkeypatch.setattr(recording_looks, "HOLE_WAIT_S", TIMEOUT_S)

    async def follow() -> None:
        with child(publish_steadily, region_path, RATE, FACTORS, RING) as producer:
            with recorder(tmp_path, region_path, *QUICK):
                producer.line()
                eventually(lambda: recorded(tmp_path), "the first recorded record")
                async with tailing(f"{tmp_path}@newest", region_path) as first:
                    await first.read_until(newest(region_path))
                stream, last = first.given[-1]
            for _ in range(kills):
                goal = newest(region_path)[1] + RING
                with recorder(tmp_path, region_path, *QUICK):
                    eventually(partial(has_recorded, tmp_path, goal), "more than a ring")
            with recorder(tmp_path, region_path, *QUICK):
                async with tailing(f"{tmp_path}@{stream:016x}:{last + 1}", region_path) as second:
                    await second.read_until(newest(region_path))
                    published = int(producer.ask("stop"))
                    await second.read_until((stream, published))
                    delivered, lost, unread = second.check_counts()
            second.check_order()
            assert {stream_id for stream_id, _ in second.given} == {stream}
            given = {n for _, n in second.given}
            assert published - last > kills * RING
            assert (delivered + lost, unread) == (published - last, 0)
            in_catalog = {n for n in recorded(tmp_path) if last < n <= published}
            assert min(in_catalog) < published - RING, "the ring alone had everything"
            assert in_catalog <= given <= set(range(last + 1, published + 1))

    asyncio.run(follow())
