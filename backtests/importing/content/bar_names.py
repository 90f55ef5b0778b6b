"""The names of an import's bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nautilus_trader.model import BarType

from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from adapters.command.instruments.make_instrument import Instrument
    from backtests.importing.spec.market_file_specs import BarsFileSpec

_BAR_UNITS: Final = (
    ("WEEK", 604_800),
    ("DAY", 86_400),
    ("HOUR", 3_600),
    ("MINUTE", 60),
    ("SECOND", 1),
)


def bar_type_of(spec: BarsFileSpec, instrument: Instrument) -> str:
    """Return Nautilus's name of the bars.

    Raises
    ------
    ConfigError
        If Nautilus has no bars of this length.

    """
    seconds, rest_ns = divmod(spec.covers.ns, 1_000_000_000)
    unit, size = next((u, s) for u, s in _BAR_UNITS if seconds % s == 0)
    if not seconds or rest_ns:
        msg = f"[[bars]] {spec.path}: covers: expected whole seconds, found {spec.covers}"
        raise ConfigError(msg)
    name = f"{instrument.id}-{seconds // size}-{unit}-LAST-EXTERNAL"
    try:
        return str(BarType.from_str(name))
    except ValueError as error:
        msg = f"[[bars]] {spec.path}: covers {spec.covers}: {error}"
        raise ConfigError(msg) from None
