"""F01, F02, F03: a member that is down, killed, stopped, and lines to it that fail."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from adapters.hazelcast_map import HazelcastSettings, HazelcastSource
from tests.proof.network_faults.memory import Growth
from tests.proof.network_faults.observing import suffer
from tests.proof.network_faults.outcomes import Outcome
from tests.proof.network_faults.sides import BridgeSide, PublisherSide, ReadSide
from tests.proof.network_faults.writers import hand_writing, publishing
from tests.support.transports.faulty_line import FaultyLine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.proof.figures import Form
    from tests.support.transports.member import Member

SHORT_S: Final = 1.0
LONG_S: Final = 5.0
"""Longer than it takes until a connection is given up, so that new ones are tried meanwhile."""
ON_THE_LINE: Final[dict[str, dict[str, Any]]] = {
    "half-open, both ways": {"is_mute": True},
    "half-open, member unheard": {"hears_member": False},
    "half-open, client unheard": {"hears_client": False},
    "answers 1.5 s late": {"delay_s": 1.5},
    "answers 5 s late": {"delay_s": 5.0},
    "answers 30 s late": {"delay_s": 30.0},
    "20 bytes a second": {"bytes_per_s": 20.0},
    "reset in a message": {"breaks_messages": True},
    "cut": {"is_cut": True},
}
IN_SHORT: Final = ("half-open, member unheard", "answers 1.5 s late", "reset in a message")
WELL: Final[dict[str, Any]] = {
    "is_mute": False, "hears_member": True, "hears_client": True, "delay_s": 0.0,
    "bytes_per_s": float("inf"), "breaks_messages": False, "is_cut": False,
}  # fmt: skip


def settings_of(member: Member) -> HazelcastSettings:
    """Name an entry of its own at the member."""
    return HazelcastSettings(
        members=(member.address,), cluster=member.cluster, key=f"proof-{uuid4().hex}"
    )


@asynccontextmanager
async def all_sides(member: Member, line: FaultyLine, form: Form) -> AsyncIterator[list[Any]]:
    """Give every side behind the line; the writers reach the member without it."""
    stamped, by_hand, own = (settings_of(member) for _ in range(3))

    def behind(settings: HazelcastSettings, **options: Any) -> HazelcastSettings:
        return replace(settings, members=(line.address,), **options)

    url = f"hazelcast://{line.address}/{stamped.map_name}/{stamped.key}?cluster={stamped.cluster}"
    async with AsyncExitStack() as stack:
        publisher = stack.enter_context(publishing(stamped))
        stack.enter_context(hand_writing(by_hand))
        sides: list[ReadSide | PublisherSide] = [
            ReadSide("source, push", HazelcastSource(behind(stamped))),
            ReadSide("source, poll", HazelcastSource(behind(stamped, mode="poll", poll_s=1.0))),
            ReadSide("source, no stamps", HazelcastSource(behind(by_hand))),
            PublisherSide(behind(own), own),
            BridgeSide(url, form.folder / f"region_{uuid4().hex}"),
        ]
        for side in sides:
            stack.callback(side.close)
        yield sides
        publisher.flush(20.0)


def _faults(form: Form) -> Iterator[tuple[str, float]]:
    """Give each fault and how long it lasts: a late answer has to come while it does."""
    for name in ON_THE_LINE if form.is_long else IN_SHORT:
        late_s = 1.0 + ON_THE_LINE[name].get("delay_s", 0.0)
        yield name, LONG_S if form.is_long else max(SHORT_S, late_s)


async def line_faults(member: Member, form: Form) -> list[Outcome]:
    """Let every side meet every fault of a line and of a member, and count what is missing."""
    outcomes: list[Outcome] = []
    with FaultyLine(member.port) as line:

        def change(changes: dict[str, Any]) -> None:
            for name, value in changes.items():
                setattr(line, name, value)

        async with all_sides(member, line, form) as sides:
            growth = Growth({"this process": os.getpid(), "bridge": sides[-1].process.pid})
            for _ in range(form.count(1, 5)):
                for name, lasting_s in _faults(form):
                    fault = "F02" if name == "cut" else "F03"
                    outcomes += await suffer(
                        f"{fault} {name}", sides, partial(change, ON_THE_LINE[name]),
                        lambda: change(WELL), lasting_s,
                    )  # fmt: skip
                    form.progress(f"{fault} {name}")
                outcomes += await suffer(
                    "F03 member stopped", sides, lambda: member.signal(signal.SIGSTOP),
                    lambda: member.signal(signal.SIGCONT), SHORT_S,
                )  # fmt: skip
                outcomes += await suffer(
                    "F02 member killed, back empty", sides, member.kill,
                    lambda: asyncio.to_thread(member.start), SHORT_S,
                )  # fmt: skip
                form.progress("F03 member stopped, F02 member killed")
                growth.mark()
            outcomes += growth.outcomes("F02, F03 memory")
            outcomes += await _counts(sides)
    return outcomes


async def _counts(sides: list[Any]) -> list[Outcome]:
    """Return what is missing after all of them."""
    return [
        Outcome(
            fault="F02, F03 all of them, counted",
            side=side.name,
            uncounted=await asyncio.to_thread(side.unaccounted),
        )
        for side in sides
    ]
