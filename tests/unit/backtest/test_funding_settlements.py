"""Which settlements rows of funding rates name, and which are missing."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import numpy as np
import pytest

from adapters.catalog.reading.market.funding.settlements import (
    FundingRows,
    FundingSettlements,
    are_history,
    changes,
    settled_at,
    settlements,
    together,
)
from backtests.inputs.funding.funding_coverage import are_hardly_fractions, holes

MINUTE_NS: Final = 60_000_000_000
HOUR_NS: Final = 60 * MINUTE_NS
type Row = tuple[float, str, float, float]
"""The hour of the stamp, the rate, the interval in hours or 0, the next funding hour or 0."""


def rows_of(*rows: Row) -> FundingRows:
    """Return rows, received when they are stamped."""
    hours, rates, intervals, nexts = zip(*rows, strict=True)
    stamps = np.array([round(h * HOUR_NS) for h in hours], np.int64)
    return FundingRows(
        rates=np.array(rates, np.object_),
        intervals_ns=np.array([round(h * HOUR_NS) for h in intervals], np.int64),
        next_ns=np.array([round(h * HOUR_NS) for h in nexts], np.int64),
        ts_event=stamps,
        ts_init=stamps,
    )


def found(*rows: Row) -> FundingSettlements:
    """Return the settlements of rows."""
    columns = rows_of(*rows)
    return settlements(columns, settled_at(columns, is_history=are_history(columns)))


def by_hour(one: FundingSettlements) -> dict[float, Decimal]:
    """Return the rates by the hour of their settlement."""
    hours = (one.instants / HOUR_NS).tolist()
    return dict(zip(hours, one.rates, strict=True))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(8, "1", 8, 8), (16, "2", 8, 16)], {8: "1", 16: "2"}),
        ([(8.001, "1", 8, 0), (16.002, "2", 8, 0)], {8: "1", 16: "2"}),
        ([(4, "1", 8, 0), (12, "2", 8, 0)], {4: "1", 12: "2"}),
        ([(8, "1", 0, 0), (12, "2", 0, 0), (13, "3", 0, 0)], {8: "1", 12: "2", 13: "3"}),
        ([(7, "1", 8, 8), (7.9, "2", 8, 8), (8, "3", 8, 16)], {8: "2", 16: "3"}),
        ([(7.5, "1", 1, 0), (7.6, "2", 1, 0), (8, "3", 1, 0), (8.1, "4", 1, 0)],
         {8: "3", 9: "4"}),
        ([(9, "1", 8, 8)], {8: "1"}),
        ([(8, "1", 8, 0)], {8: "1"}),
        ([(9.5, "1", 8, 0)], {16: "1"}),
        ([(7.9, "9", 0, 8), (8, "1", 8, 8), (8, "1", 8, 8)], {8: "1"}),
        ([(2, "1", 0, 0), (2.01, "2", 0, 0), (2.02, "3", 0, 0)], {}),
    ],
    ids=["named", "late", "odd hours", "nothing stated", "streamed", "forecasts", "named too late",
         "one settled", "one forecast", "twice", "unusable"],
)  # fmt: skip
def test_rows_name_their_settlements(rows: list[Row], expected: dict[float, str]) -> None:
    """By hand, for each form in which venues and archives give funding rates."""
    assert by_hour(found(*rows)) == {h: Decimal(rate) for h, rate in expected.items()}


def test_what_names_nothing_is_counted_and_the_rest_is_kept() -> None:
    """Forecasts without an interval, one a minute, beside rows that name their settlement."""
    one = found(*[(h / 60, "1", 0, 0) for h in range(60, 90)], (2, "2", 8, 8))
    assert one.unusable == 30
    assert by_hour(one) == {8: Decimal(2)}


def test_only_changes_are_heard() -> None:
    """A venue that repeats itself each second is heard once."""
    rows = rows_of(*[(7 + s / 3600, "1", 8, 8) for s in range(100)], (7.5, "2", 8, 8))
    assert rows.rates[changes(rows)].tolist() == ["1", "2"]


def test_no_rows_are_no_settlements() -> None:
    """Not an error."""
    one = settlements(together([]), np.empty(0, np.int64))
    assert len(one.instants) == len(one.rates) == one.unusable == 0


@pytest.mark.parametrize(
    ("hours", "intervals", "span", "expected"),
    [
        ([8, 16, 24], 8, (0, 24.1), []),
        ([8, 24], 8, (0, 24.1), [(8, 24)]),
        ([16, 24], 8, (0, 24.1), [(0, 16)]),
        ([8, 16], 8, (0, 30), [(16, 30)]),
        ([8, 16, 20, 24, 25, 26], 0, (8, 26.5), []),
        ([1, 2, 3, 6, 7, 8], 0, (0.5, 8.5), [(3, 6)]),
        ([], 8, (0, 24), [(0, 24)]),
        ([0, 8], 8, (2, 3), []),
        ([8], 8, (3, 3), []),
    ],
    ids=["whole", "hole", "late", "early", "changing interval", "hole of unknown interval",
         "none", "between two", "no market"],
)  # fmt: skip
def test_the_spans_without_a_settlement_are_found(
    hours: list[float],
    intervals: float,
    span: tuple[float, float],
    expected: list[tuple[float, float]],
) -> None:
    """By hand; a change of the interval is no hole."""
    instants = np.array([round(h * HOUR_NS) for h in hours], np.int64)
    steps = np.full(len(instants), round(intervals * HOUR_NS), np.int64)
    start_ns, end_ns = (round(h * HOUR_NS) for h in span)
    shown = [((a / HOUR_NS), (b / HOUR_NS)) for a, b in holes(instants, steps, (start_ns, end_ns))]
    assert [(round(a, 6), round(b, 6)) for a, b in shown] == expected


def test_an_interval_that_is_stated_and_changes_is_no_hole() -> None:
    """8 h to 4 h to 1 h, the interval of each stated by itself or by the one after."""
    hours, steps = [8, 16, 20, 24, 25, 26], [8, 8, 4, 4, 1, 1]
    for stated in (steps, [*steps[1:], 1]):
        instants = np.array([h * HOUR_NS for h in hours], np.int64)
        intervals = np.array([h * HOUR_NS for h in stated], np.int64)
        assert holes(instants, intervals, (8 * HOUR_NS, 27 * HOUR_NS)) == []


def test_rates_in_percent_are_noticed() -> None:
    """0.01 % is a usual rate, 1 % is not."""
    assert not are_hardly_fractions([Decimal("0.0001"), Decimal("-0.0003"), Decimal("0.02")])
    assert are_hardly_fractions([Decimal("0.01"), Decimal("-0.03"), Decimal("0.0001")])
    assert not are_hardly_fractions([])
