"""The writer killed at every instruction of a write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.proof.figures import Figure
from tests.proof.kills.each_instruction import Campaign
from tests.proof.kills.killed_region import KilledRegion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proof.figures import Form


def prove(form: Form) -> Iterator[Figure]:
    """Yield how many instructions a write has, each with its kill, and the times after them."""
    factors = form.count(3, 85)
    with KilledRegion(factors) as region:
        campaign = Campaign(form, region, stride=1, first_stride=form.count(8, 1))
        for done in campaign.run():
            if done % 250 == 0:
                form.progress(f"{done} kills in a write")
        yield Figure(
            id="R4",
            what=f"kills in a write of {factors} factors ({campaign.instructions} instructions, "
            f"{campaign.changes} changes of the region), one an instruction"
            + form.count(1, 0) * " from its first change on"
            + ", each with every committed record readable and the next writer going on",
            value=campaign.fault or f"{campaign.kills} of {campaign.kills}",
            reach="all",
            is_met=not campaign.fault,
        )
        yield region.times.figure("a write")
