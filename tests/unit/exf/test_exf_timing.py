"""Clock skew, rate limits and the schedule, on clocks that the tests set."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from adapters.exf.polling.cadence import SLOT_S, Cadence
from adapters.exf.polling.clock_skew import ClockSkew
from adapters.exf.polling.http_client import LONGEST_RETRY_AFTER_S, retry_after_s
from adapters.exf.polling.venue_host import BURST_S, USED_SHARE, VenueHost

S, MS = 1_000_000_000, 1_000_000
WALL = 1_780_000_000 * S


class Clock:
    """A clock that moves when told."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def learned(offset_ns: int, answers: int, resolution_ns: int, seed: int = 1) -> ClockSkew:
    """Return what is known of a clock that is off, after answers of up to 60 ms each."""
    random_number = random.Random(seed)  # noqa: S311 - a test's
    skew = ClockSkew()
    for i in range(answers):
        sent = WALL + i * S // 2 + random_number.randrange(S // 2)
        latency = random_number.randrange(5 * MS, 60 * MS)
        server = sent + random_number.randrange(latency) + offset_ns
        skew.learn(
            server // resolution_ns * resolution_ns,
            resolution_ns,
            sent,
            sent + latency,
            sent + latency - WALL,
        )
    return skew


@pytest.mark.parametrize("offset_s", [-10.0, -0.4, 0.0, 2.5, 10.0])
def test_whole_seconds_tell_a_skew_to_some_milliseconds(offset_s: float) -> None:
    """Many Date headers bound it closer than any one of them."""
    skew = learned(int(offset_s * S), 400, S)
    assert skew.is_known
    assert abs(skew.skew_ns - offset_s * S) <= 100 * MS
    assert skew.uncertainty_ns < 100 * MS


def test_a_clock_is_taken_to_be_right_until_proven_wrong() -> None:
    """One Date header allows a second; 0 explains it."""
    skew = learned(0, 1, S)
    assert skew.skew_ns == 0
    assert skew.uncertainty_ns > 400 * MS


def test_a_clock_that_is_set_is_learned_anew() -> None:
    """Fault G06: answers that contradict the old bounds and agree for two seconds replace them."""
    skew = learned(0, 50, MS)
    for step in range(5):
        assert abs(skew.skew_ns) <= 60 * MS
        mono = (50 + step) * S // 2
        now = WALL + mono
        skew.learn(now + 3600 * S, MS, now - 20 * MS, now, mono)
    assert abs(skew.skew_ns - 3600 * S) <= 21 * MS


@pytest.mark.parametrize("resolution_ns", [MS, S])
def test_answers_out_of_a_cache_do_not_set_the_clock(resolution_ns: int) -> None:
    """Fault G03: the same old time again and again, alone or among others."""
    for has_others in (False, True):
        skew = learned(0, 50, resolution_ns)
        for step in range(40):
            mono = (50 + step) * S // 2
            now = WALL + mono
            skew.learn(WALL - 3600 * S, resolution_ns, now - 20 * MS, now, mono)
            if has_others:
                stated = now // resolution_ns * resolution_ns
                skew.learn(stated, resolution_ns, now - 20 * MS, now, mono)
            assert abs(skew.skew_ns) <= 60 * MS


def test_this_machines_clock_may_be_set() -> None:
    """Fault G06: the monotonic clock shows it, so that not one answer is misjudged."""
    skew = learned(0, 50, MS)
    for step, offset in enumerate((0, 3600 * S, 3600 * S, -3600 * S)):
        mono = (50 + step) * S // 2
        now = WALL + mono
        skew.learn(now, MS, now + offset - 20 * MS, now + offset, mono)
        assert abs(skew.skew_ns + offset) <= 60 * MS


