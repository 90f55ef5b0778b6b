"""Sampling: the instants at which an evaluation looks, its horizons and its delays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from adapters.command.durations import DAY_NS, show_duration
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_S: Final = 1_000_000_000
_LADDER_S: Final = (1, 5, 15, 60, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800)
_LADDER_NS: Final = (*(s * _S for s in _LADDER_S), DAY_NS, 3 * DAY_NS, 7 * DAY_NS)
MOST_INSTANTS: Final = 300_000
"""Instants of an evaluation, at most."""
LEAST_INSTANTS: Final = 100
DEFAULT_HORIZONS: Final = 8
LEAST_WINDOWS: Final = 20
"""Horizons without overlap that a default horizon has in the data, at least."""
_DELAYS: Final = (0, 1, 2, 3, 6, 12, 24, 48)
"""Default delays in steps."""


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """When an evaluation looks.

    Attributes
    ----------
    start_ns, end_ns : int
        The window, half-open, UNIX nanoseconds.
    step_ns : int
        The distance of two instants, which are the multiples of it in UTC.
    horizons_ns : tuple of int
        Horizons, rising multiples of the step.
    delays_ns : tuple of int
        Delays, rising, the first of them 0.

    """

    start_ns: int
    end_ns: int
    step_ns: int
    horizons_ns: tuple[int, ...]
    delays_ns: tuple[int, ...]

    @cached_property
    def instants(self) -> NDArray[np.int64]:
        """All instants, UNIX nanoseconds, int64 of shape (instants,)."""
        first_ns = -(-self.start_ns // self.step_ns) * self.step_ns
        return np.arange(first_ns, self.end_ns, self.step_ns, dtype=np.int64)

    @property
    def horizons(self) -> tuple[int, ...]:
        """The horizons in steps."""
        return tuple(ns // self.step_ns for ns in self.horizons_ns)


def make_sampling(
    window: tuple[int, int],
    price_distance_ns: int,
    step_ns: int | None,
    horizons_ns: Sequence[int] | None,
    delays_ns: Sequence[int] | None,
) -> Sampling:
    """Return the sampling of a window; what is not given follows from the data.

    Parameters
    ----------
    window : tuple of int
        Its start and its exclusive end, UNIX nanoseconds.
    price_distance_ns : int
        The usual distance of two prices, nanoseconds.
    step_ns : int, optional
        The distance of two instants; by default the shortest horizon.
    horizons_ns : sequence of int, optional
        By default up to eight usual ones, of which the window has at least 20.
    delays_ns : sequence of int, optional
        By default 0 to 48 steps.

    Raises
    ------
    ConfigError
        If they do not fit together or to the window.

    """
    span_ns = window[1] - window[0]
    if horizons_ns is None:
        least_ns = max(price_distance_ns, step_ns or 0, span_ns // MOST_INSTANTS)
        usual = [
            ns for ns in _LADDER_NS if least_ns <= ns <= span_ns // LEAST_WINDOWS
            and ns % (step_ns or 1) == 0
        ]  # fmt: skip
        horizons_ns = usual[:DEFAULT_HORIZONS]
        if not horizons_ns:
            between = f"{show_duration(least_ns)} to {show_duration(span_ns // LEAST_WINDOWS)}"
            msg = (
                "no usual horizon lies between the distance of two prices and a twentieth of the "
                f"window ({between}): name --horizons, or a longer window"
            )
            raise ConfigError(msg)
    horizons = sorted(set(horizons_ns))
    step = step_ns or horizons[0]
    for ns in horizons:
        if ns <= 0 or ns % step:
            msg = (
                f"--horizons: expected multiples of --step ({show_duration(step)}), "
                f"found {show_duration(ns)}"
            )
            raise ConfigError(msg)
    count = span_ns // step
    if not LEAST_INSTANTS <= count <= MOST_INSTANTS:
        msg = (
            f"--step {show_duration(step)} gives {count:,} instants in the window; expected "
            f"{LEAST_INSTANTS} to {MOST_INSTANTS:,}: choose another --step, --start or --end"
        )
        raise ConfigError(msg)
    if horizons[-1] * 2 > span_ns:
        msg = (
            f"--horizons: expected at most half of the window, found {show_duration(horizons[-1])}"
        )
        raise ConfigError(msg)
    delays = {0, *(delays_ns if delays_ns is not None else (step * n for n in _DELAYS))}
    usable = sorted(ns for ns in delays if ns + horizons[-1] < span_ns)
    return Sampling(
        start_ns=window[0],
        end_ns=window[1],
        step_ns=step,
        horizons_ns=tuple(horizons),
        delays_ns=tuple(usable),
    )
