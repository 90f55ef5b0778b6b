"""MarketSettings: how old a price may be for an order, and what happens to the order then."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from adapters.command.durations import NEVER_NS, Duration
from adapters.command.field_rules import CheckedFields
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from dolphin_strategies.order_gates.price_rules import PriceRules

NO_LIMIT: Final = "none"
"""In the place of a duration: a price of any age."""


@dataclass(frozen=True, kw_only=True)
class PriceLimits:
    """How old the prices of instruments may be.

    Attributes
    ----------
    of : dict of str to int or None
        By instrument, nanoseconds; None: of any age.
    others : int, optional
        Of every other instrument; None with ``has_others``: of any age.
    has_others : bool
        Whether ``others`` holds; otherwise the default of each instrument does.

    """

    of: dict[str, int | None]
    others: int | None = None
    has_others: bool = False

    @classmethod
    def from_setting(cls, setting: Any) -> Self:
        """Read a duration for all instruments, a table of them by instrument, or None.

        Raises
        ------
        ValueError
            If it is none of these.

        """
        if setting is None:
            return cls(of={})
        if isinstance(setting, dict):
            return cls(of={name: _limit_ns(value) for name, value in setting.items()})
        return cls(of={}, others=_limit_ns(setting), has_others=True)

    def limit_ns(self, instrument_id: str, default_ns: int) -> int | None:
        """Return how old the price of an instrument may be, nanoseconds; None: of any age.

        Parameters
        ----------
        instrument_id : str
            The instrument.
        default_ns : int
            Its default, nanoseconds.

        """
        if instrument_id in self.of:
            return self.of[instrument_id]
        return self.others if self.has_others else default_ns


def _limit_ns(value: object) -> int | None:
    if value == NO_LIMIT:
        return None
    if not isinstance(value, str):
        msg = f"expected a duration such as '15m', or '{NO_LIMIT}', found {value!r:.80}"
        raise ValueError(msg)  # noqa: TRY004 - a value of a file, refused like the others
    limit_ns = Duration.from_str(value).ns
    if limit_ns < 1:
        msg = f"expected a duration of more than 0, or '{NO_LIMIT}', found {value!r}"
        raise ValueError(msg)
    return limit_ns


@dataclass(frozen=True, kw_only=True)
class MarketSettings(CheckedFields):
    """The ``[market]`` table, the same for backtests and nodes.

    Attributes
    ----------
    max_price_age : str or dict of str to str, optional
        How old a price may be for an order: a duration such as ``15m``, a table of durations by
        instrument, or ``none``. By default three times the bars' span, or 1,000 times the median
        distance of two quotes or trades, 5 s at least.
    stale_price : "refuse" or "wait"
        Whether an order is denied when the price is older, or sent at the next price.

    Raises
    ------
    ValueError
        If a value cannot be used, with the key.

    """

    max_price_age: Any = None
    stale_price: Literal["refuse", "wait"] = "refuse"

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            PriceLimits.from_setting(self.max_price_age)
        except ValueError as error:
            msg = f"max_price_age: {error}"
            raise ValueError(msg) from None

    @property
    def limits(self) -> PriceLimits:
        """How old the prices of instruments may be."""
        return PriceLimits.from_setting(self.max_price_age)

    def rules(self, rules: PriceRules) -> PriceRules | None:
        """Return the rules of a gate with these settings; None if a price may be of any age.

        Parameters
        ----------
        rules : PriceRules
            All but what these settings determine.

        """
        limits = self.limits
        others_ns = limits.others
        if limits.has_others and others_ns is None:
            if not any(limits.of.values()):
                return None
            others_ns = NEVER_NS
        return dataclasses.replace(
            rules,
            stale_price=self.stale_price,
            max_age_ns=limits.of,
            other_max_age_ns=others_ns,
        )


def max_price_age_of(text: str | None) -> str | dict[str, str] | None:
    """Return the setting of a command line: ``15m``, or ``ID=15m,ID=1h``.

    Raises
    ------
    ConfigError
        If a part has no duration.

    """
    if text is None or "=" not in text:
        return text
    found: dict[str, str] = {}
    for part in text.split(","):
        name, equals, duration = part.strip().rpartition("=")
        if not equals or not name:
            msg = f"--max-price-age: expected INSTRUMENT=DURATION, found {part!r}"
            raise ConfigError(msg)
        found[name] = duration
    return found
