"""Moon: its phase and its illumination as seen from the Earth's centre."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from dolphin_strategies.calendar_factors.calendar_factor import CalendarFactor

if TYPE_CHECKING:
    from dolphin_strategies.calendar_factors.calendar_factor import Instants, Values

NODE_NS: Final = 6 * 3_600_000_000_000
"""From one instant that is computed to the next: between them a cubic errs by 0.00001 degrees."""
_DAY_NS: Final = 86_400_000_000_000
_EPOCH_DAYS: Final = 25_567.5
"""1970-01-01 in PyEphem's days."""
_SOURCE: Final = "PyEphem (libastro, Meeus), cubic between multiples of 6 h"
_KEPT_NODES: Final = 16_384


@lru_cache(maxsize=_KEPT_NODES)
def _node(number: int) -> tuple[float, float]:
    """Return the elongation in degrees and the lit share at a multiple of the distance."""
    import ephem  # noqa: PLC0415 - loaded when the moon is asked for

    day = number * (NODE_NS / _DAY_NS) + _EPOCH_DAYS
    moon, sun = ephem.Moon(day), ephem.Sun(day)
    apparent = (ephem.Equatorial(body.g_ra, body.g_dec, epoch=day) for body in (moon, sun))
    moon_at, sun_at = (ephem.Ecliptic(place, epoch=day).lon for place in apparent)
    return float(np.degrees(moon_at - sun_at)) % 360.0, moon.phase / 100.0


def _between(at: Instants, place: int) -> Values:
    """Return the cubic through the four nodes around each instant (Lagrange)."""
    number = at // NODE_NS
    firsts, inverse = np.unique(number, return_inverse=True)
    nodes = np.array([[_node(int(n) + i)[place] for i in (-1, 0, 1, 2)] for n in firsts])
    if place == 0:
        nodes = np.unwrap(nodes.reshape(-1, 4), period=360.0, axis=1)
    a, b, c, d = nodes.reshape(-1, 4)[inverse].T
    x = (at % NODE_NS) / NODE_NS
    found: Values = (
        -a * x * (x - 1) * (x - 2) / 6
        + b * (x + 1) * (x - 1) * (x - 2) / 2
        - c * (x + 1) * x * (x - 2) / 2
        + d * (x + 1) * x * (x - 1) / 6
    )
    return found


def phase(at: Instants) -> Values:
    """Return how far the moon is ahead of the sun, degrees: 0 new, 180 full."""
    return _between(at, 0) % 360.0


def illumination(at: Instants) -> Values:
    """Return the lit share of the moon's disc."""
    return np.clip(_between(at, 1), 0.0, 1.0)


FACTORS: Final = (
    CalendarFactor(
        name="moon_phase", unit="degrees", about="0 new, 90 first quarter, 180 full, 270 last",
        low=0.0, high=360.0, source=_SOURCE, compute=phase,
    ),
    CalendarFactor(
        name="moon_phase_sin", unit="-1 to 1", about="sine of the phase", low=-1.0, high=1.0,
        source=_SOURCE, compute=lambda at: np.sin(np.radians(phase(at))),
    ),
    CalendarFactor(
        name="moon_phase_cos", unit="-1 to 1", about="cosine of the phase", low=-1.0, high=1.0,
        source=_SOURCE, compute=lambda at: np.cos(np.radians(phase(at))),
    ),
    CalendarFactor(
        name="moon_illumination", unit="share", about="lit share of the moon's disc", low=0.0,
        high=1.0, source=_SOURCE, compute=illumination,
    ),
)  # fmt: skip
"""The factors of the moon."""
