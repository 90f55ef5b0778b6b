"""InputComparison: compares a strategy's inputs in a replay with its live inputs."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from adapters.session import wire_format

if TYPE_CHECKING:
    from collections.abc import Callable

    from nautilus_trader.model import FundingRateUpdate, QuoteTick, TradeTick

    from adapters.session.recorded_inputs import Input
    from dolphin_strategies.factors.external_factors import ExternalFactors


@dataclass(kw_only=True)
class Replayed:
    """The result of a replay.

    Attributes
    ----------
    inputs : int
        The number of the strategy's inputs.
    kinds : dict of str to int
        The number of each kind: factors, quotes, trades, history.
    differs_at : int
        The number of the first input that differs from the live one; 0: none.
    difference : str
        The difference; empty if there is none.
    gap_at : int
        The number of the first input that the recording lacks although it has later ones, at
        which the replay ended; 0: none.
    gap : str
        The input found instead.
    lines : list of dict
        Decisions, events and other occurrences.
    failure : str
        Why the replay stopped before its end; empty if it did not.

    """

    inputs: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    differs_at: int = 0
    difference: str = ""
    gap_at: int = 0
    gap: str = ""
    lines: list[dict[str, Any]] = field(default_factory=list)
    failure: str = ""


class InputComparison:
    """A SessionLog that compares each input's checksum with the recorded one.

    Parameters
    ----------
    found : Replayed
        Receives the results.

    Attributes
    ----------
    expected : deque of Input
        The next inputs of the strategy.
    is_over : bool
        Whether to ignore further lines.
    found : Replayed
        The results so far.

    """

    def __init__(self, found: Replayed) -> None:
        self.expected: Final[deque[Input]] = deque()
        self.is_over = False
        self.found: Final = found
        self._checksums: dict[int, Callable[[bytes], int]] = {}
        self._packer: Final = wire_format.Packer(self._define)

    def factors(self, kind: int, number: int, delivered_ns: int, f: ExternalFactors) -> None:
        self._compare(number, self._packer.factors(kind, number, delivered_ns, f), f)

    def quote(self, number: int, delivered_ns: int, quote: QuoteTick) -> None:
        self._compare(number, self._packer.quote(number, delivered_ns, quote), quote)

    def trade(self, number: int, delivered_ns: int, trade: TradeTick) -> None:
        self._compare(number, self._packer.trade(number, delivered_ns, trade), trade)

    def funding(self, number: int, delivered_ns: int, rate: FundingRateUpdate) -> None:
        self._compare(number, self._packer.funding(number, delivered_ns, rate), rate)

    def line(self, line: dict[str, Any]) -> None:
        if not self.is_over:
            self.found.lines.append(line)

    def _define(self, stream: int, definition: dict[str, Any]) -> None:
        self._checksums[stream] = wire_format.checksum_of(definition)

    def _compare(self, number: int, frame: bytes, datum: Any) -> None:
        _, kind, stream = wire_format.HEAD.unpack_from(frame)
        name = wire_format.KIND_NAMES[kind]
        self.found.kinds[name] = self.found.kinds.get(name, 0) + 1
        if self.found.differs_at:
            return
        wanted = self.expected.popleft() if self.expected else None
        if wanted is None:
            self._differ(number, f"the backtest gave {datum!r}, which the session does not have")
        elif self._checksums[stream](frame[wire_format.HEAD.size :]) != wanted.checksum:
            if wanted.datum == datum:
                what = "the recording holds another one than the strategy was given live"
                self._differ(number, f"{what}: {datum!r}")
            else:
                self._differ(number, f"recorded {wanted.datum!r}, in the backtest {datum!r}")

    def _differ(self, number: int, what: str) -> None:
        self.found.differs_at = number
        self.found.difference = what
