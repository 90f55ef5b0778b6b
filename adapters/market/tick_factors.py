"""TickFactors: the external factors of a recording, and when each may be known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np
from numpy.typing import NDArray

from dolphin_strategies.factors.schema import FactorSchema

if TYPE_CHECKING:
    from adapters.market.tick_files import TickFiles, TouchTicks, TradeTicks

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

MEANINGS: Final = {
    "basis": "bps, mid of the perpetual over mid of spot",
    "spread": "bps, touch of the perpetual",
    "imbal_btc": "-1 to 1, (bid size - ask size) / (bid size + ask size), perpetual",
    "basis_mean_bps_60s": "mean basis over time",
    "basis_gap_bps_60s": "basis less that mean",
    "spot_lead_bps_1s": "return of spot less return of the perpetual",
    "spot_lead_bps_5s": "return of spot less return of the perpetual",
    "mid_btc_binance": "USDT, perpetual",
    "microprice_btc_binance": "USDT, mid weighted by the opposite sizes, perpetual",
    "microprice_offset_bps_btc_binance": "microprice over mid",
    "bid_size_btc_binance": "BTC at the best bid",
    "ask_size_btc_binance": "BTC at the best ask",
    "return_bps_btc_binance_1s": "mid now over mid then",
    "return_bps_btc_binance_5s": "mid now over mid then",
    "return_bps_btc_binance_30s": "mid now over mid then",
    "vol_bps_btc_binance_10s": "root of the summed squared mid returns",
    "vol_bps_btc_binance_60s": "root of the summed squared mid returns",
    "flow_btc_binance_1s": "BTC bought less BTC sold by takers",
    "flow_btc_binance_5s": "BTC bought less BTC sold by takers",
    "flow_btc_binance_30s": "BTC bought less BTC sold by takers",
    "trades_per_s_btc_binance_1s": "trades a second",
    "trades_per_s_btc_binance_10s": "trades a second",
    "quotes_per_s_btc_binance_1s": "touch changes a second",
    "mid_btc_spot_binance": "USDT, spot",
    "spread_bps_btc_spot_binance": "touch of spot",
    "imbal_btc_spot_binance": "-1 to 1, spot",
    "microprice_offset_bps_btc_spot_binance": "microprice over mid, spot",
    "return_bps_btc_spot_binance_1s": "mid now over mid then, spot",
    "return_bps_btc_spot_binance_5s": "mid now over mid then, spot",
    "flow_btc_spot_binance_1s": "BTC bought less BTC sold by takers, spot",
    "flow_btc_spot_binance_5s": "BTC bought less BTC sold by takers, spot",
    "flow_btc_spot_binance_30s": "BTC bought less BTC sold by takers, spot",
}
"""Each factor and its meaning; windows end at the record and exclude their start."""

_NS_PER_S: Final = 1_000_000_000
_BPS: Final = 1e4


@dataclass(frozen=True, kw_only=True)
class TickFactors:
    """One record for each stamp at which the touch of the perpetual or of spot changed.

    A record is computed from everything received up to and at its stamp, and nothing later. NaN:
    no value yet, because the recording does not reach back far enough.

    Attributes
    ----------
    schema : FactorSchema
        The names of the values, see ``MEANINGS``.
    ts : int64 array of shape (records,)
        Receive time of each record's last input, nanoseconds; strictly increasing.
    values : float64 array of shape (records, factors)
        C-contiguous.
    after_event : int64 array of shape (records,)
        How many of the recording's events a node must have received before it may see a record.

    """

    schema: FactorSchema
    ts: Ints
    values: Floats
    after_event: Ints

    @classmethod
    def of(cls, recording: TickFiles) -> Self:
        """Compute all factors of a recording, from its first event to its last."""
        events = recording.events
        changes = np.union1d(recording.perp_touch.ts, recording.spot_touch.ts)
        ts = changes[(changes >= events.ts[0]) & (changes <= events.ts[-1])]
        columns = _columns(recording, ts)
        return cls(
            schema=FactorSchema(MEANINGS),
            ts=ts,
            values=np.column_stack([columns[name] for name in MEANINGS]),
            after_event=np.searchsorted(events.ts, ts, side="right"),
        )


def _columns(recording: TickFiles, ts: Ints) -> dict[str, Floats]:
    perp, spot = recording.perp_touch, recording.spot_touch
    perp_at, spot_at = _newest(perp.ts, ts), _newest(spot.ts, ts)
    mid, spot_mid = _take(perp.mid, perp_at), _take(spot.mid, spot_at)
    basis = (mid / spot_mid - 1) * _BPS
    mean = _time_mean(basis, ts, 60)
    offset = _take(_microprice_offset_bps(perp), perp_at)
    columns = {
        "basis": basis,
        "spread": _take(_spread_bps(perp), perp_at),
        "imbal_btc": _take(_imbalance(perp), perp_at),
        "basis_mean_bps_60s": mean,
        "basis_gap_bps_60s": basis - mean,
        "mid_btc_binance": mid,
        "microprice_btc_binance": mid * (1 + offset / _BPS),
        "microprice_offset_bps_btc_binance": offset,
        "bid_size_btc_binance": _take(perp.bid_size, perp_at),
        "ask_size_btc_binance": _take(perp.ask_size, perp_at),
        "quotes_per_s_btc_binance_1s": _window_sum(np.ones(len(perp.ts)), perp.ts, ts, 1),
        "mid_btc_spot_binance": spot_mid,
        "spread_bps_btc_spot_binance": _take(_spread_bps(spot), spot_at),
        "imbal_btc_spot_binance": _take(_imbalance(spot), spot_at),
        "microprice_offset_bps_btc_spot_binance": _take(_microprice_offset_bps(spot), spot_at),
    }
    for seconds in (1, 5, 30):
        columns[f"return_bps_btc_binance_{seconds}s"] = _return_bps(perp, ts, seconds)
        columns[f"flow_btc_binance_{seconds}s"] = _flow(recording.perp_trades, ts, seconds)
        columns[f"flow_btc_spot_binance_{seconds}s"] = _flow(recording.spot_trades, ts, seconds)
    for seconds in (1, 5):
        spot_return = _return_bps(spot, ts, seconds)
        columns[f"return_bps_btc_spot_binance_{seconds}s"] = spot_return
        columns[f"spot_lead_bps_{seconds}s"] = (
            spot_return - columns[f"return_bps_btc_binance_{seconds}s"]
        )
    for seconds in (10, 60):
        columns[f"vol_bps_btc_binance_{seconds}s"] = _volatility_bps(perp, ts, seconds)
    for seconds in (1, 10):
        trades = recording.perp_trades
        count = _window_sum(np.ones(len(trades.ts)), trades.ts, ts, seconds)
        columns[f"trades_per_s_btc_binance_{seconds}s"] = count / seconds
    return columns


def _spread_bps(touch: TouchTicks) -> Floats:
    return (touch.ask - touch.bid) / touch.mid * _BPS


def _imbalance(touch: TouchTicks) -> Floats:
    return (touch.bid_size - touch.ask_size) / (touch.bid_size + touch.ask_size)


def _microprice_offset_bps(touch: TouchTicks) -> Floats:
    """Return how far the size-weighted mid lies above the mid: half the spread by imbalance."""
    return _spread_bps(touch) / 2 * _imbalance(touch)


def _newest(input_ts: Ints, ts: Ints) -> Ints:
    """Return the position of the newest input at or before each instant, -1 if there is none."""
    return np.searchsorted(input_ts, ts, side="right") - 1


def _take(values: Floats, at: Ints) -> Floats:
    """Return the values at positions, NaN at -1."""
    return np.where(at >= 0, values[np.maximum(at, 0)], np.nan)


def _return_bps(touch: TouchTicks, ts: Ints, seconds: int) -> Floats:
    now = _take(touch.mid, _newest(touch.ts, ts))
    then = _take(touch.mid, _newest(touch.ts, ts - seconds * _NS_PER_S))
    return (now / then - 1) * _BPS


def _window_sum(values: Floats, input_ts: Ints, ts: Ints, seconds: int) -> Floats:
    """Sum the inputs after ``ts - seconds`` up to ``ts``; NaN until the first is so far back."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    start_ts = ts - seconds * _NS_PER_S
    end, start = _newest(input_ts, ts) + 1, _newest(input_ts, start_ts) + 1
    return np.where(start_ts >= input_ts[0], total[end] - total[start], np.nan)


