"""When values could be known: rules by hand, and arrays against a slow obvious reference."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from adapters.command.durations import Duration
from backtests.importing.content.publication import Publication, publish
from backtests.importing.content.states import instants_of, states_at
from backtests.importing.spec.factor_file_spec import ColumnSpec, ValidFor
from tests.support.lengths import long

if TYPE_CHECKING:
    from collections.abc import Sequence

S = 1_000_000_000
MIN = 60 * S
T0 = 1_777_410_000 * S
NAN = math.nan


def spec(**rule: str | bool | float) -> ColumnSpec:
    """Make a rule from the texts of a spec."""
    kinds: dict[str, Any] = {
        "covers": Duration,
        "every": Duration,
        "delay": Duration,
        "valid_for": ValidFor,
    }
    made: dict[str, Any] = {k: kinds[k].from_str(v) if k in kinds else v for k, v in rule.items()}
    return ColumnSpec(factor="f", **made)


def published(
    minutes: Sequence[float], values: Sequence[float], **rule: str | bool | float
) -> Publication:
    """Publish values stamped so many minutes after T0."""
    stamps = np.array([T0 + round(m * MIN) for m in minutes], np.int64)
    return publish(stamps, np.array(values), spec(**rule))


def at(publication: Publication, minute: float, plus_ns: int = 0) -> float:
    """Return the value that can be seen then."""
    instant = np.array([T0 + round(minute * MIN) + plus_ns])
    return float(states_at([publication], instant)[0, 0])


def test_instant_is_seen_at_its_stamp_and_not_a_nanosecond_earlier() -> None:
    """An instant without delay."""
    p = published([0, 15, 30], [1.0, 2.0, 3.0], instant=True)
    assert math.isnan(at(p, 0, -1))
    assert (at(p, 0), at(p, 15, -1), at(p, 15)) == (1.0, 1.0, 2.0)


def test_delay_comes_on_top() -> None:
    """Of an instant, and of the end of what a value covers."""
    p = published([0, 15], [1.0, 2.0], instant=True, delay="30s")
    assert math.isnan(at(p, 0.5, -1))
    assert at(p, 0.5) == 1.0
    p = published([0, 15], [1.0, 2.0], covers="15m", delay="30s")
    assert math.isnan(at(p, 15.5, -1))
    assert (at(p, 15.5), at(p, 30.5, -1), at(p, 30.5)) == (1.0, 1.0, 2.0)


def test_value_stamped_with_its_start_is_seen_at_its_end() -> None:
    """Taker volume stamped t covers t to t + 15 minutes."""
    p = published([0, 15, 30], [1.0, 2.0, 3.0], covers="15m")
    assert math.isnan(at(p, 0))
    assert math.isnan(at(p, 15, -1))
    assert (at(p, 15), at(p, 30, -1), at(p, 30), at(p, 45)) == (1.0, 1.0, 2.0, 3.0)


def test_value_stamped_with_its_end_is_seen_there() -> None:
    """``stamp = "end"``; holes are seen all the same."""
    p = published([15, 30, 60], [1.0, 2.0, 4.0], covers="15m", stamp="end")
    assert (at(p, 15), at(p, 30), at(p, 60)) == (1.0, 2.0, 4.0)
    assert math.isnan(at(p, 45))


def test_hole_is_nan_from_when_the_missing_value_was_due() -> None:
    """The value before it is not carried over."""
    p = published([0, 15, 45], [1.0, 2.0, 4.0], covers="15m", delay="10s")
    assert p.missing == 1
    assert at(p, 45, 10 * S - 1) == 2.0
    assert math.isnan(at(p, 45, 10 * S))
    assert math.isnan(at(p, 60, 10 * S - 1))
    assert at(p, 60, 10 * S) == 4.0


def test_nothing_is_carried_beyond_the_last_value() -> None:
    """The row after the last one is missing too."""
    p = published([0, 15], [1.0, 2.0], covers="15m")
    assert at(p, 45, -1) == 2.0
    assert math.isnan(at(p, 45))


def test_empty_value_is_nan_when_it_would_have_been_known() -> None:
    """An empty cell is a hole."""
    p = published([0, 15, 30], [1.0, NAN, 3.0], covers="15m")
    assert at(p, 30, -1) == 1.0
    assert math.isnan(at(p, 30))
    assert at(p, 45) == 3.0


def test_valid_for_carries_over_holes_and_no_longer() -> None:
    """Closing prices stand over a week-end if the spec says so."""
    p = published([0, 15, 30, 75], [1.0, 2.0, NAN, 6.0], covers="15m", valid_for="40m")
    assert (at(p, 30), at(p, 45), at(p, 70, -1)) == (2.0, 2.0, 2.0)
    assert math.isnan(at(p, 70))
    assert at(p, 90) == 6.0
    assert at(published([0], [1.0], instant=True, valid_for="forever"), 9e6) == 1.0


def test_valid_for_may_be_shorter_than_the_distance() -> None:
    """A value that is good for a minute."""
    p = published([0, 15], [1.0, 2.0], instant=True, valid_for="1m")
    assert at(p, 1, -1) == 1.0
    assert math.isnan(at(p, 1))


def test_jitter_makes_no_hole() -> None:
    """Funding stamps are some milliseconds late or early."""
    rng = np.random.default_rng(3)
    minutes = [480 * i + rng.integers(0, 12) / 60_000 for i in range(50)]
    p = published(minutes, list(range(50)), instant=True, every="8h")
    between = np.arange(p.known[0], p.known[-1], 7 * MIN)
    assert p.missing == 0
    assert not np.isnan(states_at([p], between)).any()


def test_regular_instants_show_their_holes_without_being_told() -> None:
    """Twenty stamps of 15 minutes: a missing one is seen; the distance found is said."""
    minutes = [15.0 * i for i in range(21) if i != 7]
    p = published(minutes, list(range(20)), instant=True)
    assert (str(p.every), p.every_was_found, p.missing) == ("15m", True, 1)
    assert math.isnan(at(p, 15 * 7))
    assert at(p, 15 * 8) == 7.0


def test_irregular_instants_stand_until_the_next() -> None:
    """Ticks come as they come."""
    minutes = [0, 0.1, 0.11, 0.3, 2, 2.1, 7, 7.5, 9, 11, 30]
    p = published([float(m) for m in minutes], list(range(11)), instant=True)
    assert p.every is None
    assert at(p, 29) == 9.0


def test_scale_multiplies() -> None:
    """From percent to fractions, for example."""
    assert at(published([0], [5.0], instant=True, scale=0.01), 0) == 0.05


def test_days_of_a_zone_end_when_its_clocks_say_so() -> None:
    """New York's 8 March 2026 is known after 23 hours, and the next day is no hole."""
    zone = ZoneInfo("America/New_York")
    starts = [datetime(2026, 3, d, tzinfo=zone) for d in (6, 7, 8, 9)]
    stamps = np.array([int(d.timestamp()) * S for d in starts])
    p = publish(stamps, np.arange(4.0), spec(covers="1d"), zone)
    ends = [datetime(2026, 3, d, h, tzinfo=UTC) for d, h in ((7, 5), (8, 5), (9, 4), (10, 4))]
    assert p.known.tolist() == [int(d.timestamp()) * S for d in ends]
    assert p.missing == 0
    assert p.expires[-1] == int(datetime(2026, 3, 11, 4, tzinfo=UTC).timestamp()) * S


