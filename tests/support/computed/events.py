"""Market data for tests: plain events, made by hypothesis, and as Nautilus data."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st
from nautilus_trader.model import (
    AggressorSide,
    CryptoPerpetual,
    Currency,
    InstrumentId,
    Price,
    Quantity,
    QuoteTick,
    Symbol,
    TradeId,
    TradeTick,
)

from dolphin_strategies.computed.spec import ComputedSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

PERPETUAL: Final = "BTCUSDT-PERP.BINANCE"
SPOT: Final = "BTCUSDT.BINANCE"
START_NS: Final = 1_700_000_000_000_000_000
TICK: Final = 0.1
MILLISECOND: Final = 1_000_000


@dataclass(frozen=True)
class Quote:
    """The best bid and ask of an instrument at an instant."""

    ts: int
    instrument: str
    bid: float
    ask: float
    bid_size: float
    ask_size: float
    ts_event: int

    @property
    def is_good(self) -> bool:
        """Whether it is not crossed."""
        return 0 < self.bid < self.ask

    @property
    def mid(self) -> float:
        """Middle of bid and ask."""
        return (self.bid + self.ask) / 2


@dataclass(frozen=True)
class Trade:
    """A trade of an instrument at an instant; side 1: the taker bought."""

    ts: int
    instrument: str
    price: float
    size: float
    side: int
    ts_event: int


Event = Quote | Trade


def data_of(event: Event) -> Any:
    """Return the event as Nautilus data."""
    instrument_id = InstrumentId.from_str(event.instrument)
    if isinstance(event, Quote):
        return QuoteTick(
            instrument_id,
            Price(event.bid, 1),
            Price(event.ask, 1),
            Quantity(event.bid_size, 3),
            Quantity(event.ask_size, 3),
            event.ts_event,
            event.ts,
        )
    side = {1: AggressorSide.BUY, -1: AggressorSide.SELL, 0: AggressorSide.NO_AGGRESSOR}
    return TradeTick(
        instrument_id,
        Price(event.price, 1),
        Quantity(event.size, 3),
        side[event.side],
        TradeId("1"),
        event.ts_event,
        event.ts,
    )


def perpetual(
    instrument: str = PERPETUAL, multiplier: str = "1", *, is_inverse: bool = False
) -> CryptoPerpetual:
    """Return an instrument with a contract size."""
    instrument_id = InstrumentId.from_str(instrument)
    coin, dollar = Currency.from_str("BTC"), Currency.from_str("USDT")
    return CryptoPerpetual(
        instrument_id,
        Symbol(instrument_id.symbol.value),
        coin,
        dollar,
        coin if is_inverse else dollar,
        is_inverse,
        1,
        3,
        Price(0.1, 1),
        Quantity(0.001, 3),
        0,
        0,
        multiplier=Quantity.from_str(multiplier),
        margin_init=Decimal(0),
        margin_maint=Decimal(0),
    )


def spec(
    class_name: str,
    instruments: Sequence[str] = (PERPETUAL,),
    *,
    name: str | None = None,
    time_to_live_s: float = 1e6,
    low: float = -1e15,
    high: float = 1e15,
    **parameters: Any,
) -> ComputedSpec:
    """Return a spec that lives long and refuses nothing."""
    return ComputedSpec(
        name=name or class_name,
        class_name=class_name,
        instruments=tuple(instruments),
        low=low,
        high=high,
        time_to_live_s=time_to_live_s,
        parameters=parameters,
    )


_GAPS: Final = st.one_of(
    st.just(0),
    st.integers(1, 300),
    st.sampled_from([500, 1000, 1000, 2000]),
)
_SIZES: Final = st.sampled_from([0.0, 0.001, 0.007, 0.1, 1.0, 2.5, 1234.567])


@st.composite
def flows(draw: st.DrawFn, *, least: int = 30, most: int = 80) -> list[Event]:
    """Draw quotes and trades of two instruments in order of time.

    Instants are often equal or on a grid of a second, quotes crossed, stamps out of order.
    """
    ts, mid = START_NS, 10_000
    events: list[Event] = []
    ages = st.sampled_from([0, 0, 0, 0, 3, 40])
    steps = draw(
        st.lists(
            st.tuples(
                _GAPS,
                st.sampled_from("qqqqtttsss"),
                st.integers(-3, 3),
                st.sampled_from([1, 1, 1, 1, 1, 1, 2, 5, 0, -1]),
                _SIZES,
                _SIZES,
                st.sampled_from([1, -1, -1, 1, 0]),
                ages,
            ),
            min_size=least,
            max_size=most,
        )
    )
    for gap, kind, move, spread, first, second, side, age in steps:
        ts += gap * MILLISECOND
        mid += move
        event_ts = ts - age * MILLISECOND
        instrument = SPOT if kind == "s" else PERPETUAL
        bid, ask = mid * TICK, (mid + spread) * TICK
        if kind == "t":
            events.append(Trade(ts, instrument, ask, first + 0.001, side, event_ts))
        else:
            events.append(Quote(ts, instrument, bid, ask, first, second, event_ts))
    return _as_ticks(events)


def _as_ticks(events: list[Event]) -> list[Event]:
    """Return the events with the numbers that Nautilus keeps of them."""
    found: list[Event] = []
    for e in events:
        if isinstance(e, Quote):
            found.append(
                Quote(
                    e.ts,
                    e.instrument,
                    float(Price(e.bid, 1)),
                    float(Price(e.ask, 1)),
                    float(Quantity(e.bid_size, 3)),
                    float(Quantity(e.ask_size, 3)),
                    e.ts_event,
                )
            )
        else:
            price, size = float(Price(e.price, 1)), float(Quantity(e.size, 3))
            found.append(Trade(e.ts, e.instrument, price, size, e.side, e.ts_event))
    return found