def _flow(trades: TradeTicks, ts: Ints, seconds: int) -> Floats:
    signed = np.where(trades.taker_buys, trades.size, -trades.size)
    return _window_sum(signed, trades.ts, ts, seconds)


def _volatility_bps(touch: TouchTicks, ts: Ints, seconds: int) -> Floats:
    returns = np.diff(np.log(touch.mid), prepend=np.log(touch.mid[0]))
    return np.sqrt(_window_sum(returns**2, touch.ts, ts, seconds)) * _BPS


def _time_mean(values: Floats, ts: Ints, seconds: int) -> Floats:
    """Return the mean over time of a value that holds from its record to the next.

    NaN until the value's first record lies a whole window back.
    """
    mean = np.full(len(ts), np.nan)
    known = np.flatnonzero(~np.isnan(values))
    if not len(known):
        return mean
    first = known[0]
    values, ts = values[first:], ts[first:]
    area = np.concatenate([[0.0], np.cumsum(values[:-1] * np.diff(ts))])
    start_ts = ts - seconds * _NS_PER_S
    at = _newest(ts, start_ts)
    area_at_start = area[at] + values[at] * (start_ts - ts[at])
    mean[first:] = np.where(at >= 0, (area - area_at_start) / (seconds * _NS_PER_S), np.nan)
    return mean