def test_records_are_published_at_every_change_and_never_twice() -> None:
    """Known and expired instants of all factors, each once; the window's start has the state."""
    one = published([0, 15, 45], [1.0, 2.0, 4.0], covers="15m")
    two = published([15, 20], [7.0, 8.0], instant=True, valid_for="forever")
    minutes = ((instants_of([one, two]) - T0) // MIN).tolist()
    assert minutes == [15, 20, 30, 45, 60, 75]
    inside = ((instants_of([one, two], T0 + 33 * MIN) - T0) // MIN).tolist()
    assert inside == [33, 45, 60, 75]
    assert states_at([one, two], np.array([T0 + 33 * MIN])).tolist() == [[2.0, 8.0]]
    assert ((instants_of([one, two], T0) - T0) // MIN).tolist() == minutes


def test_no_factors_have_no_instants() -> None:
    """A spec of market data alone."""
    assert len(instants_of([])) == 0


def reference(
    minutes: list[int], values: list[float], rule: dict[str, int | None], instant: int
) -> float:
    """Return the value seen at a minute, by looking at each row in turn."""
    covers, every, delay, valid = (rule[k] for k in ("covers", "every", "delay", "valid_for"))
    period = covers or every
    lag = (covers or 0) + (delay or 0)
    rows = [
        (m, v) for m, v in zip(minutes, values, strict=True) if valid is None or not math.isnan(v)
    ]
    known = [(m, v) for m, v in rows if m + lag <= instant]
    if not known:
        return NAN
    stamp, value = known[-1]
    if valid is not None:
        return value if instant < stamp + lag + valid else NAN
    later = [m for m, _ in rows if m > stamp]
    is_hole = period is not None and (not later or later[0] - stamp > 1.5 * period)
    if is_hole and instant >= stamp + period + lag:  # type: ignore[operator]
        return NAN
    return value


@pytest.mark.parametrize("seed", [*range(15), *map(long, range(15, 60))])
def test_arrays_agree_with_a_slow_obvious_reference(seed: int) -> None:
    """Random series, holes, empty values, rules; every minute, and one nanosecond before it."""
    rng = np.random.default_rng(seed)
    publications, cases = [], []
    for _ in range(3):
        period = int(rng.integers(2, 20))
        n = int(rng.integers(1, 9))
        steps = rng.choice([1, 1, 1, 2, 3, 5], n) * period
        minutes = [int(m) for m in np.cumsum(steps) + rng.integers(0, 30)]
        values = [NAN if rng.random() < 0.2 else float(v) for v in rng.integers(0, 99, n)]
        rule: dict[str, int | None] = dict.fromkeys(("covers", "every", "delay", "valid_for"))
        rule["covers" if rng.random() < 0.6 else "every"] = period
        if rng.random() < 0.5:
            rule["delay"] = int(rng.integers(0, 9))
        if rng.random() < 0.4:
            rule["valid_for"] = int(rng.integers(1, 40))
        texts = {k: f"{v}m" for k, v in rule.items() if v is not None}
        is_instant = {} if rule["covers"] else {"instant": True}
        publications.append(published([float(m) for m in minutes], values, **texts, **is_instant))
        cases.append((minutes, values, rule))
    end = 400
    for minute in range(end):
        expected = [reference(*case, minute) for case in cases]
        before = [reference(*case, minute - 1) for case in cases]
        instant = T0 + minute * MIN
        seen = states_at(publications, np.array([instant - 1, instant]))
        np.testing.assert_array_equal(seen, [before, expected])
    changes = [T0 + m * MIN for m in range(end)]
    states = states_at(publications, np.array(changes))
    instants = set(instants_of(publications).tolist())
    for i in range(1, end):
        if not np.array_equal(states[i - 1], states[i], equal_nan=True):
            assert changes[i] in instants
