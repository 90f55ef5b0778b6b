"""ClockSkew: how far an exchange's clock is from this machine's."""

from __future__ import annotations

from typing import Final

_DRIFT: Final = 100e-6
"""How fast two clocks may drift apart, seconds per second; the bounds widen at this rate."""


class ClockSkew:
    """Bounds of ``exchange's clock - this machine's wall clock``, narrowed by each answer.

    The exchange read its clock at some moment between sending and receiving. A ``Date`` header
    states that clock to a whole second, a stamp in a body exactly. Each answer therefore yields an
    interval; all intervals overlap until one of the clocks is set.
    """

    def __init__(self) -> None:
        self.is_known = False
        self._low_ns = self._high_ns = 0.0
        self._at_mono_ns = 0

    def learn(
        self,
        server_ns: int,
        resolution_ns: int,
        sent_wall_ns: int,
        received_wall_ns: int,
        mono_ns: int,
    ) -> None:
        """Take an answer into account.

        Parameters
        ----------
        server_ns : int
            The exchange's clock, UNIX nanoseconds, rounded down.
        resolution_ns : int
            The resolution of ``server_ns``, nanoseconds.
        sent_wall_ns, received_wall_ns : int
            This machine's wall clock before and after the request, UNIX nanoseconds.
        mono_ns : int
            Its monotonic clock after the request, nanoseconds.

        """
        low = float(server_ns - received_wall_ns)
        high = float(server_ns + resolution_ns - sent_wall_ns)
        if low > high:  # this machine's clock was set during the request
            return
        if self.is_known:
            fade = (mono_ns - self._at_mono_ns) * _DRIFT
            old_low, old_high = self._low_ns - fade, self._high_ns + fade
            if low <= old_high and old_low <= high:
                low, high = max(low, old_low), min(high, old_high)
        self.is_known = True
        self._low_ns, self._high_ns, self._at_mono_ns = low, high, mono_ns

    @property
    def skew_ns(self) -> int:
        """The smallest skew that explains every answer: 0 as long as no clock is wrong."""
        return int(min(max(self._low_ns, 0), self._high_ns))

    @property
    def uncertainty_ns(self) -> int:
        """Half the width of the interval that contains the skew."""
        return int((self._high_ns - self._low_ns) / 2)
