"""Drill: one failure of factors, of the feed or of the market, in one window of a backtest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal, get_args

from adapters.command.durations import Duration, show_duration
from adapters.command.field_rules import CheckedFields, Rule
from adapters.command.instants import Instant

type DrillKind = Literal[
    "nan",
    "freeze",
    "jump",
    "late",
    "lose_name",
    "feed_stop",
    "market_freeze",
    "market_gap",
    "market_jump",
]
KINDS: Final[tuple[DrillKind, ...]] = get_args(DrillKind.__value__)
MARKET_KINDS: Final = ("market_freeze", "market_gap", "market_jump")
_OF_FACTORS: Final = ("nan", "freeze", "jump", "late", "lose_name")
_JUMPS: Final = ("jump", "market_jump")
_SOME: Final = Rule("at least one name", bool)


@dataclass(frozen=True, kw_only=True)
class Drill(CheckedFields):
    """One ``[[drill]]`` table.

    Attributes
    ----------
    kind : str
        What fails, and how: see :data:`DrillKind`.
    start : Instant
        The window's start, UNIX nanoseconds.
    end : Instant, optional
        Its exclusive end, UNIX nanoseconds; either this or ``duration``.
    duration : Duration, optional
        Its length.
    factors : list of str, optional
        The factors that fail; all by default, which ``lose_name`` does not permit.
    instruments : list of str, optional
        The instruments whose market fails; all by default.
    times, plus : float
        A jump: the value becomes ``times`` the value, and ``plus`` is added.
    delay : Duration, optional
        How late the values of ``late`` come.

    Raises
    ------
    ValueError
        If a key is missing or does not belong to the kind, or the window is empty.

    """

    kind: DrillKind
    start: Instant
    end: Instant | None = None
    duration: Duration | None = None
    factors: Annotated[list[str] | None, _SOME] = None
    instruments: Annotated[list[str] | None, _SOME] = None
    times: Annotated[float | None, Rule("a finite number", lambda n: abs(n) < 1e300)] = None
    plus: Annotated[float | None, Rule("a finite number", lambda n: abs(n) < 1e300)] = None
    delay: Duration | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.end is None) is (self.duration is None):
            msg = "expected either end or duration"
            raise ValueError(msg)
        if self.end_ns <= self.start:
            msg = f"expected an end after start {self.start}, found {self.end_ns}"
            raise ValueError(msg)
        belongs = {
            "factors": self.kind in _OF_FACTORS,
            "instruments": self.kind in MARKET_KINDS,
            "times": self.kind in _JUMPS,
            "plus": self.kind in _JUMPS,
            "delay": self.kind == "late",
        }
        for key, is_known in belongs.items():
            if not is_known and getattr(self, key) is not None:
                msg = f"{key}: does not belong to a drill of kind {self.kind!r}"
                raise ValueError(msg)
        if self.kind in _JUMPS and self.times is None and self.plus is None:
            msg = f"expected times or plus, by which a {self.kind} changes what it hits"
            raise ValueError(msg)
        if self.kind == "market_jump" and self.times is not None and self.times <= 0:
            msg = f"times: expected more than 0 for prices, found {self.times}"
            raise ValueError(msg)
        if self.kind == "late" and (self.delay is None or not self.delay.ns):
            msg = "expected delay, a duration such as '30s'"
            raise ValueError(msg)
        if self.kind == "lose_name" and self.factors is None:
            msg = "expected factors, the names that the schema loses"
            raise ValueError(msg)

    @property
    def end_ns(self) -> int:
        """The window's exclusive end, UNIX nanoseconds."""
        if self.end is not None:
            return int(self.end)
        return self.start + (0 if self.duration is None else self.duration.ns)

    @property
    def is_of_market(self) -> bool:
        """Whether it is the market that fails."""
        return self.kind in MARKET_KINDS

    @property
    def label(self) -> str:
        """What fails and how, in a few words."""
        words: list[str] = [self.kind, *(self.factors or self.instruments or ())]
        if self.times is not None:
            words.append(f"x{self.times:g}")
        if self.plus is not None:
            words.append(f"{self.plus:+g}")
        if self.delay is not None:
            words.append(f"by {show_duration(self.delay.ns)}")
        return " ".join(words)

    def hits(self, factor: str) -> bool:
        """Return whether a factor is one of those that fail."""
        return not self.is_of_market and (self.factors is None or factor in self.factors)

    def hits_market(self, instrument: str) -> bool:
        """Return whether an instrument's market is one of those that fail."""
        return self.is_of_market and (self.instruments is None or instrument in self.instruments)
