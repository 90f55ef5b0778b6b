"""HeldPosition: an open position as the desk follows it, with its orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nautilus_trader.model import ClientOrderId, PositionId

    from dolphin_strategies.exits.policies.position_view import PositionView


class HeldPosition:
    """An open position, and the desk's order against it.

    Parameters
    ----------
    position_id : PositionId
        The position.
    quantity : float
        What it holds now.
    view : PositionView
        What a policy sees of it.

    Attributes
    ----------
    order_id : ClientOrderId or None
        The desk's last order against it.
    retry_ns : int
        Not before then is another one sent, UNIX nanoseconds.
    quantity : float
        As above, kept up to date.
    peak : float
        The most that it has held.

    """

    __slots__ = ("order_id", "peak", "position_id", "quantity", "retry_ns", "view")

    def __init__(self, position_id: PositionId, quantity: float, view: PositionView) -> None:
        self.position_id = position_id
        self.quantity = self.peak = quantity
        self.view = view
        self.order_id: ClientOrderId | None = None
        self.retry_ns = 0

    def change(self, event: Any) -> None:
        """Take over a position event's quantity and average entry price."""
        self.quantity = abs(event.signed_qty)
        self.view.entry_price = event.avg_px_open
        self.raise_peak(self.quantity)

    def raise_peak(self, quantity: float) -> None:
        """Take in that the position has held a quantity."""
        self.peak = max(self.peak, quantity)
        self.view.remaining = self.quantity / self.peak
