"""Kills: what is lost when a side is killed with SIGKILL, and how long until others go on."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from adapters.process.child import ChildError
from live.latency.phase3.turns.turn import WARM_COUNT, WARM_HZ, Turn, begin, figures, run

if TYPE_CHECKING:
    from pathlib import Path

    from live.latency.phase3.sides.side import Side
    from live.latency.phase3.turns.cases import Built, Case

RATE_HZ: Final = 20_000
BEFORE_S: Final = 0.5
STEP_S: Final = 0.0137
"""Each kill is so much later than the one before it, so that it meets another record."""
HOLD_S: Final = 13.0
"""After a reader's death: Aeron gives a client up after 10 s."""
AFTER_COUNT: Final = 5_000
MANY: Final = 1_000_000
OPEN_LIMIT_S: Final = 30.0
RETRY_S: Final = 0.001


@dataclass(frozen=True, kw_only=True)
class ProducerKill:
    """What one kill of a producer did.

    Attributes
    ----------
    handed_over : int
        Records that it had handed over when it was killed.
    lost : int
        Those of them that never reached the reader, which lived on.
    refused : int
        How often the engine did not let the next producer in.
    until_next_ms : float
        From the kill to the first record of the next producer, a process that was up and warm,
        at the reader.
    lost_next : int
        Records of the next producer that did not arrive.

    """

    handed_over: int
    lost: int
    refused: int
    until_next_ms: float
    lost_next: int

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class ReaderKill:
    """What one kill of a reader did to the other, or to the one that took its place.

    Attributes
    ----------
    longest_gap_ms : float
        The longest time without a record at the other reader, after the kill.
    producer_held_ms : float
        The longest time that one record's hand-over took the producer.
    lost : int
        Records, from the first that it received on, that did not reach the other reader.
    takes_place : bool
        Whether the other reader opened the engine after the kill, which has room for one.

    """

    longest_gap_ms: float
    producer_held_ms: float
    lost: int
    takes_place: bool

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)


def kill_producer(case: Case, built: Built, folder: Path, number: int) -> ProducerKill:
    """Kill a producer while it sends; another one, up and warm, takes its place."""
    with Turn(case, built, folder) as turn:
        first, second = turn.producer(), turn.producer(2)
        _make_ready(second)
        rows = WARM_COUNT + int((BEFORE_S + STEP_S * number + 30) * RATE_HZ) + AFTER_COUNT + 1
        turn.open(first, turn.reader(rows, "yield"))
        run(first, WARM_HZ, WARM_COUNT)
        begin(first, RATE_HZ, MANY)
        time.sleep(BEFORE_S + STEP_S * number)
        killed_ns = time.monotonic_ns()
        first.kill()
        refused = _open_again(second, killed_ns)
        run(second, RATE_HZ, AFTER_COUNT)
        (log,) = turn.end(second, "reader")
        handed_over = turn.sent()
    return ProducerKill(
        handed_over=handed_over,
        # It may have died between a hand-over and its counting.
        lost=max(handed_over - log.count_of(1), 0),
        refused=refused,
        until_next_ms=(log.first_ns(2) - killed_ns) / 1e6,
        lost_next=AFTER_COUNT + 1 - log.count_of(2),
    )


def _make_ready(side: Side) -> None:
    """Wait until a side is up, and let it load and compile its code, but not open the engine."""
    side.expect("up")
    side.send("warm")
    side.expect("warm")


def _open_again(producer: Side, killed_ns: int) -> int:
    """Let a producer open the engine until it is let in; return how often it was refused."""
    refused = 0
    while (said := producer.ask("open")) != "ready":
        refused += 1
        if time.monotonic_ns() - killed_ns > OPEN_LIMIT_S * 1e9:
            msg = f"the next producer was refused for {OPEN_LIMIT_S:g} s: {said}"
            raise ChildError(msg)
        time.sleep(RETRY_S)
    return refused


def kill_reader(case: Case, built: Built, folder: Path) -> ReaderKill:
    """Kill one of two readers, and watch the other; or let it take the one's place."""
    count = int(HOLD_S * RATE_HZ)
    rows = WARM_COUNT + count + 1
    with Turn(case, built, folder) as turn:
        producer = turn.producer()
        victim, other = turn.reader(rows, "yield", "victim"), turn.reader(rows, "yield", "other")
        if case.has_one_reader:
            turn.open(producer, victim)
            _make_ready(other)
        else:
            turn.open(producer, victim, other)
        run(producer, WARM_HZ, WARM_COUNT)
        begin(producer, RATE_HZ, count)
        time.sleep(BEFORE_S)
        killed_ns = time.monotonic_ns()
        victim.kill()
        if case.has_one_reader:
            other.send("open")
            other.expect("ready")
        said = figures(producer, HOLD_S)
        (log,) = turn.end(producer, "other")
    first = int(log.number[0]) if len(log.number) else WARM_COUNT
    received = log.part(first, WARM_COUNT + count - first)
    return ReaderKill(
        longest_gap_ms=log.longest_gap_ns(killed_ns) / 1e6,
        producer_held_ms=said["longest_ns"] / 1e6,
        lost=received.lost,
        takes_place=case.has_one_reader,
    )
