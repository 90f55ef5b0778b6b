"""The list of fundings: each one that the engine booked, in the order of time."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
from nautilus_trader.model import PositionAdjustmentType

from adapters.catalog.reading.market.funding.engine_funding import BEFORE_NS

if TYPE_CHECKING:
    from nautilus_trader.backtest import BacktestEngine

    from backtests.inputs.backtest_data import BacktestData

_TEXT: Final = pa.string()
_SCHEMA: Final = pa.schema(
    [
        ("time", pa.timestamp("ns", tz="UTC")),
        ("instrument_id", _TEXT),
        ("position_id", _TEXT),
        ("side", _TEXT),
        ("rate", _TEXT),
        ("notional", _TEXT),
        ("amount", _TEXT),
        ("currency", _TEXT),
    ]
)
_DIGITS: Final = 16


def funding_list(engine: BacktestEngine, data: BacktestData) -> pa.Table:
    """Return the fundings that were booked.

    Parameters
    ----------
    engine : BacktestEngine
        The engine after its run.
    data : BacktestData
        The replayed data, whose settlements have the rates.

    Returns
    -------
    pyarrow.Table
        ``time``: the settlement; ``instrument_id``, ``position_id``; ``side``: LONG or SHORT;
        ``rate``: a fraction; ``notional``: the value at the settlement, of which ``amount`` is
        that fraction, received if it is positive; ``currency`` of both. Numbers are decimal text.

    """
    rates = {
        (p.instrument_id, at): rate
        for p in data.funding.perpetuals
        if p.found is not None
        for at, rate in zip(p.found.instants.tolist(), p.found.rates, strict=True)
    }
    rows: list[dict[str, Any]] = []
    cache = engine.cache
    for position in (*cache.position_snapshots(), *cache.positions()):
        for one in position.adjustments():
            paid = one.pnl_change
            if one.adjustment_type != PositionAdjustmentType.FUNDING or paid is None:
                continue
            at, amount = one.ts_event + BEFORE_NS, paid.as_decimal()
            rate = rates.get((position.instrument_id, at), Decimal(0))
            is_long = (amount < 0) == (rate > 0)
            rows.append(
                {
                    "time": at,
                    "instrument_id": position.instrument_id.value,
                    "position_id": one.position_id.value,
                    "side": ("LONG" if is_long else "SHORT") if rate and amount else None,
                    "rate": f"{rate:f}" if rate else None,
                    "notional": _text(abs(amount / rate)) if rate else None,
                    "amount": f"{amount:f}",
                    "currency": paid.currency.code,
                }
            )
    rows.sort(key=lambda row: row["time"])
    return pa.Table.from_pylist(rows, schema=_SCHEMA)


def _text(value: Decimal) -> str:
    return f"{round(value, _DIGITS).normalize():f}"
