"""ClockSkew: how far an exchange's clock is from this machine's."""

from __future__ import annotations

from typing import Final

_DRIFT: Final = 100e-6
"""How fast two clocks may drift apart, seconds per second; the bounds widen at this rate."""
_SET_NS: Final = 50_000_000
"""A wall clock that moves by so much against the monotonic one between two answers was set."""
_BELIEVED_AFTER_NS: Final = 2_000_000_000


class ClockSkew:
    """Bounds of ``exchange's clock - this machine's wall clock``, narrowed by each answer.

    The exchange read its clock at some moment between sending and receiving. A ``Date`` header
    states that clock to a whole second, a stamp in a body exactly. Each answer yields an interval;
    all intervals overlap until one of the clocks is set. This machine's is seen to be set at once,
    by its monotonic clock. That the exchange's was is believed after two seconds in which all
    answers agree on it: an answer that comes out of a cache contradicts too, alone or with others
    that do not agree with it.
    """

    def __init__(self) -> None:
        self.is_known = False
        self._low_ns = self._high_ns = 0.0
        self._at_mono_ns = 0
        self._wall_offset_ns = 0
        """This machine's wall clock less its monotonic one, at the last answer."""
        self._rival: tuple[float, float, int] | None = None
        """What answers that contradict the bounds agree on, and since when, monotonic."""

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
        set_by_ns = received_wall_ns - mono_ns - self._wall_offset_ns
        self._wall_offset_ns += set_by_ns
        if self.is_known:
            fade = (mono_ns - self._at_mono_ns) * _DRIFT
            old_low, old_high = self._low_ns - fade, self._high_ns + fade
            if abs(set_by_ns) > _SET_NS:
                old_low, old_high, self._rival = old_low - set_by_ns, old_high - set_by_ns, None
            if low <= old_high and old_low <= high:
                low, high = max(low, old_low), min(high, old_high)
                self._rival = None
            elif self._contradicted(low, high, mono_ns):
                self._rival = None
            else:
                low, high = old_low, old_high
        self.is_known = True
        self._low_ns, self._high_ns, self._at_mono_ns = low, high, mono_ns

    def _contradicted(self, low: float, high: float, mono_ns: int) -> bool:
        """Return whether answers have agreed for long enough that the exchange's clock was set."""
        if self._rival is None or low > self._rival[1] or self._rival[0] > high:
            self._rival = low, high, mono_ns
            return False
        self._rival = max(low, self._rival[0]), min(high, self._rival[1]), self._rival[2]
        return mono_ns - self._rival[2] >= _BELIEVED_AFTER_NS

    @property
    def skew_ns(self) -> int:
        """The smallest skew that explains every answer: 0 as long as no clock is wrong."""
        return int(min(max(self._low_ns, 0), self._high_ns))

    @property
    def uncertainty_ns(self) -> int:
        """Half the width of the interval that contains the skew."""
        return int((self._high_ns - self._low_ns) / 2)
