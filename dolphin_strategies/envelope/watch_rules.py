"""WatchRules: a session's results against an envelope, and what is said when they differ."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from dolphin_strategies.envelope.rank_scores import RankScores
from dolphin_strategies.envelope.shift_detector import ShiftDetector

if TYPE_CHECKING:
    from dolphin_strategies.envelope.envelope import Envelope, Stream

RESULT: Final = "result"
HIT_RATE: Final = "hit_rate"
SLIPPAGE: Final = "slippage"
TRADE_COUNT: Final = "trade_count"
DRAWDOWN: Final = "drawdown"
WORDS: Final = {
    RESULT: "the results of trades are worse than the backtest's",
    HIT_RATE: "fewer trades win than in the backtest",
    SLIPPAGE: "slippage is above the backtest's",
    TRADE_COUNT: "the number of trades is not the backtest's",
    DRAWDOWN: "the drawdown is deeper than a year of the backtest's",
}


@dataclass(frozen=True, kw_only=True)
class TradeResult:
    """A closed position, as fractions of the notional value of its entries.

    Attributes
    ----------
    result : float
        Profit after fees and funding.
    slippage : float
        Paid beyond the price when the order was sent; NaN: unknown.
    low, high : float
        Its lowest and highest profit while it was open.

    """

    result: float
    slippage: float = math.nan
    low: float = 0.0
    high: float = 0.0


@dataclass(frozen=True, kw_only=True)
class EnvelopeWarning:
    """What differs, and the sentence about it."""

    kind: str
    text: str


class _Tested:
    """A stream with its scores and its bets."""

    def __init__(self, stream: Stream, salt: str) -> None:
        self.stream: Final = stream
        self.limit: Final = -math.log(stream.budget)
        self.detector: Final = ShiftDetector(
            stream.shifts, len(stream.values), stream.dependence, stream.starts
        )
        self._scores: Final = RankScores(stream.values, salt)
        self.sum = 0.0

    def take(self, value: float) -> None:
        self.sum += value
        self.detector.take(self._scores.score(value - self.stream.margin))

    @property
    def is_reached(self) -> bool:
        return self.detector.log_value >= self.limit

    def sentence(self) -> str:
        taken, values = self.detector.taken, self.stream.values
        return (
            f"mean {self.sum / taken:.3g} over {taken:,} against {sum(values) / len(values):.3g}; "
            f"odds of {_odds(self.detector.log_value)} to 1, and a warning from "
            f"{math.exp(self.limit):.0f}"
        )


class WatchRules:
    """Takes the results of a session as they come; each kind of warning is given once.

    Parameters
    ----------
    envelope : Envelope
        What is expected.

    Attributes
    ----------
    warnings : list of EnvelopeWarning
        Those so far.
    trades : int
        Closed positions so far.

    Notes
    -----
    Without a clock and without I/O: the same results give the same warnings. The probability
    that a session of the backtest's law is ever warned of is at most ``envelope.budget``.

    """

    def __init__(self, envelope: Envelope) -> None:
        self._envelope: Final = envelope
        salt = envelope.sha256
        self._tested: Final = {
            name: _Tested(stream, f"{salt}/{name}") for name, stream in envelope.streams.items()
        }
        self.warnings: Final[list[EnvelopeWarning]] = []
        self.trades = 0
        self._sum = self._peak = self._depth = 0.0

    def take_trade(self, trade: TradeResult) -> list[EnvelopeWarning]:
        """Take a closed position; return the new warnings."""
        self.trades += 1
        new = self.look(trade.low)
        self._peak = max(self._peak, self._sum + trade.high)
        self._sum += trade.result
        new += self.look(0.0)
        new += self._take(RESULT, trade.result)
        new += self._take(HIT_RATE, float(trade.result > 0))
        return new + self._take(SLIPPAGE, trade.slippage)

    def take_count(self, trades: int) -> list[EnvelopeWarning]:
        """Take the number of positions closed in one interval; return the new warnings."""
        return self._take(TRADE_COUNT, float(trades))

    def look(self, open_result: float) -> list[EnvelopeWarning]:
        """Look at the drawdown; return the new warnings.

        Parameters
        ----------
        open_result : float
            The profit of open positions, each as a fraction of its entries' notional value.

        """
        level = self._sum + open_result
        self._peak = max(self._peak, level)
        self._depth = max(self._depth, self._peak - level)
        if self._depth <= self._envelope.drawdown_limit:
            return []
        return self._warn(
            DRAWDOWN,
            f"{self._depth:.2%} of a trade's notional value, of which a year exceeds "
            f"{self._envelope.drawdown_limit:.2%} with a probability of "
            f"{self._envelope.drawdown_budget:.1%}",
        )

    def status(self) -> str:
        """Return how near to a warning the session is, in a few words."""
        parts = [
            f"{name} {math.exp(max(-9.0, min(t.detector.log_value - t.limit, 99.0))):.0%}"
            for name, t in self._tested.items()
            if t.detector.taken
        ]
        depth = self._depth / self._envelope.drawdown_limit if self._envelope.drawdown_limit else 0
        return (
            f"{self.trades:,} trades; of a warning: {', '.join([*parts, f'drawdown {depth:.0%}'])}"
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the figures of the session."""
        found: dict[str, Any] = {
            name: {
                "taken": t.detector.taken,
                "log_e": t.detector.log_value,
                "log_limit": t.limit,
                "mean": t.sum / t.detector.taken if t.detector.taken else None,
            }
            for name, t in self._tested.items()
        }
        found[DRAWDOWN] = {"depth": self._depth, "limit": self._envelope.drawdown_limit}
        found["trades"] = self.trades
        found["warnings"] = [f"{w.kind}: {w.text}" for w in self.warnings]
        return found

    def _take(self, name: str, value: float) -> list[EnvelopeWarning]:
        tested = self._tested.get(name)
        if tested is None or not math.isfinite(value):
            return []
        tested.take(value)
        return self._warn(name, tested.sentence()) if tested.is_reached else []

    def _warn(self, kind: str, text: str) -> list[EnvelopeWarning]:
        if any(w.kind == kind for w in self.warnings):
            return []
        warning = EnvelopeWarning(kind=kind, text=f"{WORDS[kind]}: {text}")
        self.warnings.append(warning)
        return [warning]


def _odds(log_value: float) -> str:
    return f"{math.exp(log_value):,.0f}" if log_value < 20 else "more than 400,000,000"
