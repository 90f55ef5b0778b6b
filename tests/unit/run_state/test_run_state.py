"""The content of a state, also one that somebody made up."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.run_state.process_identity import ProcessIdentity
from adapters.run_state.run_state import (
    LONGEST_TEXT,
    MOST_ROWS,
    BadStateError,
    OpenOrder,
    OpenPosition,
    RunState,
)

POSITION = OpenPosition(instrument="BTCUSDT-PERP.BINANCE", quantity="-0.5", price="60000.1")
ORDER = OpenOrder(
    id="O-1", instrument="BTCUSDT-PERP.BINANCE", side="BUY", kind="LIMIT", left="2", price="1"
)
STATE = RunState(
    process=ProcessIdentity(7, 8, "boot"),
    strategy="Mine",
    phase="running",
    positions=(POSITION,),
    open_orders=(ORDER,),
    not_listed=3,
)


def test_a_state_is_read_as_it_was_written() -> None:
    """Every field."""
    assert RunState.decode(STATE.encode()) == STATE


def test_what_is_open_is_one_line() -> None:
    """Side, quantity, instrument and price of each, and how many are not listed."""
    assert STATE.left_open() == (
        "position -0.5 BTCUSDT-PERP.BINANCE at 60000.1, "
        "order BUY LIMIT 2 BTCUSDT-PERP.BINANCE at 1 (O-1), 3 more"
    )
    assert not STATE.is_flat
    assert replace(STATE, positions=(), open_orders=(), not_listed=0).left_open() == "nothing"


def changed(**fields: object) -> bytes:
    """Return the state with other fields, which may be anything."""
    return orjson.dumps(orjson.loads(STATE.encode()) | fields)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        changed(phase="sleeping"),
        changed(code="1"),
        changed(code=True),
        changed(unknown="x"),
        changed(process={"pid": 0, "start_ticks": 1, "boot_id": ""}),
        changed(process={"pid": 1 << 40, "start_ticks": 1, "boot_id": ""}),
        changed(process=[1]),
        changed(positions={}),
        changed(positions=[[]]),
        changed(positions=[{"instrument": "A", "quantity": "NaN", "price": "1"}]),
        changed(positions=[{"instrument": "A", "quantity": "1e", "price": "1"}]),
        changed(open_orders=[orjson.loads(orjson.dumps(ORDER)) | {"side": "HOLD"}]),
        changed(open_orders=[orjson.loads(orjson.dumps(ORDER))] * (MOST_ROWS + 1)),
    ],
)
def test_what_is_no_state_is_refused(content: bytes) -> None:
    """By one error, whatever is wrong."""
    with pytest.raises(BadStateError, match="not the state of a run"):
        RunState.decode(content)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(orjson.loads(STATE.encode()))), JSON))
def test_a_made_up_state_is_read_or_refused(fields: dict[str, object]) -> None:
    """No other error, whatever the fields hold; what is read is one printable line."""
    try:
        found = RunState.decode(changed(**fields))
    except BadStateError:
        return
    assert found.left_open().isprintable()
    assert found.reason.isprintable()


def test_text_for_a_terminal_is_short_and_printable() -> None:
    """No control sequence of a made-up state reaches a terminal, a log or a command."""
    found = RunState.decode(changed(strategy="\x1b[2J" + "a" * 1000))
    assert found.strategy.startswith("?[2J")
    assert len(found.strategy) == LONGEST_TEXT
