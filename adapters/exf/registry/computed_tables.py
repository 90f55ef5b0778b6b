"""``[[computed]]``: factors that are computed from the market data that venues push."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import TYPE_CHECKING, Annotated, Any, Final

from adapters.command.field_rules import (
    OTHER_KEYS,
    CheckedFields,
    Key,
    Rule,
    field_types,
    more_than,
)
from adapters.exf.registry.factor_registry import ComputedDefinition
from adapters.exf.registry.factor_tables import NAME, RANGE, Assets, limits_of, name_of
from adapters.exf.registry.placeholders import Placeholders
from dolphin_strategies.asset_market import AssetMarket
from dolphin_strategies.computed.spec import CLASSES, ComputedSpec
from dolphin_strategies.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from adapters.exchanges.rest_venue import RestVenue

PUBLIC_NAME: Final = Rule(
    NAME.expected, lambda name: NAME.accepts(name) and not name.startswith("_")
)
_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "float": (int, float),
    "int": (int,),
    "str": (str,),
    "bool": (bool,),
}


@dataclass(frozen=True, kw_only=True)
class ComputedTable(CheckedFields):
    """One factor, or one for each asset; see :class:`ComputedSpec`.

    Attributes
    ----------
    class_name : str
        The class that computes it, of docs/computed.md.
    name : str
        The factor's name, with placeholders such as ``{asset_lc}`` or without.
    venue : str
        The venue of its instruments, by ``assets``.
    venues : list of str
        The venues, in the order of a class of several instruments.
    assets : list of str
        Assets, each of which makes a factor of its own.
    instrument : str
        Instead of ``assets``: NautilusTrader's instrument id, such as ``BTCUSDT-LINEAR.BYBIT``.
    instruments : list of str
        The ids, in the order of a class of several instruments.
    unit, about : str
        Its unit, and what it is; ``{symbol}`` is the instrument id.
    range : list or dict
        The lowest and the highest value, both included; one outside is no value. Or a table with
        those of each asset.
    time_to_live_s : float
        The largest age of the data that the value is computed from, seconds.
    parameters : dict
        The parameters of the class.

    """

    class_name: Annotated[str, Key("class")]
    name: Annotated[str, PUBLIC_NAME]
    venue: str = ""
    venues: list[str] = dataclass_field(default_factory=list)
    assets: Assets = dataclass_field(default_factory=list)
    instrument: str = ""
    instruments: list[str] = dataclass_field(default_factory=list)
    unit: str
    about: str
    range: Annotated[Any, RANGE]
    time_to_live_s: Annotated[float, more_than(0)]
    parameters: Annotated[dict[str, Any], OTHER_KEYS] = dataclass_field(default_factory=dict)


def definitions_of(
    table: ComputedTable, venues: Mapping[str, RestVenue], *, is_streamed: bool = True
) -> Iterator[ComputedDefinition]:
    """Yield the factors of a table, asset by asset.

    Parameters
    ----------
    table : ComputedTable
        The table.
    venues : mapping of str to RestVenue
        The known venues.
    is_streamed : bool
        Whether the venue of an instrument must be known; else its data may come from elsewhere,
        and the definition has the venues that the table names, or none. A venue that it names
        is known in any case.

    Raises
    ------
    ValueError
        If the class, a parameter, a venue or an instrument cannot be used.

    """
    if table.class_name not in CLASSES:
        near = did_you_mean(table.class_name, CLASSES)
        msg = f"class: expected one of {', '.join(CLASSES)}, found {table.class_name!r}{near}"
        raise ValueError(msg)
    parameters = _with_model(table.class_name, table.parameters)
    _check_parameters(table.class_name, parameters)
    for asset in table.assets or [""]:
        venue_names, instruments = _instruments(table, asset, venues, is_streamed=is_streamed)
        is_given = table.instrument or table.instruments
        markets = () if is_given else _markets(asset, venue_names, instruments, venues)
        placeholders = Placeholders(asset, instruments[0])
        low, high = limits_of(table.range, asset)
        spec = ComputedSpec(
            name=name_of(table.name, placeholders),
            class_name=table.class_name,
            instruments=instruments,
            parameters=parameters,
            low=low,
            high=high,
            time_to_live_s=table.time_to_live_s,
            unit=placeholders.fill(table.unit),
            about=placeholders.fill(table.about),
            assets=markets,
        )
        _check_constructor(spec)
        yield ComputedDefinition(spec, venue_names)


def _with_model(class_name: str, given: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters with those of the file that a table names. Raises ValueError."""
    if class_name != "RegimeProbability" or "model" not in given:
        return given
    # What reads models is loaded only where there is one.
    from adapters.command.models.regime_model import with_regime_model  # noqa: PLC0415

    return with_regime_model(given)


