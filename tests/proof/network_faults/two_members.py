"""F02, F03, F07 with two members: one is killed or stopped, or the cluster splits and merges."""

from __future__ import annotations

import asyncio
import signal
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from adapters.hazelcast_map import HazelcastSettings, HazelcastSource
from tests.proof.network_faults.observing import suffer
from tests.proof.network_faults.outcomes import Outcome
from tests.proof.network_faults.sides import PublisherSide, ReadSide
from tests.proof.network_faults.writers import publishing
from tests.support.transports.member_pair import MemberPair

if TYPE_CHECKING:
    from tests.proof.figures import Form

SPLIT_S: Final = 8.0
CLUSTER: Final = "the cluster drops a silent member after 3 s"
HALF: Final = "its half answers; no new value is told after 3 s, and merging takes 3 to 5 s"


def settings_of(pair: MemberPair, *order: int) -> HazelcastSettings:
    """Name an entry of its own, at one or both of the members."""
    return HazelcastSettings(
        members=tuple(pair.addresses[at] for at in order),
        cluster=pair.cluster,
        key=f"proof-{uuid4().hex}",
    )


async def two_members(form: Form) -> list[Outcome]:
    """Let the member that everybody uses be stopped or killed: the other one serves them."""
    outcomes: list[Outcome] = []
    for _ in range(form.count(1, 5)):
        for number, by_design in ((signal.SIGKILL, ""), (signal.SIGSTOP, CLUSTER)):
            with MemberPair() as pair, ExitStack() as stack:
                both, own = settings_of(pair, 0, 1), settings_of(pair, 0, 1)
                second = replace(own, members=both.members[1:])
                stack.enter_context(publishing(both))
                sides: list[ReadSide | PublisherSide] = [
                    ReadSide("source, push", HazelcastSource(both)),
                    ReadSide("source, poll", HazelcastSource(replace(both, mode="poll"))),
                    PublisherSide(own, second),
                ]
                for side in sides:
                    stack.callback(side.close)
                outcomes += await suffer(
                    f"F02 one of two members {number.name}", sides,
                    partial(pair.signal, 0, number), lambda: None, 0.0, by_design=by_design,
                )  # fmt: skip
                pair.signal(0, signal.SIGCONT)
                outcomes += [
                    Outcome(
                        fault="F02 two members, counted", side=side.name,
                        uncounted=await asyncio.to_thread(side.unaccounted),
                    )
                    for side in sides
                ]  # fmt: skip
            form.progress(f"F02 one of two members: {number.name}")
    return outcomes


async def split_brain(form: Form) -> list[Outcome]:
    """Split the cluster while each half has a publisher of its own, and let it merge."""
    outcomes: list[Outcome] = []
    for _ in range(form.count(1, 5)):
        with MemberPair() as pair, ExitStack() as stack:
            first = settings_of(pair, 0)
            second = replace(first, members=settings_of(pair, 1).members)
            stack.enter_context(publishing(second))
            reader = ReadSide("source, other half", HazelcastSource(first))
            stack.callback(reader.close)
            outcomes += await suffer(
                "F07 split, publisher in the other half", [reader], pair.split, pair.join,
                SPLIT_S, by_design=HALF,
            )  # fmt: skip
            rivals = ReadSide("source, two publishers", HazelcastSource(first))
            stack.callback(rivals.close)
            with publishing(first):
                pair.split()
                await asyncio.sleep(SPLIT_S)
                rivals.look()
                pair.join()
                await asyncio.to_thread(pair.wait_for, 0, members=2)
                await asyncio.sleep(SPLIT_S)
            outcomes += [
                Outcome(
                    fault="F07 split, a publisher in each half", side=side.name,
                    uncounted=await asyncio.to_thread(side.unaccounted), stale=side.stale,
                )
                for side in (reader, rivals)
            ]  # fmt: skip
        form.progress("F07 split")
    return outcomes
