"""Whether what a factor says about later returns looks as if it had seen them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LARGE: Final = 0.15
"""A rank IC from which on a collapse within one horizon is suspicious."""
COLLAPSED: Final = 1 / 4
"""What is left of an IC that collapsed, at most."""
SYMMETRIC: Final = 1.4
"""How much better a factor knows the return before, at most, of which it could be made."""
ERRORS: Final = 4.0
"""Standard errors by which an IC differs beyond chance."""


@dataclass(frozen=True, kw_only=True)
class DecayCurve:
    """The rank IC of one horizon at the delays that tell.

    Attributes
    ----------
    ic, standard_error : float
        Without a delay.
    ic_a_step_later, ic_a_horizon_later : float
        With a delay of one step, and of one horizon.
    ic_a_horizon_before : float
        With a delay of minus one horizon: the correlation with the return until the instant.
    step_autocorrelation, horizon_autocorrelation : float
        The factor's own rank autocorrelation at one step, and at one horizon.

    """

    ic: float
    standard_error: float
    ic_a_step_later: float
    ic_a_horizon_later: float
    ic_a_horizon_before: float
    step_autocorrelation: float
    horizon_autocorrelation: float


def suspicion(curve: DecayCurve) -> str | None:
    """Return why the curve is one of look-ahead, in words; None if it is not.

    A suspicion is no proof: a factor that is new at each step and that strong has the same
    curve.

    Notes
    -----
    Three signs. A large IC that is gone after one horizon, and was not there for the return before
    either: the factor knows one return and no other. The same of a factor that knows the return
    before just as well, where it is gone sooner than the factor's values are: its window reaches
    ahead. An IC that falls by a step of delay much more than the factor changes in a step: only
    what is newest in it predicts.

    """
    ic, error = abs(curve.ic), curve.standard_error
    if not ic > ERRORS * error:
        return None
    sign = 1.0 if curve.ic > 0 else -1.0
    later, before = sign * curve.ic_a_horizon_later, sign * curve.ic_a_horizon_before
    if ic >= LARGE and abs(later) <= max(COLLAPSED * ic, 2 * error):
        is_ahead = curve.horizon_autocorrelation * ic - later > ERRORS * error
        if abs(before) <= ic / 2 or (0 < before <= SYMMETRIC * ic and is_ahead):
            return (
                f"rank IC {curve.ic:+.2f} is {curve.ic_a_horizon_later:+.2f} after a delay of "
                f"one horizon, and {curve.ic_a_horizon_before:+.2f} for the return before: it "
                "knows the return that follows as well as any, and none after it"
            )
    a_step_later, kept = sign * curve.ic_a_step_later, curve.step_autocorrelation
    if a_step_later <= ic / 2 and kept * ic - a_step_later > ERRORS * error:
        return (
            f"rank IC {curve.ic:+.3f} falls to {curve.ic_a_step_later:+.3f} with one step of "
            f"delay, although the factor keeps {kept:.0%} of its value"
        )
    return None
