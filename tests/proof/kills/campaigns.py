"""All campaigns of kills, one after another."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from tests.proof.figures import Figure
from tests.proof.kills import each_system_call, random_kills, stops, write_campaign
from tests.proof.kills.each_instruction import Campaign
from tests.proof.kills.killed_region import KilledRegion
from tests.proof.kills.sleeper import Sleeper

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proof.figures import Form


def prove(form: Form) -> Iterator[Figure]:
    """Yield the figures of all of them."""
    # Forks share what the collector does not touch.
    gc.freeze()
    yield from write_campaign.prove(form)
    yield from _wake_ups(form)
    yield from stops.prove(form)
    yield from each_system_call.prove(form)
    yield from random_kills.prove(form)


def _wake_ups(form: Form) -> Iterator[Figure]:
    with KilledRegion(3) as region:
        sleeper = Sleeper(region.path)
        try:
            campaign = Campaign(
                form, region, sleeper, stride=form.count(13, 1), first_stride=form.count(13, 1)
            )
            for done in campaign.run():
                if done % 250 == 0:
                    form.progress(f"{done} kills in a wake-up")
        finally:
            sleeper.close()
        yield Figure(
            id="R4",
            what=f"kills in a write that wakes a reader ({campaign.instructions} instructions), "
            "each also with the reader awake at the next record",
            value=campaign.fault or f"{campaign.kills} of {campaign.kills}",
            reach="all",
            is_met=not campaign.fault,
        )
        yield region.times.figure("a wake-up")
