"""Two sessions side by side, made by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from adapters.session.run_record import Happening, RunRecord
from live.fleet.comparison.session_view import Record, SessionView
from live.fleet.comparison.side_by_side import side_by_side

BTC = "BTCUSDT-PERP.BINANCE"


def decision(number: int, side: str, order: int, cause: str = "input") -> Happening:
    """Return an order decided after an input, 7 µs after its delivery."""
    described = {"number": order, "instrument_id": BTC, "side": side, "quantity": "1"}
    content = {"call": "submit_order", "order": described}
    return Happening(input=number, cause=cause, ns=number * 1_000_000 + 7_000, content=content)


def fill(number: int, side: str, price: float) -> Happening:
    """Return a fill of 1 with a fee of 0.5."""
    content: dict[str, Any] = {
        "event": "OrderFilled", "order": 1, "instrument_id": BTC, "order_side": side,
        "last_qty": "1", "last_px": str(price), "commission": "0.50000000 USDT",
    }  # fmt: skip
    return Happening(input=number, cause="event", ns=number * 1_000_000 + 9_000, content=content)


def view(numbers: dict[int, int], *happenings: Happening, stream: int = 1) -> SessionView:
    """Return a session with records of given sequence numbers at given inputs, 2 µs old."""
    return SessionView(
        folder=Path("nowhere"),
        strategy="m:S",
        run=RunRecord(
            decisions=[h for h in happenings if "call" in h.content],
            events=[h for h in happenings if "event" in h.content],
        ),
        numbers=[*numbers],
        records=[Record(stream, sequence) for sequence in numbers.values()],
        delivered_ns=[n * 1_000_000 for n in numbers],
        event_ns=[n * 1_000_000 - 2_000 for n in numbers],
        mids={BTC: ([n * 1_000_000 for n in numbers], [100.0 + n for n in numbers])},
    )


def test_decisions_belong_to_records_and_not_to_inputs() -> None:
    """The same decision at the same record is the same one, at whichever input of either node."""
    blue = view({1: 11, 3: 12, 5: 13}, decision(3, "BUY", 1), decision(4, "SELL", 2, "event"))
    green = view({1: 10, 2: 11, 6: 12, 7: 13}, decision(6, "BUY", 5), decision(6, "SELL", 6))
    found = side_by_side(blue, green)
    assert (found.records, found.same, found.differing, found.first) == (3, 1, 0, None)
    assert found.only == (0, 0)


def test_the_first_record_with_another_decision_is_named() -> None:
    """Also where one decided nothing."""
    blue = view({1: 1, 2: 2, 3: 3}, decision(2, "BUY", 1), decision(3, "SELL", 2))
    green = view({1: 1, 2: 2, 3: 3}, decision(2, "BUY", 1))
    found = side_by_side(blue, green)
    assert (found.same, found.differing) == (1, 1)
    assert found.first is not None
    assert found.first.record == Record(1, 3)
    assert found.first.blue == (f"submit_order {BTC} SELL 1",)
    assert found.first.green == ()


def test_figures_are_of_the_common_time() -> None:
    """Profit is cash, less fees, and what is held at the mid; delays and ages in µs."""
    blue = view(
        {1: 1, 2: 2, 3: 3, 9: 9},
        decision(2, "BUY", 1),
        fill(2, "BUY", 102.0),
        fill(9, "SELL", 0.0),
    )
    green = view({1: 1, 2: 2, 3: 3})
    figures = side_by_side(blue, green).figures
    assert figures["fills"] == (1, 0)
    assert figures["pnl"] == (103.0 - 102.0 - 0.5, 0.0)
    assert figures["decision_p50_us"] == (7.0, None)
    assert figures["factor_age_p50_us"] == (2.0, 2.0)


def test_another_stream_has_no_records_in_common() -> None:
    """A restarted producer counts from 1 again."""
    assert side_by_side(view({1: 1}), view({1: 1}, stream=2)).records == 0
