"""The moon against published tables of its phases."""

from __future__ import annotations

import pytest

from dolphin_strategies import calendar_values
from tests.unit.calendar_factors.test_clock_and_fixed_instants import at

NEW = (
    "2024-01-11T11:57", "2024-04-08T18:21", "2024-10-02T18:49", "2025-03-29T10:58",
    "2025-09-21T19:54", "2026-02-17T12:01", "2026-08-12T17:37",
)  # fmt: skip
FULL = (
    "2024-01-25T17:54", "2024-09-18T02:34", "2024-12-15T09:02", "2025-03-14T06:55",
    "2025-09-07T18:09", "2026-03-03T11:38", "2026-08-28T04:18",
)  # fmt: skip
"""Minutes of UTC of the phases, United States Naval Observatory; some are eclipses."""
DEGREES_A_MINUTE = 360 / (29.53 * 1_440)


@pytest.mark.parametrize("text", NEW)
def test_the_moon_is_new_at_the_published_minute(text: str) -> None:
    """Within two minutes, and unlit."""
    found = calendar_values(at(text))
    off = (found["moon_phase"] + 180) % 360 - 180
    assert abs(off) < 2 * DEGREES_A_MINUTE
    assert found["moon_illumination"] < 0.005


@pytest.mark.parametrize("text", FULL)
def test_the_moon_is_full_at_the_published_minute(text: str) -> None:
    """Within two minutes, and lit."""
    found = calendar_values(at(text))
    assert abs(found["moon_phase"] - 180) < 2 * DEGREES_A_MINUTE
    assert found["moon_illumination"] > 0.995


def test_between_computed_instants_the_moon_goes_evenly() -> None:
    """Against the library itself, at odd instants of 1970, 2026 and 2100."""
    import ephem
    import numpy as np

    for text in ("1970-01-01T01:01:01", "2026-11-29T04:44:44", "2100-02-28T23:59:59"):
        moon = ephem.Moon(ephem.Date(text.replace("-", "/").replace("T", " ")))
        found = calendar_values(at(text))
        assert found["moon_illumination"] == pytest.approx(moon.phase / 100, abs=1e-4)
        elongation = abs(np.degrees(moon.elong))
        folded = min(found["moon_phase"], 360 - found["moon_phase"])
        # The elongation is along a great circle: at most the moon's latitude away.
        assert abs(folded - elongation) < 5.4
