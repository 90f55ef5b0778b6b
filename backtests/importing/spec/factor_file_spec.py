"""FactorFileSpec: a file whose columns become factors, each with its publication rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from typing import Annotated, Any, Final, Literal, Self

from adapters.command.durations import NEVER_NS, NO_TIME, Duration
from adapters.command.field_rules import KEY_OF_TABLE, CheckedFields, Rule, is_range
from backtests.importing.spec.file_spec import FileSpec, StampSpec, Unit
from backtests.importing.spec.pivot_spec import PivotSpec, is_pattern
from dolphin_strategies.factors.schema import is_factor_name

LOOK_AHEAD: Final = (
    "states neither `instant = true` nor `covers = ...`, so nobody knows when its values could be "
    "known: most series are stamped at the START of what they cover, and using such a value at "
    "its stamp looks into the future. Write `instant = true` if a value was known at its stamp, "
    'or the span that it covers, such as `covers = "15m"`, if it was known only at the span\'s end'
)
LATEST: Final = "LOOK-AHEAD: last revision at first publication"
"""How a factor of the latest vintages is known, as tables show it."""
SOME_COLUMNS: Final = Rule("[files.columns] with lines such as oi = { instant = true }", bool)
A_RULE: Final = Rule("its rule, such as { instant = true }", lambda column: True)
A_RANGE: Final = Rule("two numbers, the lower limit first", lambda r: r is None or is_range(r))


def _is_time_of_day(text: str) -> bool:
    try:
        return not text or time.fromisoformat(text).tzinfo is None
    except ValueError:
        return False


A_TIME: Final = Rule('a time of day in quotes, such as "08:30"', _is_time_of_day)
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
        Without ``covers``: the interval of the stamps, by which gaps are detected.
    delay : Duration
        From the instant at which the value is final to the instant at which it is available.
    valid_for : ValidFor, optional
        How long a value is valid without a newer one; by default until the next one is due.
    scale : float
        The factor by which the value is multiplied.
    range : list of float, optional
        The lowest and the highest value, scaled and both included; one outside is no value.
    vintages : str
        Of a file that states when each row was published: every value until its revision, each
        stamp's first one, or its last one from the first publication on, which is look-ahead.

    Raises
    ------
    ValueError
        If the rule contradicts itself.

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
    vintages: Literal["all", "first", "latest"] = "all"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.instant and self.covers is not None:
            msg = "instant and covers exclude each other; write the one that is true"
            raise ValueError(msg)
        if self.covers is None and self.stamp != "start":
            msg = "stamp goes with covers: an instant has no end"
            raise ValueError(msg)
        if self.covers is not None and self.every is not None:
            msg = "every goes with instant; with covers the next value is due one span later"
            raise ValueError(msg)

    @property
    def is_rule(self) -> bool:
        """Whether it states when a value is known after its stamp."""
        return self.instant or self.covers is not None


@dataclass(frozen=True, kw_only=True)
class FactorFileSpec(FileSpec):
    """``[[files]]``: a file whose columns become factors.

    Attributes
    ----------
    columns : dict of str to ColumnSpec
        By the name of the column; with ``pivot`` by the name of the factor, or a pattern of it.
    pivot : PivotSpec, optional
        How the rows of a long file become columns.
    known_at_column, known_at_unit, known_at_format : str
        The instant at which a row was published, as ``stamp_column``, ``unit``, ``stamp_format``.
    known_at_time : str
        The local time of day at which rows were published of which the file has the date.
    known_at_early : str
        How to treat rows that were published before the end of what they cover: as an error, or as
        known at that end.

    Raises
    ------
    ValueError
        If a column has no rule or no factor's name, or keys contradict each other.

    """

    columns: Annotated[dict[str, Annotated[ColumnSpec, A_RULE]], SOME_COLUMNS]
    pivot: PivotSpec | None = None
    known_at_column: str = ""
    known_at_unit: Unit = ""
    known_at_format: str = ""
    known_at_time: Annotated[str, A_TIME] = ""
    known_at_early: Literal["refuse", "wait"] = "refuse"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_publications()
        for name, column in self.columns.items():
            if not (self.known_at_column or column.is_rule):
                msg = f"[columns] {name!r}: {LOOK_AHEAD}"
                raise ValueError(msg)
            if self.pivot is not None and column.factor == name and is_pattern(name):
                continue
            if self.pivot is not None and is_pattern(name):
                msg = (
                    f"[columns] {name!r}: factor names one factor and {name!r} many; the pattern "
                    "of pivot makes their names"
                )
                raise ValueError(msg)
            if not is_factor_name(column.factor):
                msg = (
                    f"[columns] {name!r}: {column.factor!r:.80} is not a factor name; write "
                    "factor = \"...\" with a letter and then letters, digits, '_', '.' or '-', at "
                    "most 63"
                )
                raise ValueError(msg)

    def _check_publications(self) -> None:
        if self.publications is not None:
            self.publications.check()
            return
        given = {
            "known_at_unit": self.known_at_unit,
            "known_at_format": self.known_at_format,
            "known_at_time": self.known_at_time,
            "known_at_early": self.known_at_early != "refuse",
            "vintages": any(c.vintages != "all" for c in self.columns.values()),
        }
        for key, is_given in given.items():
            if is_given:
                msg = f"{key} goes with known_at_column, which says when each row was published"
                raise ValueError(msg)

    @property
    def publications(self) -> StampSpec | None:
        """The column of the instants at which rows were published; None without one."""
        if not self.known_at_column:
            return None
        return StampSpec(
            self.known_at_column,
            self.known_at_unit,
            self.known_at_format,
            "known_at_unit",
            "known_at_format",
            self.known_at_time,
        )

    def rule_of(self, column: ColumnSpec) -> str:
        """Return how much later than its stamp, or its publication, a value is known, as text."""
        late = f" + {column.delay}" if column.delay.ns else ""
        if self.known_at_column:
            what = {"all": "published", "first": "first published", "latest": LATEST}
            return f"{what[column.vintages]}{late}"
        if column.covers is None or column.stamp == "end":
            return f"stamp{late}"
        return f"stamp + {column.covers}{late}"
