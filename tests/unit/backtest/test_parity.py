"""The comparison of decisions and executions of two runs."""

from __future__ import annotations

from typing import Any

from adapters.session.run_record import Happening, record_of
from backtests.parity import divergence


def line(
    number: int, at: int, cause: str = "input", ns: int = 0, **content: Any
) -> dict[str, Any]:
    """Return a line as a tap tells it."""
    return {"line": number, "input": at, "cause": cause, "ns": ns or at * 1_000_000, **content}


def happening(at: int, cause: str = "input", ns: int = 0, **content: Any) -> Happening:
    """Return a decision or an event."""
    return Happening(input=at, cause=cause, ns=ns or at * 1_000_000, content=content)


def test_lines_after_the_stop_are_left_out() -> None:
    """What the node's stopping brings about is no decision of the strategy."""
    lines = [
        line(1, 0, "start", hook="on_start", by="node"),
        line(2, 3, call="submit_order"),
        line(3, 3, "event", event="OrderFilled", order=1),
        line(4, 9, "stop", hook="on_market_exit", by="node"),
        line(5, 9, "stop", call="cancel_order"),
    ]
    record = record_of(lines, 100)
    assert [d.content["call"] for d in record.decisions] == ["submit_order"]
    assert record.stopped_at == 9
    assert not record.missing


def test_a_strategy_that_leaves_the_market_itself_goes_on() -> None:
    """Its own market_exit is a decision, and no end of the comparison."""
    lines = [
        line(1, 3, "stop", hook="on_market_exit", by="strategy"),
        line(2, 3, call="market_exit"),
        line(3, 7, call="submit_order"),
    ]
    assert len(record_of(lines, 100).decisions) == 2


def test_a_missing_line_is_noticed() -> None:
    """The numbers have a hole."""
    assert record_of([line(1, 1), line(4, 2)], 100).missing == [2, 3]


def test_events_of_one_input_may_come_in_turns() -> None:
    """Two orders of one input, one after the other or step by step together, are the same."""
    one = [
        (1, "OrderSubmitted"),
        (1, "OrderAccepted"),
        (2, "OrderSubmitted"),
        (2, "OrderAccepted"),
    ]
    other = [one[0], one[2], one[1], one[3]]
    records = [
        record_of(
            [line(i, 5, "event", event=e, order=o) for i, (o, e) in enumerate(events, 1)], 100
        )
        for events in (one, other)
    ]
    assert divergence.first_divergence(records[0].events, records[1].events) is None


def test_the_first_difference_is_named() -> None:
    """By both runs' inputs; everything before it is the same."""
    live = [happening(3, call="submit_order"), happening(8, call="cancel_order")]
    replayed = [happening(3, call="submit_order"), happening(7, call="cancel_order")]
    parting = divergence.first_divergence(live, replayed)
    assert parting is not None
    assert (parting.index, parting.at) == (1, 7)
    assert "input 8 live" in str(parting)
    missing = divergence.first_divergence(live, live[:1])
    assert missing is not None
    assert (missing.index, missing.at) == (1, 8)


def test_decisions_may_differ_only_after_executions_did() -> None:
    """An event after an input has no part in what that very input caused."""
    decisions = divergence.first_divergence(
        [happening(8, call="submit_order")], [happening(9, call="submit_order")]
    )
    assert decisions is not None

    def events(live: int, replayed: int) -> divergence.Divergence | None:
        a, b = (happening(at, "event", event="OrderFilled") for at in (live, replayed))
        return divergence.first_divergence([a], [b])

    assert divergence.is_excused(decisions, events(7, 6))
    assert not divergence.is_excused(decisions, events(9, 8))
    assert not divergence.is_excused(decisions, None)


def test_a_late_alert_is_the_same_decision_within_a_limit() -> None:
    """A backtest's clock is exact; the live one may tell after another input, not before."""
    exact = happening(8, "clock", 100_000_000, call="cancel_all_orders")
    late = happening(9, "clock", 102_000_000, call="cancel_all_orders")
    by_data = happening(9, "input", 103_000_000, call="cancel_all_orders")
    early = happening(7, "clock", 99_000_000, call="cancel_all_orders")
    far = happening(99, "clock", 900_000_000, call="cancel_all_orders")
    assert divergence.is_same(late, exact)
    assert divergence.is_same(by_data, exact)
    assert not divergence.is_same(early, exact)
    assert not divergence.is_same(far, exact)
    assert not divergence.is_same(
        exact, happening(8, "input", 100_000_000, call="cancel_all_orders")
    )
    assert divergence.late_clock([late], [exact]) == [2_000_000]


def test_the_expiry_of_an_order_is_the_same_within_the_delay_of_a_live_clock() -> None:
    """A strategy computes it from its clock; what else the order has must be the same."""

    def submitted(expire_time_ns: int | None, price: str = "5") -> Happening:
        order = {"number": 1, "price": price, "expire_time_ns": expire_time_ns}
        if expire_time_ns is None:
            del order["expire_time_ns"]
        return happening(8, call="submit_order", order=order)

    def listed(expire_time_ns: int) -> Happening:
        orders = [{"number": 1}, {"number": 2, "expire_time_ns": expire_time_ns}]
        return happening(8, call="submit_order_list", orders=orders)

    at = 60_000_000_000
    assert divergence.is_same(submitted(at), submitted(at - 3_000))
    assert divergence.is_same(listed(at + 250_000_000), listed(at))
    assert not divergence.is_same(submitted(at), submitted(at - 300_000_000))
    assert not divergence.is_same(listed(at + 300_000_000), listed(at))
    assert not divergence.is_same(submitted(at), submitted(None))
    assert not divergence.is_same(submitted(at), submitted(at - 3_000, "6"))
    parting = divergence.first_divergence([submitted(at)], [submitted(at + 10**9)])
    assert parting is not None
    assert "61000000000" in str(parting)
    assert divergence.is_same(
        happening(8, call="cancel_orders", orders=[1, 2]),
        happening(8, call="cancel_orders", orders=[1, 2]),
    )
