"""All calendar factors together: pure, in their ranges, and known on odd dates."""

from __future__ import annotations

import numpy as np
import pytest

from dolphin_strategies import calendar_columns, calendar_values
from dolphin_strategies.calendar_factors.calendar_table import CALENDAR_FACTORS
from dolphin_strategies.factors.schema import FactorSchema
from tests.support.lengths import counts
from tests.unit.calendar_factors.test_clock_and_fixed_instants import at

ODD = (
    "1970-01-01T00:00:00", "1969-12-31T23:59:59", "2000-02-29T23:59:59", "2024-02-29T12:00",
    "2024-03-10T06:59:59", "2024-03-31T00:59:59", "2024-10-27T01:00:00", "2024-11-03T05:59:59",
    "2023-12-31T23:59:59", "2024-01-01T00:00:00", "2100-02-28T23:59:59", "2100-12-31T23:59:59",
)  # fmt: skip
BOUNDED = ("session_", "_open", "_close", "_payrolls", "_cpi", "_fomc", "_cme_expiry")


@counts("rows", 40, long=100_000)
def test_a_row_depends_on_its_own_instant_only(rows: int) -> None:
    """Many at once are bit for bit what each is alone: as live, so in a backtest."""
    random = np.random.default_rng(1)
    instants = random.integers(at("2015-01-01"), at("2031-01-01"), rows)
    columns = calendar_columns(instants)
    for place in random.integers(0, rows, min(rows, 300)).tolist():
        alone = np.array([*calendar_values(int(instants[place])).values()])
        assert columns[place].tobytes() == alone.tobytes()


@counts("rows", 300, long=100_000)
def test_every_value_is_in_its_range(rows: int) -> None:
    """Those that are published; the names are those of a schema."""
    instants = np.random.default_rng(2).integers(at("1970-01-01"), at("2101-01-01"), rows)
    columns = calendar_columns(instants)
    for factor, column in zip(CALENDAR_FACTORS.values(), columns.T, strict=True):
        known = column[~np.isnan(column)]
        assert ((known >= factor.low) & (known <= factor.high)).all(), factor.name
        assert "" not in {factor.unit, factor.about, factor.source}
    assert FactorSchema(CALENDAR_FACTORS).names == tuple(CALENDAR_FACTORS)


@pytest.mark.parametrize("text", ODD)
def test_odd_dates_have_every_value_that_follows_a_rule(text: str) -> None:
    """Only lists end; nothing raises and nothing is infinite."""
    for name, found in calendar_values(at(text)).items():
        is_listed = any(part in name for part in BOUNDED)
        assert np.isfinite(found) or is_listed, name
        assert not np.isinf(found), name


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    """A misspelt factor is no column of NaN."""
    with pytest.raises(ValueError, match="did you mean 'utc_weekday'"):
        calendar_columns(np.array([0]), ["utc_weekdays"])
