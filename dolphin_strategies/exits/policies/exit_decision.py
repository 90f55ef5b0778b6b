"""ExitDecision: how much of a position is to be kept, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ExitDecision:
    """What a policy says about an open position.

    It names what is to remain, not what is to be sold, so that the same decision made again, while
    an order is under way or after it was filled in part, asks for nothing more.

    Attributes
    ----------
    keep : float
        What is to remain, as a fraction of the most that the position has held: 1 holds, 0
        closes, anything between reduces.
    reason : str
        Why, in a few words; the order is tagged with it. Empty if the position is held.

    Raises
    ------
    ValueError
        If ``keep`` is no fraction, or a decision that sells has no reason.

    """

    keep: float
    reason: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.keep <= 1:
            msg = f"keep: expected a fraction from 0 (close) to 1 (hold), found {self.keep!r}"
            raise ValueError(msg)
        if self.keep < 1 and not self.reason:
            msg = "reason: expected why the position is reduced or closed, found nothing"
            raise ValueError(msg)


HOLD: Final = ExitDecision(1.0)
"""Keep everything."""
