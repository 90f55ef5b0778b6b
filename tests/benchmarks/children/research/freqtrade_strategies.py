"""What freqtrade runs: columns joined to its candles, read whole or candle by candle.

As its documentation has it: a file is read in ``bot_start``, joined by date in
``populate_indicators``; ``bot_loop_start`` is called once a candle.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pandas as pd
from freqtrade.strategy import IStrategy

FIRST: Final = "factor_03_binance"
SECOND: Final = "factor_40_binance"


class Joined(IStrategy):  # type: ignore[misc] # freqtrade is in no environment that is checked
    """Candles with the factors beside them; it never trades."""

    INTERFACE_VERSION = 3
    timeframe = "1m"
    minimal_roi: Final[dict[str, float]] = {}
    stoploss = -0.99
    startup_candle_count = 0

    def bot_start(self, **_: Any) -> None:
        self.factors = pd.read_feather(Path(self.config["user_data_dir"]) / "factors.feather")
        self.received = 0
        self.total = 0.0

    def populate_indicators(self, dataframe: Any, metadata: Any) -> Any:
        return dataframe.merge(self.factors, on="date", how="left")

    def populate_entry_trend(self, dataframe: Any, metadata: Any) -> Any:
        dataframe["enter_long"] = 0
        return dataframe

    def populate_exit_trend(self, dataframe: Any, metadata: Any) -> Any:
        dataframe["exit_long"] = 0
        return dataframe


class ByColumn(Joined):
    """Reads two whole columns at once, before the first candle is walked over."""

    def populate_entry_trend(self, dataframe: Any, metadata: Any) -> Any:
        both = dataframe[FIRST] + dataframe[SECOND]
        self.received = int(both.count())
        self.total = float(both.sum())
        # More than two values below one can give: no order, as in the other engines.
        dataframe["enter_long"] = (both > 2).astype(int)
        return dataframe


class ByCandle(Joined):
    """Reads the newest row in a callback, as a rule does that columns cannot say."""

    def bot_loop_start(self, current_time: Any, **_: Any) -> None:
        frame, _at = self.dp.get_analyzed_dataframe("BTC/USDT", self.timeframe)
        # Empty in the first call: the candle before is the newest that has closed.
        if len(frame):
            newest = frame.iloc[-1]
            self.received += 1
            self.total += newest[FIRST] + newest[SECOND]
