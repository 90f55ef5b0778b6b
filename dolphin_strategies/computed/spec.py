"""ComputedSpec: one computed factor as a configuration states it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from dolphin_strategies.computed.classes.table import CLASSES

if TYPE_CHECKING:
    from dolphin_strategies.computed.computed_factor import ComputedFactor

__all__ = ["CLASSES", "ComputedSpec"]

LONGEST_LIFE_S: Final = 366 * 86_400


@dataclass(frozen=True, kw_only=True)
class ComputedSpec:
    """One computed factor.

    Attributes
    ----------
    name : str
        The factor's name.
    class_name : str
        A key of ``CLASSES``.
    instruments : tuple of str
        Nautilus instrument ids, in the order that the class states; for ``VolatilityIndex`` the
        name of the index, ``btc_usd``.
    parameters : mapping
        Keyword parameters of the class, such as ``window_s``.
    low, high : float
        The valid range, both included; a value outside is NaN and counted.
    time_to_live_s : float
        The largest age of each input, seconds, from the earlier of its ``ts_event`` and its
        ``ts_init``; when one is older the value is NaN.
    unit, about : str
        Descriptions for the user.
    assets : tuple of tuple or None
        For each instrument the market that it stands for, an ``AssetMarket``: who finds that under
        another id tells :meth:`ComputedFactors.follow`. None, or an empty tuple: it is this
        instrument and no other.

    """

    name: str
    class_name: str
    instruments: tuple[str, ...]
    low: float
    high: float
    time_to_live_s: float
    parameters: Mapping[str, Any] = field(default_factory=dict)
    unit: str = ""
    about: str = ""
    assets: tuple[tuple[str, str, tuple[str, ...], str] | None, ...] = ()

    @property
    def life_ns(self) -> int:
        """The time to live, nanoseconds.

        Raises
        ------
        ValueError
            If it is not above 0, or more than a year.

        """
        life_s = self.time_to_live_s
        if not 1e-9 <= life_s <= LONGEST_LIFE_S:
            msg = f"time_to_live_s: expected seconds above 0 and at most a year, found {life_s!r}"
            raise ValueError(msg)
        return round(life_s * 1e9)

    def build(self) -> ComputedFactor:
        """Return the factor, before any data.

        Raises
        ------
        KeyError
            If there is no class of that name.
        TypeError, ValueError
            If the class takes other instruments or parameters, or of the time to live.

        """
        instruments: Iterable[Any] = self.instruments
        if self.class_name != "VolatilityIndex":
            from nautilus_trader.model import InstrumentId  # noqa: PLC0415 - loads Nautilus

            instruments = map(InstrumentId.from_str, self.instruments)
        made = CLASSES[self.class_name](*instruments, **self.parameters)
        made.limit_age(self.life_ns)
        return made
