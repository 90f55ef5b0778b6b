"""Numbers and times out of JSON that cannot be trusted."""

from __future__ import annotations

import math
from typing import Any

import pytest

from adapters.exchanges.json_values import (
    bps_over,
    from_iso,
    from_ms,
    from_s,
    from_us,
    number,
    per_8h,
)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [(1, 1.0), (-0.5, -0.5), ("1.5", 1.5), ("-2e-5", -2e-5), (" 7 ", 7.0), ("0", 0.0)],
)
def test_a_number_is_read_as_number_or_string(raw: Any, expected: float) -> None:
    """Exchanges write both."""
    assert number(raw) == expected


@pytest.mark.parametrize(
    "raw",
    [None, "", " ", "N/A", "NaN", "nan", "inf", "-Infinity", "1_000", "1,5", "٣", "0x10", True,
     False, [], {}, [1], float("nan"), float("inf"), 10**400, "1e999"],
)  # fmt: skip
def test_whatever_else_is_no_number(raw: Any) -> None:
    """Not even what Python would take for one."""
    assert math.isnan(number(raw))


def test_times_come_in_four_units() -> None:
    """All mean the same instant; what is no time of this century is none."""
    ns = 1_780_000_123_456_000_000
    assert from_ms("1780000123456") == ns
    assert from_us(1_780_000_123_456_000) == ns
    assert from_s("1780000123") == ns // 10**9 * 10**9
    assert from_iso("2026-05-28T20:28:43.456Z") == ns
    assert from_ms(1_780_000_123_456_000) == 0
    nothing: tuple[Any, ...] = (None, "", "soon", -5, [], True)
    for wrong in nothing:
        assert (from_ms(wrong), from_us(wrong), from_s(wrong), from_iso(wrong)) == (0, 0, 0, 0)


def test_a_ratio_without_a_base_is_nan() -> None:
    """A zero or negative price does not make an infinite basis."""
    assert bps_over(101, 100) == pytest.approx(100)
    for base in (0.0, -1.0, math.nan):
        assert math.isnan(bps_over(1, base))
        assert math.isnan(per_8h(1, base))
