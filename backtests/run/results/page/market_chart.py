"""The drawing of a market: price with fills, factors and position under one time axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import plotly.graph_objects as go
from nautilus_trader.model import OrderFilled, OrderSide
from plotly.subplots import make_subplots

from backtests.run.results.accounting.prices.price_rows import MARK, price_table
from backtests.run.results.page.chart_lines import factor_lines, price_line

if TYPE_CHECKING:
    from nautilus_trader.backtest import BacktestEngine
    from nautilus_trader.model import InstrumentId
    from numpy.typing import NDArray

    from backtests.inputs.backtest_data import BacktestData

MAX_SHOWN: Final = 8
"""The largest number of factors in a figure; more would be too flat to read."""
_MANY_MARKS: Final = 5_000
"""The number of fills from which the browser draws them with WebGL."""
_NS_PER_MS: Final = 1e6
_COLOURS: Final = {OrderSide.BUY: "#1a9850", OrderSide.SELL: "#d73027"}
_SYMBOLS: Final = {OrderSide.BUY: "triangle-up", OrderSide.SELL: "triangle-down"}


def market_chart(
    engine: BacktestEngine, data: BacktestData, instrument_id: InstrumentId
) -> go.Figure:
    """Draw price with fills, factors and position, one under the other on one time axis.

    Parameters
    ----------
    engine : BacktestEngine
        The engine after its run, not disposed of yet.
    data : BacktestData
        The replayed data; its ``show`` names the factors, of which the first eight are drawn.
    instrument_id : InstrumentId
        The instrument of the price, fills and position.

    """
    shown = data.show[:MAX_SHOWN]
    names = [str(instrument_id), *shown, "position"]
    heights = [3.0, *([1.0] * len(shown)), 1.0]
    drawn = make_subplots(
        rows=len(names), cols=1, shared_xaxes=True, vertical_spacing=0.02, row_heights=heights
    )
    table = price_table(data, str(instrument_id))
    if table is not None:
        ts, price = price_line(data, table).drawn()
        drawn.add_trace(_line(ts, price, MARK[table.kind], "#4575b4"), row=1, col=1)
    fills = _fills(engine, instrument_id)
    for side in (OrderSide.BUY, OrderSide.SELL):
        drawn.add_trace(_marks([f for f in fills if f.order_side == side], side), row=1, col=1)
    for row, (name, line) in enumerate(factor_lines(data, shown).items(), start=2):
        drawn.add_trace(_line(*line.drawn(), name, "#762a83", shape="hv"), row=row, col=1)
    drawn.add_trace(_position(fills, data), row=len(names), col=1)
    for row, name in enumerate(names, start=1):
        drawn.update_yaxes(title_text=name, title_font_size=11, row=row, col=1)
    drawn.update_xaxes(type="date", range=[data.start_ns / _NS_PER_MS, data.end_ns / _NS_PER_MS])
    drawn.update_layout(
        height=260 + 90 * len(names),
        template="plotly_white",
        showlegend=False,
        hovermode="x",
        margin={"t": 30, "b": 40, "l": 80, "r": 50},
    )
    return drawn


def _fills(engine: BacktestEngine, instrument_id: InstrumentId) -> list[OrderFilled]:
    """Return every fill of an instrument, in time order."""
    fills = [
        event
        for order in engine.cache.orders()
        if order.instrument_id == instrument_id
        for event in order.events()
        if isinstance(event, OrderFilled)
    ]
    return sorted(fills, key=lambda f: f.ts_event)


def _line(
    ts: NDArray[np.int64],
    values: NDArray[np.float64],
    name: str,
    colour: str,
    shape: str = "linear",
) -> go.Scatter:
    return go.Scatter(
        x=ts / _NS_PER_MS,
        y=values,
        name=name,
        mode="lines",
        line={"width": 1, "color": colour, "shape": shape},
        connectgaps=False,
    )


def _marks(fills: list[OrderFilled], side: OrderSide) -> Any:
    """Return one mark for each fill."""
    draw = go.Scattergl if len(fills) > _MANY_MARKS else go.Scatter
    sizes = np.array([f.last_qty.as_double() for f in fills])
    return draw(
        x=np.array([f.ts_event for f in fills], np.int64) / _NS_PER_MS,
        y=np.array([f.last_px.as_double() for f in fills]),
        customdata=sizes,
        name=side.name.lower(),
        mode="markers",
        marker={
            "color": _COLOURS[side],
            "symbol": _SYMBOLS[side],
            "size": 9,
            "line": {"width": 0.5, "color": "white"},
        },
        hovertemplate="%{customdata} at %{y}<br>%{x}",
    )


def _position(fills: list[OrderFilled], data: BacktestData) -> go.Scatter:
    """Return the position after each fill, as steps."""
    signed = [f.last_qty.as_double() * (1 if f.order_side == OrderSide.BUY else -1) for f in fills]
    held = np.concatenate([[0.0], np.cumsum(signed)]).round(12)
    ts = np.array([data.start_ns, *(f.ts_event for f in fills), data.end_ns], np.int64)
    return _line(ts, np.append(held, held[-1]), "position", "#555555", shape="hv")
