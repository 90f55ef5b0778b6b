"""Which orders, and how much of a position, are a dead node's."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.run_state.process_identity import ProcessIdentity
from adapters.run_state.run_state import OpenOrder, OpenPosition, RunState
from live.guarding.closing.closing_scope import ClosingScope

PERP = "BTCUSDT-PERP.BINANCE"


def scope(position: str, *orders: tuple[str, str], strategy_id: str = "Mine-000") -> ClosingScope:
    """Return the scope of a node with a position and orders of side and quantity."""
    return ClosingScope(
        RunState(
            process=ProcessIdentity(1, 1, ""),
            trader_id="DOLPHIN-001",
            strategy_id=strategy_id,
            positions=(OpenPosition(instrument=PERP, quantity=position, price="1"),),
            open_orders=tuple(
                OpenOrder(id=f"own-{n}", instrument=PERP, side=side, kind="LIMIT", left=left,
                          price="1")
                for n, (side, left) in enumerate(orders)
            ),
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "is_owned"),
    [
        ("own-0", True),
        ("own-1", False),
        ("O-20261128-211622-001-000-7", True),
        ("O-20261128-211622-002-000-7", False),
        ("O-20261128-211622-001-001-7", False),
        ("O-20261128-211622-001-000-7x", False),
        ("web_abc", False),
    ],
)
def test_orders_are_the_nodes_by_list_or_by_tags(name: str, *, is_owned: bool) -> None:
    """Fault D02: never by instrument alone."""
    assert scope("1", ("BUY", "1")).owns(name) == is_owned


def test_without_identifiers_only_listed_orders_are_the_nodes() -> None:
    """A state of a node that never ran, or a made-up one."""
    assert not scope("1", strategy_id="").owns("O-20261128-211622-001--7")
    assert scope("1", ("BUY", "1"), strategy_id="").owns("own-0")


@pytest.mark.parametrize(
    ("position", "orders", "held", "closed"),
    [
        ("2", [], "2", "2"),
        ("2", [], "5", "2"),
        ("2", [], "1", "1"),
        ("2", [], "-1", "0"),
        ("2", [("BUY", "1")], "5", "3"),
        ("2", [("SELL", "3")], "-2", "-1"),
        ("-2", [("SELL", "3")], "-9", "-5"),
        ("-2", [("BUY", "1")], "1", "0"),
        ("0", [("BUY", "1")], "1", "1"),
    ],
)
def test_a_position_is_the_nodes_as_far_as_its_orders_explain_it(
    position: str, orders: list[tuple[str, str]], held: str, closed: str
) -> None:
    """Fault D02: what lies outside is somebody else's."""
    assert scope(position, *orders).to_close(PERP, Decimal(held)) == Decimal(closed)


AMOUNT = st.decimals(-1000, 1000, places=3)
ORDERS = st.lists(
    st.tuples(st.sampled_from(["BUY", "SELL"]), st.decimals(0, 100, places=3).map(str)), max_size=5
)


@given(AMOUNT, ORDERS, AMOUNT)
def test_closing_only_reduces(
    position: Decimal, orders: list[tuple[str, str]], held: Decimal
) -> None:
    """Whatever a state says: never beyond zero, never more than is held, nothing elsewhere."""
    found = scope(str(position), *orders)
    closed = found.to_close(PERP, held)
    assert abs(closed) <= abs(held)
    assert closed == 0 or (closed > 0) == (held > 0)
    assert found.to_close("ETHUSDT-PERP.BINANCE", held) == 0
