"""ClockSkew: how far an exchange's clock is from this machine's."""

from __future__ import annotations

from typing import Final

_DRIFT: Final = 100e-6
"""How fast two clocks may part, seconds a second: what was learned fades at this rate."""


class ClockSkew:
    """Bounds of ``exchange's clock - this machine's wall clock``, narrowed by each answer.

    The exchange read its clock at some moment between sending and receiving. A ``Date`` header
    gives that clock to a whole second, a stamp in a body exactly. Each answer thereby gives an
    interval; all of them overlap, until one of the clocks is set.
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
            What the exchange's clock showed, rounded down.
        resolution_ns : int
            To what it was rounded.
        sent_wall_ns, received_wall_ns : int
            This machine's wall clock before and after.
        mono_ns : int
            Its monotonic clock after.

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
        """The skew of least size that explains every answer: 0 as long as no clock is wrong."""
        return int(min(max(self._low_ns, 0), self._high_ns))

    @property
    def uncertainty_ns(self) -> int:
        """Half of the interval that the skew lies in."""
        return int((self._high_ns - self._low_ns) / 2)