def test_a_host_is_asked_no_more_than_its_limit_allows() -> None:
    """1200 a minute, 80 % of it: 16 a second and a burst of 160."""
    clock = Clock()
    host = VenueHost("x", "http://x", 1200, clock)
    taken = 0
    for step in range(6000):
        clock.now_s = step * 0.01
        taken += host.take(1)
    limit = 1200 * USED_SHARE / 60
    assert limit * 60 * 0.99 <= taken <= limit * (60 + BURST_S)


def test_a_request_dearer_than_the_burst_is_still_possible() -> None:
    """After the burst has filled up."""
    clock = Clock()
    host = VenueHost("x", "http://x", 60, clock)
    assert host.take(20)
    assert not host.take(20)
    clock.now_s = 60
    assert host.take(20)


def test_pauses_grow_until_the_host_answers() -> None:
    """Without Retry-After: 1, 2, 4, ... at most a minute or so; with it: what was asked."""
    clock = Clock()
    host = VenueHost("x", "http://x", None, clock)
    pauses = [host.pause(None) for _ in range(10)]
    assert 1 <= pauses[0] <= 1.2
    assert all(b > a * 1.5 for a, b in pairwise(pauses[:5]))
    assert max(pauses) <= 72
    host.succeeded()
    assert host.pause(None) <= 1.2
    clock.now_s = 1000
    assert host.pause(5.0) == 5.0
    assert host.pause_left_s == pytest.approx(5.0)
    clock.now_s = 1005
    assert host.pause_left_s == 0


def test_a_short_pause_does_not_end_a_long_one() -> None:
    """Answers to requests that were under way come in any order."""
    host = VenueHost("x", "http://x", None, Clock())
    host.pause(100.0)
    host.pause(1.0)
    assert host.pause_left_s == pytest.approx(100.0)


@pytest.mark.parametrize(
    ("header", "expected"),
    [("3", 3.0), ("0", 0.0), ("1.5", 1.5), ("-5", 0.0), ("1e12", LONGEST_RETRY_AFTER_S),
     ("Thu, 01 Jan 1970 00:01:40 GMT", 40.0), ("soon", None), ("", None), ("nan", None),
     (None, None), ("Thu, 01 Jan 1960 00:00:00 GMT", 0.0)],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date(header: str | None, expected: float | None) -> None:
    """Whatever it holds, the wait is none, or between 0 and three days."""
    assert retry_after_s(header, 60.0) == expected


def test_a_cadence_keeps_to_its_grid() -> None:
    """Answers of any length do not shift it; what was missed is counted and not made up for."""
    cadence = Cadence(0.5, 100.0)
    first = cadence.due_s
    assert 100.0 <= first <= 100.5 + SLOT_S
    assert cadence.advance(first + 0.3) == 0
    assert cadence.due_s == pytest.approx(first + 0.5)
    assert cadence.advance(first + 2.6) == 4
    assert cadence.due_s == pytest.approx(first + 3.0)


def test_phases_are_spread_over_the_period() -> None:
    """Sources of one host do not ask in the same instant."""
    phases = [Cadence(0.5, 0.0).due_s for _ in range(500)]
    assert min(phases) < 0.1
    assert max(phases) > 0.4
    assert len({round(phase / SLOT_S) for phase in phases}) == 10


def test_a_failing_source_is_asked_less_often_and_a_dead_one_found_alive_within_5_s() -> None:
    """0.5, 1, 2, 4, 4, ... seconds, each a little more; a slow source at its own period."""
    cadence = Cadence(0.5, 0.0)
    delays = []
    for failures in range(1, 12):
        cadence.retry(100.0, failures)
        delays.append(cadence.due_s - 100.0)
    assert delays[0] < delays[1] < delays[2] < delays[3]
    assert all(4.0 <= d <= 4.8 + SLOT_S for d in delays[3:])
    slow = Cadence(30.0, 0.0)
    slow.retry(100.0, 1)
    assert slow.due_s - 100.0 < 1
    slow.retry(100.0, 50)
    assert 30.0 <= slow.due_s - 100.0 <= 36.0 + SLOT_S
