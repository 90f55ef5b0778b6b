"""ReplayClock: when an instant of a recording is due in a replay."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class ReplayClock:
    """Map a recording's time to this machine's: ``due = start + (recorded - first) / speed``.

    Two processes with equal clocks agree on every due time to the nanosecond.

    Attributes
    ----------
    start_ns : int
        UNIX nanoseconds at which the replay starts.
    first_ns : int
        The recording's own time that is due at the start, nanoseconds.
    speed : float
        Recorded seconds a second; 1.0 is the recorded pace.

    Raises
    ------
    ValueError
        If the speed is not a positive finite number.

    """

    start_ns: int
    first_ns: int
    speed: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.speed) and self.speed > 0):
            msg = f"speed: expected a positive number, found {self.speed!r}"
            raise ValueError(msg)

    def due_ns(self, recorded_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the UNIX nanoseconds, int64, at which recorded instants are due."""
        elapsed = np.asarray(recorded_ns, dtype=np.int64) - self.first_ns
        if self.speed != 1.0:
            elapsed = np.rint(elapsed / self.speed).astype(np.int64)
        return elapsed + self.start_ns
