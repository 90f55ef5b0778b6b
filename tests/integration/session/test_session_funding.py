"""Funding rates that a strategy received, in a session: recorded, replayed, paid in a backtest."""

from __future__ import annotations

from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.model import (
    FundingRateUpdate,
    InstrumentId,
    NautilusDataType,
    Price,
    Quantity,
    QuoteTick,
)
from nautilus_trader.persistence import ParquetDataCatalog

from adapters.catalog.reading.market.funding.funding_tables import read_settlements
from adapters.catalog.reading.market.market_tables import market_tables
from adapters.command.instruments.make_instrument import make_instrument
from adapters.session import wire_format
from adapters.session.recorded_session import RecordedSession
from adapters.session.session_sink import SessionSink
from backtests.parity.session_replay import replay
from tests.support.catalogs.backtests.funding_catalogs import DAY_NS, HOUR_NS, LINEAR, NAME

if TYPE_CHECKING:
    from pathlib import Path

PERP: Final = InstrumentId.from_str(NAME)
STRATEGY_SEES_QUOTES: Final = "tests.support.strategies.target_position:HearsQuotes"


def rates() -> list[FundingRateUpdate]:
    """Return what a venue streams around a settlement, received 0.2 s late."""
    late = 200_000_000
    rows: list[tuple[float, str, int | None, int | None]] = [
        (7, "0.0001", None, 8), (7.5, "-0.00025", 480, 8), (8.5, "0.0003", 480, None)
    ]  # fmt: skip
    return [
        FundingRateUpdate(
            PERP, Decimal(rate), at := DAY_NS + round(hour * HOUR_NS), at + late, interval,
            None if next_hour is None else DAY_NS + next_hour * HOUR_NS,
        )
        for hour, rate, interval, next_hour in rows
    ]  # fmt: skip


def make_session(folder: Path, data: list[Any]) -> None:
    """Write a session of a strategy that received these data and did nothing."""
    frames: list[bytes] = []
    packer = wire_format.Packer(lambda n, d: frames.append(wire_format.pack_define(n, d)))
    for number, datum in enumerate(data, start=1):
        pack = packer.quote if type(datum) is QuoteTick else packer.funding
        frame = pack(number, datum.ts_init + 1_000, datum)
        frames.append(frame)
    header = {
        "strategy": {"path": STRATEGY_SEES_QUOTES, "config": {}},
        "sandbox": {"balance_usdt": 1000, "leverage": 1, "maker_fee": 0, "taker_fee": 0},
        "instruments": [make_instrument(LINEAR).to_dict()],
        "started_ns": DAY_NS,
        "published": len(data),
        "ended": "as asked",
    }
    sink = SessionSink(folder, source="test")
    sink.feed(wire_format.pack_json(wire_format.HEADER, 0, header))
    for frame in frames:
        sink.feed(frame)
    sink.close()
    assert sink.dropped == 0
    assert not sink.problem


def test_a_session_holds_the_rates_and_its_replay_gives_the_same_ones(tmp_path: Path) -> None:
    """Nautilus's catalog finds them whole, the replay delivers them bit for bit among the quotes
    and pays nothing, and the settlements that they name are known to a backtest.
    """
    size = Quantity(1, 3)
    quotes = [
        QuoteTick(PERP, Price(100, 2), Price(101, 2), size, size, at, at)
        for at in range(DAY_NS + 6 * HOUR_NS, DAY_NS + 10 * HOUR_NS, HOUR_NS // 4)
    ]
    data: list[Any] = sorted([*quotes, *rates()], key=attrgetter("ts_init"))
    make_session(tmp_path, data)
    catalog = ParquetDataCatalog(str(tmp_path))
    assert catalog.query(NautilusDataType.FundingRateUpdate) == rates()
    found = replay(RecordedSession(tmp_path))
    assert (found.inputs, found.differs_at, found.difference) == (len(data), 0, "")
    assert found.kinds == {"quotes": len(quotes), "funding_rates": 3}
    assert not found.failure
    (table,) = market_tables(tmp_path, ("funding_rates",))
    settled = read_settlements(table, table.first_ns, table.last_ns)
    assert settled.instants.tolist() == [DAY_NS + 8 * HOUR_NS, DAY_NS + 16 * HOUR_NS]
    assert settled.rates == (Decimal("-0.00025"), Decimal("0.0003"))
