"""Percentiles of values, for a status report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


def percentiles(values: Iterable[float], unit: float) -> dict[str, Any]:
    """Return p50, p99 and maximum of values in a unit, and their number."""
    ordered = sorted(values)
    if not ordered:
        return {"n": 0, "p50": None, "p99": None, "max": None}
    last = len(ordered) - 1
    return {
        "n": len(ordered),
        "p50": round(ordered[round(0.50 * last)] / unit, 3),
        "p99": round(ordered[round(0.99 * last)] / unit, 3),
        "max": round(ordered[last] / unit, 3),
    }
