"""The example taker on synthetic quotes, with a witness of its fills."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dolphin_strategies.examples.imbalance_taker import ImbalanceTaker

if TYPE_CHECKING:
    from nautilus_trader.model import OrderFilled, QuoteTick


class ExfTaker(ImbalanceTaker):
    """Count fills, and those at a price that a synthetic quote showed."""

    def on_start(self) -> None:
        super().on_start()
        self.shown: set[str] = set()
        self.quotes = self.fills = self.at_the_touch = 0
        self.subscribe_quotes(self.config.instrument_id)

    def on_quote(self, quote: QuoteTick) -> None:
        assert quote.bid_price.raw <= quote.ask_price.raw
        self.quotes += 1
        self.shown |= {str(quote.bid_price), str(quote.ask_price)}

    def on_order_filled(self, event: OrderFilled) -> None:
        assert str(event.instrument_id) == "BTCUSDT.EXF"
        self.fills += 1
        self.at_the_touch += str(event.last_px) in self.shown

    def on_stop(self) -> None:
        print(
            f"EXF fills {self.fills} at the touch {self.at_the_touch} quotes {self.quotes}",
            flush=True,
        )
