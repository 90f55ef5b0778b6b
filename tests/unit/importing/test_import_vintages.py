"""Revised series by hand: which value was known at which instant."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pytest

from adapters.command.durations import Duration
from backtests.importing.content.states import instants_of, states_at
from backtests.importing.content.vintages import publish_vintages
from backtests.importing.spec.factor_file_spec import ColumnSpec, ValidFor
from tests.support.lengths import long

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backtests.importing.content.publication import Publication

DAY: Final = 86_400_000_000_000
T0: Final = 20_000 * DAY
NAN: Final = math.nan
KINDS: Final[dict[str, Any]] = {
    "covers": Duration,
    "every": Duration,
    "delay": Duration,
    "valid_for": ValidFor,
}
type Row = tuple[float, float, float]
"""Days after T0 of the stamp and of the publication, and the value."""


def published(rows: Sequence[Row], **rule: Any) -> Publication:
    """Publish rows in the order in which a file gives them."""
    rows = sorted(rows, key=lambda row: row[:2])
    stamps, known = (np.array([T0 + round(row[i] * DAY) for row in rows]) for i in (0, 1))
    made = {k: KINDS[k].from_str(v) if k in KINDS else v for k, v in rule.items()}
    values = np.array([row[2] for row in rows], np.float64)
    return publish_vintages(stamps, known, values, ColumnSpec(factor="f", **made))


def at(publication: Publication, day: float, plus_ns: int = 0) -> float:
    """Return the value that was known then."""
    return float(states_at([publication], np.array([T0 + round(day * DAY) + plus_ns]))[0, 0])


def changes(publication: Publication) -> list[tuple[float, float]]:
    """Return every instant at which the value changes, in days after T0, with the value."""
    instants = instants_of([publication])
    values = states_at([publication], instants)[:, 0]
    return [((int(i) - T0) / DAY, float(v)) for i, v in zip(instants, values, strict=True)]


def test_a_revision_replaces_the_value_from_its_publication_on_and_never_before() -> None:
    """To the nanosecond; the delay comes on top of each publication."""
    p = published([(0, 10, 1.0), (0, 20, 1.5), (0, 25, 1.25)], delay="12h")
    assert math.isnan(at(p, 10.5, -1))
    assert [at(p, 10.5), at(p, 20.5, -1), at(p, 20.5)] == [1.0, 1.0, 1.5]
    assert [at(p, 25.5, -1), at(p, 25.5), at(p, 9_999)] == [1.5, 1.25, 1.25]
    assert p.revisions is not None
    assert (p.revisions.count, p.revisions.late) == (2, 0)


def test_a_late_revision_of_an_older_stamp_does_not_displace_the_newer_one() -> None:
    """It is counted; a revision of the newer one does."""
    rows: list[Row] = [(0, 10, 1.0), (30, 40, 2.0), (0, 50, 9.0), (30, 60, 2.5), (0, 70, 8.0)]
    p = published(rows)
    assert changes(p) == [(10, 1.0), (40, 2.0), (60, 2.5)]
    assert p.revisions is not None
    assert (p.revisions.count, p.revisions.late) == (1, 2)


def test_of_a_whole_history_published_at_once_only_the_newest_stamp_was_news() -> None:
    """The first file of an archive: nobody knew the older values at their own time."""
    rows: list[Row] = [(float(d), 100.0, float(d)) for d in range(0, 90, 30)] + [(90, 105, 90.0)]
    p = published(rows)
    assert changes(p) == [(100, 60.0), (105, 90.0)]
    assert p.revisions is not None
    assert p.revisions.late == 2


def test_an_annual_revision_changes_the_newest_stamp_only() -> None:
    """All months are published again at one instant."""
    rows: list[Row] = [(30.0 * m, 30.0 * m + 40, float(m)) for m in range(4)]
    rows += [(30.0 * m, 140.0, m + 0.5) for m in range(4)]
    p = published(rows)
    assert changes(p) == [(40, 0.0), (70, 1.0), (100, 2.0), (130, 3.0), (140, 3.5)]


def test_a_stamp_first_published_after_a_newer_one_is_late() -> None:
    """Some provinces report in another order; the newer stands."""
    p = published([(0, 10, 1.0), (60, 70, 3.0), (30, 75, 2.0)])
    assert changes(p) == [(10, 1.0), (70, 3.0)]


def test_a_withdrawn_value_is_nan_from_then_on() -> None:
    """An empty cell is a gap, until a value is published again; with valid_for it is skipped."""
    rows: list[Row] = [(0, 10, 1.0), (0, 12, NAN), (0, 15, 1.1)]
    np.testing.assert_equal(changes(published(rows)), [(10, 1.0), (12, NAN), (15, 1.1)])
    assert changes(published(rows, valid_for="forever")) == [(10, 1.0), (15, 1.1)]


def test_first_releases_are_never_revised() -> None:
    """A publication without a value is none, unless the stamp has no other."""
    rows: list[Row] = [
        (0, 10, NAN),
        (0, 12, 1.0),
        (0, 15, 1.1),
        (30, 40, 2.0),
        (0, 41, 1.2),
        (60, 70, NAN),
        (60, 71, NAN),
    ]
    p = published(rows, vintages="first")
    np.testing.assert_equal(changes(p), [(12, 1.0), (40, 2.0), (70, NAN)])


def test_latest_vintages_are_the_last_revisions_at_the_first_publication() -> None:
    """As a file without vintages has them, which is the look-ahead that it is named."""
    rows: list[Row] = [(0, 10, 1.0), (0, 15, 1.1), (30, 40, 2.0), (0, 41, 1.2), (30, 50, NAN)]
    assert changes(published(rows, vintages="latest")) == [(10, 1.2), (40, 2.0)]


def test_a_value_stands_for_one_and_a_half_intervals_after_its_first_publication() -> None:
    """A revision does not prolong it; the next value may be half an interval late."""
    rows: list[Row] = [(0, 10, 1.0), (0, 15, 1.1), (30, 47, 2.0), (120, 130, 5.0), (120, 150, 5.1)]
    p = published(rows, covers="30d")
    assert p.missing == 2
    expected = [(10, 1.0), (15, 1.1), (47, 2.0), (92, NAN), (130, 5.0), (150, 5.1), (175, NAN)]
    np.testing.assert_equal(changes(p), expected)


def test_a_stamp_that_came_too_late_leaves_its_hole() -> None:
    """When it was due nobody had it, though the file has it now."""
    rows: list[Row] = [(0, 10, 1.0), (60, 70, 3.0), (30, 75, 2.0)]
    p = published(rows, every="30d")
    assert p.missing == 0
    np.testing.assert_equal(changes(p), [(10, 1.0), (55, NAN), (70, 3.0), (115, NAN)])


def test_a_revision_of_a_value_that_is_no_longer_valid_shows_nothing() -> None:
    """The next stamp was due long before."""
    rows: list[Row] = [(0, 10, 1.0), (0, 60, 1.5), (90, 100, 4.0)]
    p = published(rows, every="30d")
    assert math.isnan(at(p, 60))
    assert (at(p, 55, -1), at(p, 100)) == (1.0, 4.0)


@pytest.mark.parametrize("rule", [{"every": "30d"}, {"covers": "30d"}, {"valid_for": "40d"}])
def test_what_was_known_does_not_depend_on_what_comes_later(rule: dict[str, str]) -> None:
    """Every beginning of the file gives the same values up to its end."""
    rng = np.random.default_rng(5)
    rows: list[Row] = [
        (30.0 * m, 30.0 * m + 31 + int(rng.integers(0, 90)), float(m)) for m in range(12)
    ]
    rows.sort(key=lambda row: row[1])
    whole = published(rows, **rule)
    for count in range(1, len(rows)):
        part = published(rows[:count], **rule)
        for day in range(30, int(rows[count][1])):
            np.testing.assert_equal(at(part, day), at(whole, day))


def test_valid_for_counts_from_each_publication() -> None:
    """Also over the next stamp that has no value."""
    rows: list[Row] = [(0, 10, 1.0), (0, 14, 1.5), (30, 16, NAN), (60, 70, 3.0)]
    p = published(rows, valid_for="5d")
    np.testing.assert_equal(changes(p), [(10, 1.0), (14, 1.5), (19, NAN), (70, 3.0), (75, NAN)])


def test_regular_stamps_show_their_holes_without_being_told() -> None:
    """Months are regular enough, however often each was published."""
    rows: list[Row] = []
    for month in (*range(8), *range(9, 14)):
        rows += [(30.4 * month, 30.4 * month + 40 + n, float(month)) for n in range(3)]
    p = published(rows)
    assert p.every_was_found
    assert p.missing == 1
    assert at(p, 30.4 * 7 + 40 + 45.5) == 7.0
    assert math.isnan(at(p, 30.4 * 7 + 40 + 45.7))


def reference(rows: Sequence[Row], vintages: str, delay: float, day: float) -> float:
    """Return what was known on a day, by looking at each row in turn."""
    seen: dict[float, list[tuple[float, float]]] = {}
    for stamp, known, value in sorted(rows, key=lambda row: row[1]):
        if known + delay <= day:
            seen.setdefault(stamp, []).append((known, value))
    if not seen:
        return NAN
    of_newest = seen[max(seen)]
    return of_newest[-1][1] if vintages == "all" else of_newest[0][1]


@pytest.mark.parametrize("seed", [*range(10), *map(long, range(10, 40))])
def test_arrays_agree_with_a_slow_obvious_reference(seed: int) -> None:
    """Random publications of random stamps, in any order, whole archives at one instant too."""
    rng = np.random.default_rng(seed)
    pairs = {(int(s), int(s + rng.integers(0, 60))) for s in rng.integers(0, 9, 60) * 10}
    rows: list[Row] = [(float(s), float(k), float(rng.integers(1, 99))) for s, k in pairs]
    delay = int(rng.integers(0, 3))
    for vintages in ("all", "first"):
        p = published(rows, vintages=vintages, delay=f"{delay}d", valid_for="forever")
        for day in range(160):
            expected = [reference(rows, vintages, delay, d) for d in (day - 1, day)]
            np.testing.assert_equal([at(p, day, -1), at(p, day)], expected)


def test_published_25_times_over_a_month() -> None:
    """One stamp, a publication a day: each is known from its own instant until the next."""
    rows: list[Row] = [(0.0, 30.0 + n, 100.0 + n) for n in range(25)]
    rows.append((30.0, 60.0, 200.0))
    p = published(rows, delay="1h")
    hour = 1 / 24
    expected = [(30 + n + hour, 100.0 + n) for n in range(25)] + [(60 + hour, 200.0)]
    np.testing.assert_allclose(changes(p), expected, rtol=1e-12)
    assert [at(p, 30 + n + hour, -1) for n in range(1, 25)] == [99.0 + n for n in range(1, 25)]
    assert p.revisions is not None
    assert (p.revisions.count, p.revisions.late) == (24, 0)
