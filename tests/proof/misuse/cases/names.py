"""Odd names: wildcards, empty ones, very long ones, wherever Nautilus takes a name."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.model import BarType, ClientId, ClientOrderId, DataType, InstrumentId, Venue

from tests.proof.misuse.case import add_misuse

if TYPE_CHECKING:
    from collections.abc import Callable

ODD: Final = {
    "star": "a*b",
    "question": "a?b",
    "empty": "",
    "dots": "a..b.",
    "long": "n" * 100_000,
    "nul": "a\x00b",
    "emoji": "🐬",
    "newline": "a\nb",
    "surrogate": "\udc80",
}
FEW: Final = ("star", "question", "empty", "surrogate")
PLACES: Final[dict[str, Callable[[Any, str], object]]] = {
    "data_type": lambda s, n: s.subscribe_data(DataType(n)),
    "metadata": lambda s, n: s.subscribe_data(DataType("Planted", {n: n})),
    "signal": lambda s, n: s.publish_signal(n, 1.0),
    "signal_subscription": lambda s, n: s.subscribe_signal(n),
    "topic": lambda s, n: s.publish_message(n, "x"),
    "topic_subscription": lambda s, n: s.subscribe_topic(n, print),
    "instrument": lambda s, n: s.subscribe_quotes(InstrumentId.from_str(f"{n}.BINANCE")),
    "venue": lambda s, n: s.subscribe_quotes(InstrumentId.from_str(f"BTCUSDT.{n}")),
    "client": lambda s, n: s.subscribe_quotes(s.resting.instrument_id, ClientId(n)),
    "order_id": lambda s, n: s.cache.order(ClientOrderId(n)),
    "tag": lambda s, n: s.rest(tags=[n]),
    "timer": lambda s, n: s.clock.set_timer(n, timedelta(seconds=1), callback=print),
    "log": lambda s, n: s.log.warning(n),
    "bar_type": lambda s, n: s.subscribe_bars(BarType.from_str(f"{n}-1-SECOND-MID-INTERNAL")),
    "instruments": lambda s, n: s.subscribe_instruments(Venue(n)),
    "shutdown": lambda s, n: s.shutdown_system(n),
}


def _at(place: Callable[[Any, str], object], name: str) -> Callable[[Any], object]:
    return lambda s: place(s, name)


for _place, _call in PLACES.items():
    for _odd in ODD if _place in {"data_type", "signal", "log"} else FEW:
        add_misuse(f"names/{_place}__{_odd}", _at(_call, ODD[_odd]))
