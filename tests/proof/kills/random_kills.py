"""Kills at random moments of a writer that writes as fast as it can."""

from __future__ import annotations

import os
import random
import time
from typing import TYPE_CHECKING, Final

from adapters.shm import RegionError
from tests.proof.figures import Figure
from tests.proof.kills.killed_region import KilledRegion
from tests.proof.region.loops import Loops
from tests.proof.region.records import BrokenRegionError
from tests.proof.region.victims import forked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proof.figures import Form

FACTORS: Final = 85
CAPACITY: Final = 256
LONGEST_LIFE_S: Final = 0.004


def prove(form: Form) -> Iterator[Figure]:
    """Yield how many kills there were, and at how many records a second."""
    loops = Loops(form)
    chance = random.Random(form.seed)  # noqa: S311 - moments, not secrets
    kills = form.count(100, 10_000)
    done, fault, lived_s = 0, "", 0.0
    with KilledRegion(FACTORS, CAPACITY) as region:
        region.most_new = 1 << 60
        begin = region.published
        has_begun, tell = os.pipe()

        def write() -> None:
            writer = region.writer()
            os.write(tell, b"1")
            loops.write(writer, 1 << 60)

        for done in range(1, kills + 1):
            with forked(write) as victim:
                os.read(has_begun, 1)
                alive = time.perf_counter()
                time.sleep(chance.uniform(0, LONGEST_LIFE_S))
                lived_s += time.perf_counter() - alive
                try:
                    region.kill(victim)
                except (BrokenRegionError, RegionError) as error:
                    fault = f"kill {done}: {error}"
                    break
            if done % 1000 == 0:
                form.progress(f"{done} random kills")
        published = region.published - begin - done
    yield Figure(
        id="R4",
        what=f"kills at random moments of a writer of {published / lived_s / 1e6:.1f} million "
        f"records of {FACTORS} factors a second",
        value=fault or f"{done} of {kills}, {published} records published meanwhile",
        reach="all",
        is_met=not fault,
    )
    yield region.times.figure("writing flat out")