def _check_parameters(class_name: str, given: Mapping[str, Any]) -> None:
    """Compare the other keys with the parameters that the class takes. Raises ValueError."""
    parameters = inspect.signature(CLASSES[class_name]).parameters
    taken = {n: p for n, p in parameters.items() if p.kind is p.KEYWORD_ONLY}
    for name, value in given.items():
        if name not in taken:
            keys = [t.key or key for key, t in field_types(ComputedTable).items()]
            near = did_you_mean(name, [*taken, *keys[:-1]])
            msg = f"unknown key {name!r}: {class_name} takes {_listed(taken)}{near}"
            raise ValueError(msg)
        declared = str(taken[name].annotation).split(" | ")
        known = [_TYPES[word] for word in declared if word in _TYPES]
        is_one = any(isinstance(value, type_) for types in known for type_ in types)
        is_flag = isinstance(value, bool) and (bool,) not in known
        if known and (is_flag or not is_one):
            words = " or ".join(word for word in declared if word in _TYPES)
            msg = f"{name}: expected {words}, found {value!r:.80}"
            raise ValueError(msg)
    for name, parameter in taken.items():
        if parameter.default is parameter.empty and name not in given:
            msg = f"{name} is missing: {class_name} takes {_listed(taken)}"
            raise ValueError(msg)


def _listed(taken: Mapping[str, Any]) -> str:
    return ", ".join(taken) or "no parameters"


def _check_constructor(spec: ComputedSpec) -> None:
    """Make the factor once, with the instruments' ids as text, which needs no NautilusTrader."""
    make: Any = CLASSES[spec.class_name]
    parameters = inspect.signature(make).parameters.values()
    named = sum(p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters)
    takes_any = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    if not takes_any and len(spec.instruments) != named:
        msg = (
            f"{spec.class_name}: expected {named} instrument{'s' * (named > 1)}, "
            f"found {len(spec.instruments)}"
        )
        raise ValueError(msg)
    for text in spec.instruments if spec.class_name != "VolatilityIndex" else ():
        symbol, _, venue = text.rpartition(".")
        if not (symbol.strip() and venue.strip()):
            msg = f"instrument: expected one such as BTCUSDT-LINEAR.BYBIT, found {text!r}"
            raise ValueError(msg)
    _ = spec.life_ns
    try:
        make(*spec.instruments, **spec.parameters)
    except TypeError as error:
        raise ValueError(str(error)) from None


def _instruments(
    table: ComputedTable, asset: str, venues: Mapping[str, RestVenue], *, is_streamed: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the venue and the instrument of each input of the class. Raises ValueError."""
    given = _one_or_list(table, "instrument", "instruments")
    names = _one_or_list(table, "venue", "venues")
    for name in names:
        _check_venue(name, venues)
    if given:
        ids = [Placeholders(asset).fill(text) for text in given]
        if not is_streamed and not names:
            return (), tuple(ids)
        names = names or [_venue_of(text, venues) for text in ids]
    elif not names or not asset:
        msg = "expected a venue and assets, or an instrument; found neither"
        raise ValueError(msg)
    else:
        ids = [_instrument_of(asset, name, venues) for name in names]
    names = names * len(ids) if len(names) == 1 else names
    if len(names) != len(ids):
        msg = f"venues: expected 1 or {len(ids)}, as many as instruments, found {len(names)}"
        raise ValueError(msg)
    return tuple(names), tuple(ids)


def _one_or_list(table: ComputedTable, one: str, several: str) -> list[str]:
    single, many = getattr(table, one), getattr(table, several)
    if single and many:
        msg = f"expected one of {one} and {several}, found both"
        raise ValueError(msg)
    return [single] if single else list(many)


def _check_venue(name: str, venues: Mapping[str, RestVenue]) -> RestVenue:
    streamed = [v for v in venues if venues[v].instruments is not None]
    if name not in streamed:
        msg = f"no streamed venue {name!r}{did_you_mean(name, streamed)}"
        raise ValueError(msg)
    return venues[name]


def _instrument_of(asset: str, name: str, venues: Mapping[str, RestVenue]) -> str:
    pattern = _check_venue(name, venues).instruments
    return "" if pattern is None else pattern.of(asset)


def _markets(
    asset: str, names: Sequence[str], ids: Sequence[str], venues: Mapping[str, RestVenue]
) -> tuple[AssetMarket | None, ...]:
    """Return which market of the asset each instrument stands for."""
    rules = (venues[name].market for name in names)
    return tuple(
        None if rule is None else AssetMarket(asset, rule.kind, rule.quotes, usual)
        for rule, usual in zip(rules, ids, strict=True)
    )


def _venue_of(instrument: str, venues: Mapping[str, RestVenue]) -> str:
    """Return the venue of an instrument id: the one that names an asset's instrument so, or by
    what follows the last point, where no other venue has that.
    """
    suffix = instrument.rpartition(".")[2]
    found = {
        name: venue.instruments
        for name, venue in venues.items()
        if venue.instruments is not None and venue.instruments.pattern.endswith(f".{suffix}")
    }
    makers = [name for name, pattern in found.items() if pattern.makes(instrument)]
    for names in (makers, list(found)):
        if len(names) == 1:
            return names[0]
    if not found:
        msg = f"instrument: expected one such as BTCUSDT-LINEAR.BYBIT, found {instrument!r}"
    else:
        msg = f"instrument {instrument!r}: expected a venue too, {' or '.join(found)}"
    raise ValueError(msg)
