"""The writer stopped within a write, for a while, and going on afterwards."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from adapters.shm import RegionError
from adapters.shm.source import ShmSource
from dolphin_strategies import SourceState
from tests.proof.figures import Figure
from tests.proof.kills.killed_region import KilledRegion
from tests.proof.region.records import BrokenRegionError, is_whole, require
from tests.proof.region.stepped_calls import write_between_stops
from tests.proof.region.stepping import CHANGED, Stepper, Victim, Watch
from tests.support.eventually import eventually_async

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proof.figures import Form

FACTORS: Final = 3
HALF_A_WRITE: Final = 6
"""Changes of the region."""


def prove(form: Form) -> Iterator[Figure]:
    """Yield a figure for stops at each change of the region, and one for a long stop."""
    stepper = Stepper(form)
    with KilledRegion(FACTORS) as region:
        yield _at_each_change(region, stepper)
        yield _for_a_while(form, region, stepper)


def _victim(region: KilledRegion, stepper: Stepper) -> Victim:
    return Victim(
        stepper, lambda: write_between_stops(region.path, stepper, FACTORS, region.capacity)
    )


def _at_each_change(region: KilledRegion, stepper: Stepper) -> Figure:
    """Stop after each change; look, let it go on to the end of the write, look again."""
    fault, changes, is_within = "", 0, True
    watch = Watch(region.path)
    while is_within and not fault:
        with _victim(region, stepper) as victim:
            watch.begin()
            for _ in range(changes):
                is_within = victim.step(watched=watch).why == CHANGED
            try:
                region.look()
                if is_within:
                    victim.go_on()
                region.look()
            except (BrokenRegionError, RegionError) as error:
                fault = f"stopped after change {changes}: {error}"
        region.published += 1
        changes += is_within
    return Figure(
        id="R4",
        what="stops of the writer after each change of a write, read meanwhile and when it has "
        "gone on (A20)",
        value=fault or f"{changes} of {changes}",
        reach="all",
        is_met=not fault and changes > HALF_A_WRITE,
    )


def _for_a_while(form: Form, region: KilledRegion, stepper: Stepper) -> Figure:
    """Stop in the middle of a write, for longer than a producer may be silent."""
    stopped_s = form.count(2, 10)

    async def follow(victim: Victim, newest: int) -> None:
        source = ShmSource(region.path)
        source.open(lambda: None, time.time_ns)
        try:
            f = source.read_latest()
            require(f is not None and f.sequence == newest and is_whole(f), "no last value")
            await eventually_async(lambda: source.status().state is SourceState.STALE, "stale")
            require("silent" in source.status().reason, source.status().reason)
            await asyncio.sleep(stopped_s)
            require(source.read_latest() is None, "a record out of half a write")
            victim.go_on()
            await eventually_async(lambda: source.status().pending == 1, "the record")
            f = source.read_latest()
            require(f is not None and f.sequence == newest + 1 and is_whole(f), "torn")
        finally:
            source.close()

    fault = ""
    newest = region.published
    with _victim(region, stepper) as victim:
        watch = Watch(region.path)
        for _ in range(HALF_A_WRITE):
            victim.step(watched=watch)
        try:
            asyncio.run(follow(victim, newest))
        except (BrokenRegionError, AssertionError) as error:
            fault = str(error)
    return Figure(
        id="R4",
        what=f"a writer stopped within a write until its source says stale, and {stopped_s} s on "
        "(A20)",
        value=fault or "the last value, then stale, then the next record whole",
        reach="the last value, then stale, then the next record whole",
        is_met=not fault,
    )
