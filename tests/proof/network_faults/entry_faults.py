"""F01, F04 to F08, F12: what is wrong with an entry, and with who writes it."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from adapters.hazelcast_map import HazelcastPublisher, HazelcastSource
from tests.proof.network_faults.line_faults import settings_of
from tests.proof.network_faults.observing import suffer
from tests.proof.network_faults.outcomes import Outcome
from tests.proof.network_faults.sides import ReadSide
from tests.proof.network_faults.writers import Hand, Writing, publishing
from tests.support.eventually import eventually_async
from tests.support.transports.faulty_line import FaultyLine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from adapters.hazelcast_map import HazelcastSettings
    from tests.proof.figures import Form
    from tests.support.transports.member import Member

LASTING_S: Final = 0.15
SECOND: Final = 1_000_000
"""Added to the numbers of a second publisher, of which none may be delivered."""
BAD: Final[dict[str, Any]] = {
    "F04 NaN": '{"n": NaN, "at": 1}',
    "F04 Infinity": '{"n": Infinity, "at": 1}',
    "F04 half a text": '{"n": 1, "at"',
    "F04 list": "[1, 2]",
    "F04 number": "1",
    "F04 null": "null",
    "F04 empty": "",
    "F04 BOM": "\ufeff{}",
    "F04 depth 100,000": "[" * 100_000,
    "F04 invalid UTF-8": bytearray(b'{"n": "\xff"}'),
    "F04 sequence of a wrong type": '{"n": 1, "_sequence": "x"}',
    "F04 a pickle": {"n": 1.0},
    "F06 2 MB": '{"n": ' + "1" * 2_000_000 + "}",
    "F06 10 MB": "x" * 10_000_000,
}
HUGE: Final[dict[str, Any]] = {"F06 50 MB": "x" * 50_000_000}
IN_SHORT: Final = ("F04 NaN", "F04 half a text", "F04 depth 100,000", "F04 a pickle", "F06 2 MB")
GOING: Final[dict[str, Callable[[Any, str], object]]] = {
    "F05 removed": lambda entries, key: entries.remove(key).result(),
    "F05 evicted": lambda entries, key: entries.evict(key).result(),
    "F05 map cleared": lambda entries, key: entries.clear().result(),
    "F05 map evicted": lambda entries, key: entries.evict_all().result(),
    "F05 map destroyed": lambda entries, key: entries.destroy(),
}


class NumberedHand:
    """Another program that numbers what it writes, ten times a second while it is let."""

    def __init__(self, settings: HazelcastSettings) -> None:
        self.settings: Final = settings
        self.is_writing = True
        self.number = 0
        self.hand: Final = Hand(settings)
        self._writing: Final = Writing(self._write)

    def text(self, number: int) -> str:
        """Return the state of a number."""
        now = time.time()
        return json.dumps(
            {"n": number, "at": now, "_sequence": number, "_publisher": "hand",
             "_ts_event_ns": int(now * 1e9)}
        )  # fmt: skip

    def _write(self) -> None:
        if self.is_writing:
            self.number += 1
            self.hand.set(self.settings.key, self.text(self.number))

    def put(self, value: Any) -> None:
        """Write a value, and nothing else until told."""
        self.is_writing = False
        self.hand.map().set(self.settings.key, value).result()

    def lose(self, how: Callable[[Any, str], object]) -> None:
        """Have the entry go, and write nothing until told."""
        self.is_writing = False
        how(self.hand.map(), self.settings.key)

    def go_on(self) -> None:
        """Write again."""
        self.is_writing = True

    def close(self) -> None:
        """Stop and disconnect."""
        self._writing.stop()
        self.hand.close()


class RefusingSide(ReadSide):
    """A source that tells of what it refuses, and stays live."""

    def __init__(self, name: str, source: HazelcastSource, word: str) -> None:
        super().__init__(name, source)
        self._hazelcast: Final = source
        self._word: Final = word

    def has_noticed(self) -> bool:
        """Return whether it counts refusals."""
        return self._hazelcast.counters.get(self._word, 0) > 0

    def has_since(self, unix_s: float) -> bool:
        """Return whether it is live, without a word about another, with a new value."""
        told = self.source.status().reason
        return super().has_since(unix_s) and not told and self.newest_number < SECOND


@asynccontextmanager
async def following(settings: HazelcastSettings) -> AsyncIterator[tuple[NumberedHand, list[Any]]]:
    """Give a writer of an entry and its sources."""
    async with AsyncExitStack() as stack:
        hand = NumberedHand(settings)
        stack.callback(hand.close)
        sides = [
            ReadSide("source, push", HazelcastSource(settings)),
            ReadSide("source, poll", HazelcastSource(replace(settings, mode="poll", poll_s=0.05))),
        ]
        for side in sides:
            stack.callback(side.close)
        yield hand, sides


async def entry_faults(member: Member, form: Form) -> list[Outcome]:
    """Let sources meet every wrong value, its absence, and writers who do not agree."""
    outcomes: list[Outcome] = []
    settings = settings_of(member)
    settings = replace(settings, map_name=settings.key)
    async with following(settings) as (hand, sides):
        for turn in range(form.count(1, 5)):
            values = BAD if form.is_long else {name: BAD[name] for name in IN_SHORT}
            if form.is_long and turn == 0:
                values = BAD | HUGE
            for name, value in values.items():
                outcomes += await suffer(
                    name, sides, partial(hand.put, value), hand.go_on, LASTING_S
                )
            for name, how in GOING.items():
                outcomes += await suffer(
                    name, sides, partial(hand.lose, how), hand.go_on, LASTING_S
                )
        outcomes += [
            Outcome(fault="F04, F05, F06 counted", side=s.name, uncounted=s.unaccounted())
            for s in sides
        ]
    form.progress("F04, F05, F06")
    for _ in range(form.count(1, 5)):
        found = await asyncio.gather(
            _replay(settings_of(member)),
            _two_publishers(settings_of(member)),
            _down_at_start(settings_of(member)),
            _closing(settings_of(member), member.port),
        )
        outcomes += [o for of_one in found for o in of_one]
    form.progress("F01, F07, F08, F12")
    return outcomes


async def _replay(settings: HazelcastSettings) -> list[Outcome]:
    hand = NumberedHand(settings)
    side = RefusingSide("source, push", HazelcastSource(settings), "refused_old")
    try:
        await eventually_async(lambda: hand.number > 2, "three records")
        outcomes = await suffer(
            "F08 replay", [side], lambda: hand.put(hand.text(1)), hand.go_on, LASTING_S
        )
        hand.is_writing = False
        return [*outcomes, _counted(side)]
    finally:
        side.close()
        hand.close()


def _counted(side: ReadSide) -> Outcome:
    return Outcome(fault="F07, F08 counted", side=side.name, uncounted=side.unaccounted())


async def _two_publishers(settings: HazelcastSettings) -> list[Outcome]:
    """Two write one entry: the second is refused and named; when the first ends it takes over."""
    side = RefusingSide("source, push", HazelcastSource(settings), "refused_publisher")
    second = HazelcastPublisher(settings)

    def write() -> None:
        second.write({"n": SECOND + second.written, "at": time.time()})

    writing: list[Writing] = []
    with publishing(settings):
        outcomes = await suffer(
            "F07 second publisher", [side], lambda: writing.append(Writing(write)),
            lambda: writing.pop().stop(), 1.0,
        )  # fmt: skip
        took_second = side.newest_number >= SECOND
        writing.append(Writing(write))
        await asyncio.sleep(0.5)
    begin_s = time.monotonic()
    while side.newest_number < SECOND and time.monotonic() - begin_s < 30.0:
        side.look()
        await asyncio.sleep(0.005)
    over_s = time.monotonic() - begin_s
    writing.pop().stop()
    counted = _counted(side)
    second.close()
    side.close()
    return [
        *outcomes,
        counted,
        Outcome(
            fault="F07 first one ends", side=side.name, recovered_s=over_s, stale=int(took_second)
        ),
    ]


async def _down_at_start(settings: HazelcastSettings) -> list[Outcome]:
    """Open a source and a publisher without a member, and let there be one later."""
    _, port = settings.members[0].split(":")
    with FaultyLine(int(port)) as line, publishing(settings):
        line.is_cut = True
        begin_s = time.monotonic()
        side = ReadSide(
            "source, push", HazelcastSource(replace(settings, members=(line.address,)))
        )
        opened_s = time.monotonic() - begin_s
        assert side.has_noticed()
        await asyncio.sleep(1.0)
        line.is_cut = False
        end_s, since_s = time.monotonic(), time.time()
        while not side.has_since(since_s) and time.monotonic() - end_s < 30.0:
            side.look()
            await asyncio.sleep(0.005)
        recovered_s = time.monotonic() - end_s
        side.close()
    return [
        Outcome(
            fault="F01 down at start", side=side.name, noticed_s=opened_s, recovered_s=recovered_s
        )
    ]


async def _closing(settings: HazelcastSettings, port: int) -> list[Outcome]:
    """Close a source and a publisher on a line that has fallen silent."""
    with FaultyLine(port) as line:
        behind = replace(settings, members=(line.address,))
        source, publisher = HazelcastSource(behind), HazelcastPublisher(behind)
        source.open(lambda: None, time.time_ns)
        publisher.write({"n": 1, "at": 1})
        await asyncio.to_thread(publisher.flush, 20.0)
        line.is_mute = True
        found = []
        for name, close in (("source, push", source.close), ("publisher", publisher.close)):
            begin_s = time.monotonic()
            await asyncio.to_thread(close)
            found.append(
                Outcome(
                    fault="F12 closed while mute",
                    side=name,
                    recovered_s=time.monotonic() - begin_s,
                )
            )
    return found
