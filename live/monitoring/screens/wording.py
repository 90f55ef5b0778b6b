"""Wording: numbers, times and quantities as short text for narrow columns."""

from __future__ import annotations

import math


def ago(seconds: float) -> str:
    """Return a time span in at most five characters; "-" for NaN."""
    if math.isnan(seconds):
        return "-"
    seconds = max(seconds, 0.0)
    if seconds < 10:
        return f"{seconds:.1f}s"
    for unit, size, limit in (("s", 1, 120), ("m", 60, 7200), ("h", 3600, 172_800)):
        if seconds < limit:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds / 86_400:.0f}d"


def latency(seconds: float) -> str:
    """Return a latency with its unit; "-" for NaN."""
    if math.isnan(seconds):
        return "-"
    if seconds < 1e-3:
        return f"{seconds * 1e6:.0f}us"
    return f"{seconds * 1e3:.1f}ms" if seconds < 1 else f"{seconds:.1f}s"


def rate(per_s: float) -> str:
    """Return a rate; "-" for NaN."""
    if math.isnan(per_s):
        return "-"
    return f"{per_s:.1f}/s" if 0 < per_s < 10 else f"{per_s:,.0f}/s"


def value(number: float) -> str:
    """Return a factor's value; "NaN" for none."""
    if math.isnan(number):
        return "NaN"
    return f"{number:,.4f}" if 1 <= abs(number) < 1e7 else f"{number:.6g}"


def count(number: float | None) -> str:
    """Return a count; "-" for none."""
    return "-" if number is None or math.isnan(number) else f"{number:,.0f}"


def clip(text: str, width: int) -> str:
    """Return a text of at most so many characters, with an ellipsis of dots where it was cut."""
    return text if len(text) <= width else text[: max(width - 2, 0)] + ".."


def bar(share: float, width: int) -> str:
    """Return a bar of characters that every terminal has."""
    return "#" * round(max(0.0, min(share, 1.0)) * width)
