"""The example taker with a witness of its fills: each at the touch of its moment."""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING

from nautilus_trader.model import OrderSide

from dolphin_strategies.examples.imbalance_taker import ImbalanceTaker

if TYPE_CHECKING:
    from nautilus_trader.model import OrderFilled, OrderSubmitted, QuoteTick

KEPT_QUOTES = 5_000


class TouchChecker(ImbalanceTaker):
    """Remember quotes, and at each fill look up the ones between order and fill.

    The touch of the moment is the ask (bid) of a quote that stood while the order was with the
    venue: the newest one before it was submitted, or one that came until it was filled.
    """

    def on_start(self) -> None:
        super().on_start()
        self.quotes: deque[QuoteTick] = deque(maxlen=KEPT_QUOTES)
        self.submitted_ns: dict[str, int] = {}
        self.fills = {"buys": 0, "sells": 0, "off_the_touch": 0, "no_fee": 0}

    def on_quote(self, quote: QuoteTick) -> None:
        self.quotes.append(quote)

    def on_order_submitted(self, event: OrderSubmitted) -> None:
        self.submitted_ns[str(event.client_order_id)] = event.ts_event

    def on_order_filled(self, event: OrderFilled) -> None:
        is_buy = event.order_side == OrderSide.BUY
        sent_ns = self.submitted_ns[str(event.client_order_id)]
        touches = set()
        for quote in reversed(self.quotes):
            touches.add(quote.ask_price if is_buy else quote.bid_price)
            if quote.ts_init <= sent_ns:
                break
        self.fills["buys" if is_buy else "sells"] += 1
        self.fills["off_the_touch"] += event.last_px not in touches
        self.fills["no_fee"] += event.commission is None or event.commission.as_double() <= 0

    def on_stop(self) -> None:
        print("CHECKED", json.dumps(self.fills), flush=True)
