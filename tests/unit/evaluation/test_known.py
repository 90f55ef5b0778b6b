"""Values and prices at the instants at which they were known, and sampling."""

from __future__ import annotations

import numpy as np
import pytest

from adapters.command.durations import DAY_NS
from backtests.evaluation.inputs.known_factors import KnownFactors
from backtests.evaluation.inputs.sampling import make_sampling
from backtests.evaluation.inputs.time_groups import hours, months, regimes
from backtests.evaluation.inputs.traded_prices import KnownPrices, NextPrices
from dolphin_strategies.errors import ConfigError
from dolphin_strategies.factors.batch import FactorBatch
from dolphin_strategies.factors.schema import FactorSchema

NAN = float("nan")
MINUTE_NS = 60_000_000_000


def batch(ts: list[int], **columns: list[float]) -> FactorBatch:
    """Return records of some factors."""
    stamps = np.array(ts, np.int64)
    return FactorBatch(
        schema=FactorSchema(columns),
        sequence=np.arange(1, len(ts) + 1, dtype=np.uint64),
        ts_event=stamps,
        ts_init=stamps,
        values=np.ascontiguousarray(np.array([*columns.values()]).T),
    )


def test_a_value_counts_from_its_ts_init_until_the_next_record() -> None:
    """At the instant itself too, never before; a record without value ends it."""
    known = KnownFactors(["a"], np.array([9, 10, 11, 20, 25]), np.array([100]))
    known.take(batch([10, 20], a=[1.0, NAN]))
    known.take(batch([25], a=[3.0]))
    known.finish()
    np.testing.assert_array_equal(known.values[:, 0], [NAN, 1.0, 1.0, NAN, 3.0])
    assert (known.records[0], known.distinct[0]) == (2, 2)


def test_a_record_that_lacks_a_factor_says_nothing_about_it() -> None:
    """Two recordings with factors of their own, mixed in time."""
    known = KnownFactors(["a", "b"], np.arange(10, 60, 10), np.array([1_000, 1_000]))
    known.take(batch([10], a=[1.0]))
    known.take(batch([20], b=[2.0]))
    known.take(batch([30, 40], a=[3.0, 4.0]))
    known.finish()
    np.testing.assert_array_equal(known.values[:, 0], [1, 1, 3, 4, 4])
    np.testing.assert_array_equal(known.values[:, 1], [NAN, 2, 2, 2, 2])


def test_a_value_holds_no_longer_than_its_age() -> None:
    """Within a batch, between two, and after the last."""
    known = KnownFactors(["a"], np.arange(0, 100, 10), np.array([15]))
    known.take(batch([0, 40], a=[1.0, 2.0]))
    known.take(batch([70], a=[3.0]))
    known.finish()
    expected = [1, 1, NAN, NAN, 2, 2, NAN, 3, 3, NAN]
    np.testing.assert_array_equal(known.values[:, 0], expected)


@pytest.mark.parametrize("pieces", [1, 2, 5])
def test_the_next_price_is_strictly_after_and_the_known_one_at_or_before(pieces: int) -> None:
    """However the prices are cut into pieces."""
    ts, prices = np.array([10, 20, 20, 30, 90]), np.arange(1.0, 6.0)
    instants = np.array([5, 10, 19, 20, 29, 30, 50, 95])
    later, known = NextPrices(instants, 15), KnownPrices(instants, 15)
    for at in np.array_split(np.arange(5), pieces):
        later.take(ts[at], prices[at])
        known.take(ts[at], prices[at])
    known.finish()
    np.testing.assert_array_equal(later.prices, [1, 2, 2, 4, 4, NAN, NAN, NAN])
    np.testing.assert_array_equal(known.prices, [NAN, 1, 1, 3, 3, 4, NAN, 5])


def test_default_horizons_fit_the_data() -> None:
    """From the distance of prices to a twentieth of the window, eight at most."""
    made = make_sampling((0, 365 * DAY_NS), 5 * MINUTE_NS, None, None, None)
    assert [ns // MINUTE_NS for ns in made.horizons_ns] == [5, 15, 30, 60, 120, 240, 480, 1_440]
    assert made.step_ns == 5 * MINUTE_NS
    assert len(made.instants) == 365 * 288
    assert made.delays_ns[:2] == (0, 5 * MINUTE_NS)


@pytest.mark.parametrize(
    ("step", "horizons", "what"),
    [
        (MINUTE_NS, [90_000_000_000], "multiples of --step"),
        (DAY_NS, None, "instants|horizon"),
        (MINUTE_NS, [9 * DAY_NS], "half of the window"),
        (1_000_000, [MINUTE_NS], "instants"),
    ],
)
def test_a_sampling_that_cannot_work_is_refused(
    step: int, horizons: list[int] | None, what: str
) -> None:
    """With the option that is wrong."""
    with pytest.raises(ConfigError, match=what):
        make_sampling((0, 10 * DAY_NS), MINUTE_NS, step, horizons, None)


def test_groups_are_calendar_months_hours_and_regimes_of_the_past() -> None:
    """In UTC; the volatility of later instants changes no regime of earlier ones."""
    instants = 1_704_067_200_000_000_000 + 3_600_000_000_000 * np.arange(24 * 60)
    assert months(instants).labels == ("2024-01", "2024-02")
    assert hours(instants).groups[:25].tolist() == [*range(24), 0]
    random = np.random.default_rng(1)
    steps = random.normal(size=len(instants)) * np.repeat(random.uniform(0.5, 3, 60), 24) / 1e3
    one = regimes(np.exp(np.cumsum(steps)), 3_600_000_000_000)
    steps[1_000:] *= 50
    other = regimes(np.exp(np.cumsum(steps)), 3_600_000_000_000)
    np.testing.assert_array_equal(one.groups[:1_000], other.groups[:1_000])
    assert (one.groups != other.groups).any()
    assert set(one.groups.tolist()) == {0, 1, 2, 255}
