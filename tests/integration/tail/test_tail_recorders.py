"""A tail while real recorders run, are killed and start again: nothing missing, nothing twice."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from adapters.catalog import FactorCatalog
from adapters.shm import FactorReader
from tests.support.catalogs.recorders import FACTORS, publish_steadily, recorder
from tests.support.eventually import eventually
from tests.support.nodes.processes import child
from tests.support.transports.tails import tailing

if TYPE_CHECKING:
    from pathlib import Path

RATE: Final = 4000
RING: Final = 4096
KILLS: Final = 3
QUICK: Final = ("--flush-s", "0.02", "--rotate-mb", "0.05", "--quiet")


def newest(region: Path) -> tuple[int, int]:
    """Return the newest record's stream and sequence."""
    with FactorReader(region) as reader:
        return reader.stream_id, reader.status().published


def recorded(catalog: Path) -> int:
    """Return the last sequence in a catalog."""
    batches = FactorCatalog(catalog).batches()
    return max((int(b.sequence[-1]) for b in batches), default=0)


def has_recorded(catalog: Path, sequence: int) -> bool:
    """Return whether a record is in a catalog."""
    return recorded(catalog) >= sequence


def test_a_reader_that_was_down_reads_on_while_recorders_are_killed(
    tmp_path: Path, region_path: Path
) -> None:
    """A reader ends in the middle; meanwhile the ring is written over several times, and the
    recorder is killed and started again. Another reader begins after the first one's last record,
    and gets every record up to the newest, live ones in the end.
    """

    async def follow() -> None:
        with child(publish_steadily, region_path, RATE, FACTORS, RING) as producer:
            with recorder(tmp_path, region_path, *QUICK[:4]):
                producer.line()
                eventually(lambda: recorded(tmp_path), "the first recorded record")
                async with tailing(f"{tmp_path}@newest", region_path) as first:
                    await first.read_until(newest(region_path))
                stream, last = first.given[-1]
            for _ in range(KILLS):
                goal = newest(region_path)[1] + RING
                with recorder(tmp_path, region_path, *QUICK[:4]):
                    eventually(partial(has_recorded, tmp_path, goal), "more than a ring")
            with recorder(tmp_path, region_path, *QUICK[:4]):
                async with tailing(f"{tmp_path}@{stream:016x}:{last + 1}", region_path) as second:
                    await second.read_until(newest(region_path))
                    published = int(producer.ask("stop"))
                    await second.read_until((stream, published))
                    assert published - last > KILLS * RING
                    assert second.given == [(stream, n) for n in range(last + 1, published + 1)]
                    assert second.check_counts() == (published - last, 0, 0)

    asyncio.run(follow())
