"""FactorFileSpec: a file whose columns become factors, each with its publication rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, Self

from adapters.command.durations import NEVER_NS, NO_TIME, Duration
from adapters.command.field_rules import KEY_OF_TABLE, CheckedFields, Rule, is_range
from backtests.importing.spec.file_spec import FileSpec
from dolphin_strategies.factors.schema import is_factor_name

LOOK_AHEAD: Final = (
    "states neither `instant = true` nor `covers = ...`, so nobody knows when its values could be "
    "known: most series are stamped at the START of what they cover, and using such a value at "
    "its stamp looks into the future. Write `instant = true` if a value was known at its stamp, "
    'or the span that it covers, such as `covers = "15m"`, if it was known only at the span\'s end'
)
SOME_COLUMNS: Final = Rule("[files.columns] with lines such as oi = { instant = true }", bool)
A_RULE: Final = Rule("its rule, such as { instant = true }", lambda column: True)
A_RANGE: Final = Rule("two numbers, the lower limit first", lambda r: r is None or is_range(r))
FOREVER: Final = Duration("forever", NEVER_NS)
type LongerThanNothing = Annotated[Duration, Rule("more than 0", lambda span: span.ns > 0)]


class ValidFor(Duration):
    """A duration, or ``forever``."""

    @classmethod
    def from_str(cls, text: str) -> Self:
        """Read a duration, or ``forever``.

        Raises
        ------
        ValueError
            If the text is neither, or the duration is 0.

        """
        if text == FOREVER.text:
            return cls(FOREVER.text, FOREVER.ns)
        duration = super().from_str(text)
        if not duration.ns:
            msg = "expected more than 0, or 'forever'"
            raise ValueError(msg)
        return duration


@dataclass(frozen=True, kw_only=True)
class ColumnSpec(CheckedFields):
    """A column that becomes a factor, and its publication rule.

    Attributes
    ----------
    factor : str
        The factor's name; by default the column's.
    instant : bool
        A value is known at its stamp (plus ``delay``).
    covers : Duration, optional
        The span of time that a value covers: it is known at its end (plus ``delay``).
    stamp : str
        With ``covers``: which end of the span the stamp is.
    every : Duration, optional
        With ``instant``: the interval of the stamps, by which gaps are detected.
    delay : Duration
        From the instant at which the value is final to the instant at which it is available.
    valid_for : ValidFor, optional
        How long a value is valid without a newer one; by default until the next one is due.
    scale : float
        The factor by which the value is multiplied.
    range : list of float, optional
        The lowest and the highest value, scaled and both included; one outside is no value.

    Raises
    ------
    ValueError
        If the rule is incomplete or contradicts itself, or the factor's name is invalid.

    """

    factor: Annotated[str, KEY_OF_TABLE]
    instant: bool = False
    covers: LongerThanNothing | None = None
    stamp: Literal["start", "end"] = "start"
    every: LongerThanNothing | None = None
    delay: Duration = NO_TIME
    valid_for: ValidFor | None = None
    scale: float = 1.0
    range: Annotated[Any, A_RANGE] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not is_factor_name(self.factor):
            msg = (
                f'{self.factor!r:.80} is not a factor name; write factor = "..." with a letter '
                "and then letters, digits, '_', '.' or '-', 63 at most"
            )
            raise ValueError(msg)
        if self.instant and self.covers is not None:
            msg = "instant and covers exclude each other; write the one that is true"
            raise ValueError(msg)
        if not self.instant and self.covers is None:
            raise ValueError(LOOK_AHEAD)
        if self.instant and self.stamp != "start":
            msg = "stamp goes with covers: an instant has no end"
            raise ValueError(msg)
        if self.covers is not None and self.every is not None:
            msg = "every goes with instant; with covers the next value is due one span later"
            raise ValueError(msg)

    @property
    def rule(self) -> str:
        """How much later than its stamp a value is known, as text."""
        late = f" + {self.delay}" if self.delay.ns else ""
        if self.covers is None:
            return f"stamp{late}"
        return f"{'stamp' if self.stamp == 'end' else f'stamp + {self.covers}'}{late}"


@dataclass(frozen=True, kw_only=True)
class FactorFileSpec(FileSpec):
    """``[[files]]``: a file whose columns become factors.

    Attributes
    ----------
    columns : dict of str to ColumnSpec
        By the name of the column.

    """

    columns: Annotated[dict[str, Annotated[ColumnSpec, A_RULE]], SOME_COLUMNS]
