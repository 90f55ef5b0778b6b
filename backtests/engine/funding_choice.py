"""FundingChoice: where the funding rates of a backtest are from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Self

from adapters.command.durations import NO_TIME, Duration

FACTOR: Final = "factor:"
_OPTIONS: Final = ("every", "late", "per")
_MINUTE_NS: Final = 60_000_000_000
EIGHT_HOURS: Final = Duration("8h", 8 * 3_600_000_000_000)


@dataclass(frozen=True, kw_only=True)
class FundingChoice:
    """``funding`` of ``[backtest]``: ``auto``, ``none``, a file, or ``factor:NAME``.

    Attributes
    ----------
    text : str
        As written.
    origin : "auto", "none", "file" or "factor"
        ``auto``: the catalog's.
    path : Path, optional
        The file: CSV with the columns ``time`` and ``rate``.
    factor : str
        The factor's name.
    every : Duration
        Of a factor: the time between settlements, which are at multiples of it since 1970, UTC.
    late : Duration
        Of a factor: how long after a settlement it has the rate of it.
    per : Duration, optional
        Of a factor: the time that its rate is for, if it is not ``every``.

    """

    text: str = "auto"
    origin: Literal["auto", "none", "file", "factor"] = "auto"
    path: Path | None = None
    factor: str = ""
    every: Duration = EIGHT_HOURS
    late: Duration = NO_TIME
    per: Duration | None = None

    @classmethod
    def from_str(cls, text: str) -> Self:
        """Read a choice.

        Raises
        ------
        ValueError
            If it is none.

        """
        if text == "auto":
            return cls(text=text)
        if text == "none":
            return cls(text=text, origin="none")
        if text.startswith(FACTOR):
            return cls._of_factor(text)
        if not text:
            msg = "expected auto, none, a file, or factor:NAME, found nothing"
            raise ValueError(msg)
        return cls(text=text, origin="file", path=Path(text))

    @classmethod
    def _of_factor(cls, text: str) -> Self:
        name, *options = text.removeprefix(FACTOR).split(",")
        given: dict[str, Duration] = {}
        for option in options:
            key, found, value = option.strip().partition("=")
            if key not in _OPTIONS or not found:
                msg = (
                    f"expected factor:NAME, and after it every=8h, late=30s or per=8h, found "
                    f"{option!r} in {text!r}"
                )
                raise ValueError(msg)
            given[key] = Duration.from_str(value)
        every, late = given.get("every", EIGHT_HOURS), given.get("late", NO_TIME)
        per = given.get("per")
        if not name or every.ns < _MINUTE_NS or every.ns % _MINUTE_NS:
            msg = f"expected factor:NAME,every=8h with a name and whole minutes, found {text!r}"
            raise ValueError(msg)
        if late.ns >= every.ns or (per is not None and not per.ns):
            msg = f"expected late below every, and per above 0, found {text!r}"
            raise ValueError(msg)
        return cls(text=text, origin="factor", factor=name, every=every, late=late, per=per)

    def __str__(self) -> str:
        return self.text
