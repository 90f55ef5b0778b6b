"""What is asked of the endpoints: which histories of which assets, and from when on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from adapters.command.durations import NEVER_NS
from adapters.command.instants import show_instant
from adapters.exchanges import known_venues
from adapters.exchanges.venues.histories import known_histories
from adapters.exchanges.venues.histories.history import BAR_FIELDS, DAY_MS, FUNDING_FIELDS, History
from backtests.importing.backfilling.factors.stored_factors import StoredFactors
from backtests.importing.backfilling.formats.venues.endpoints.endpoint_rows import (
    BARS_SPAN,
    FUNDING_SOURCES,
    OTHER_FACTORS,
)
from dolphin_strategies.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from adapters.exchanges.venues.histories.history import Combination
    from backtests.importing.backfilling.factors.live_names import LiveNames

MS_NS: Final = 1_000_000
_OVERLAP: Final = 3
"""Usual distances before the newest stored value that are asked for again: they are the same."""


class Target(NamedTuple):
    """An asset at a venue."""

    venue: str
    asset: str


@dataclass(frozen=True, kw_only=True)
class RecentTask:
    """One history of one asset.

    Attributes
    ----------
    target : Target
        Whose.
    name : str
        The history's name.
    history : History
        The history.
    symbol : str
        The asset's symbol there.
    start_ms, end_ms : int
        The half-open span of stamps, UNIX milliseconds.
    hole : str
        What the exchange does not reach back to; empty: nothing.

    """

    target: Target
    name: str
    history: History
    symbol: str
    start_ms: int
    end_ms: int
    hole: str = ""


@dataclass(frozen=True, kw_only=True)
class Newest:
    """The newest data that the catalog has.

    Attributes
    ----------
    stored : StoredFactors
        Its factors.
    spans : callable
        A folder of market data → its ranges of ``ts_init``, UNIX nanoseconds.
    archives_ns : mapping of Target to int
        The newest instant of the archives of each asset, UNIX nanoseconds.

    """

    stored: StoredFactors
    spans: Callable[[str], list[tuple[int, int]]]
    archives_ns: dict[Target, int]

    def of_factors(self, names: Iterable[str]) -> int | None:
        """Return when the first of some factors ended, UNIX nanoseconds; None: there is none."""
        ends = []
        for name in names:
            found = self.stored.publications.get(name)
            if found is not None and len(found.known):
                end_ns = int(found.expires[-1])
                ends.append(int(self.stored.instants[-1]) if end_ns == NEVER_NS else end_ns)
        return min(ends) if ends else None


def targets_in(texts: Iterable[str]) -> list[Target]:
    """Return what the command line names, ``VENUE/ASSET``.

    Raises
    ------
    ConfigError
        If a venue tells nothing of its past.

    """
    found = []
    for text in texts:
        venue, _, asset = text.partition("/")
        if venue not in known_histories() or not asset:
            near = did_you_mean(venue, known_histories())
            msg = (
                f"--rest {text}: expected VENUE/ASSET such as bybit/BTC with one of "
                f"{', '.join(known_histories())}{near}"
            )
            raise ConfigError(msg)
        found.append(Target(venue, asset))
    return list(dict.fromkeys(found))


def targets_of(origins: Iterable[tuple[str, str]], names: LiveNames) -> list[Target]:
    """Return the assets of archives by their venues and symbols, where the venue tells more."""
    found: dict[Target, None] = {}
    for venue, symbol in origins:
        if venue not in known_histories():
            continue
        if asset := names.asset_of(venue, symbol) or _asset_itself(venue, symbol):
            found[Target(venue, asset)] = None
    return list(found)


def _asset_itself(venue: str, symbol: str) -> str:
    """Return a symbol that is an asset's name, as Deribit's volatility index has it; else none."""
    histories = known_histories()[venue].histories.values()
    is_asset = symbol.isalpha() and any(
        history.symbols is not None and history.symbols.of(symbol) == symbol
        for history in histories
    )
    return symbol if is_asset else ""


def symbol_of(target: Target, history: History | None = None) -> str:
    """Return the symbol of an asset at its venue, as a history names it."""
    pattern = (history and history.symbols) or known_venues()[target.venue].symbols
    return pattern.of(target.asset) if pattern else target.asset


def instrument_of(target: Target) -> str:
    """Return NautilusTrader's id of an asset's instrument; empty: the venue has no client."""
    pattern = known_venues()[target.venue].instruments
    return pattern.of(target.asset) if pattern else ""


def combinations_of(target: Target, names: LiveNames) -> list[Combination]:
    """Return what a factor is made of several histories for."""
    told = known_histories()[target.venue].combinations
    return [c for c in told if _names(target, c.endpoint, c.field, names)]


def recent_tasks(
    targets: Sequence[Target], names: LiveNames, newest: Newest, now_ms: int, days: int
) -> list[RecentTask]:
    """Return what is to be asked.

    Parameters
    ----------
    targets : sequence of Target
        The assets.
    names : LiveNames
        The factors of each field.
    newest : Newest
        What the catalog has.
    now_ms : int
        The present, UNIX milliseconds.
    days : int
        How far back it is asked at most.

    """
    tasks = []
    for target in targets:
        needed = {pair for c in combinations_of(target, names) for pair in c.of}
        for name, history in known_histories()[target.venue].histories.items():
            after_ns = _after(target, history, names, newest, needed)
            if after_ns is not None:
                tasks.append(_task(target, name, history, after_ns, now_ms, days))
    return [task for task in tasks if task.start_ms < task.end_ms]


def _after(
    target: Target,
    history: History,
    names: LiveNames,
    newest: Newest,
    needed: set[tuple[str, str]],
) -> int | None:
    """Return until when the catalog has a history, UNIX nanoseconds; None: it is not wanted."""
    archives_ns = newest.archives_ns.get(target, 0)
    if history.fields == BAR_FIELDS:
        folder = f"bars/{instrument_of(target)}-{BARS_SPAN}-LAST-EXTERNAL"
        spans = newest.spans(folder)
        return spans[-1][1] if spans else None
    if history.fields == FUNDING_FIELDS:
        spans = newest.spans(f"funding_rates/{instrument_of(target)}")
        if spans:
            return spans[-1][1]
        pairs = [(s.endpoint, s.field) for s in FUNDING_SOURCES[target.venue]]
        own = [n for pair in pairs for n in _names(target, *pair, names)]
        return newest.of_factors(own) or archives_ns
    if not history.endpoint:
        others = [OTHER_FACTORS[target.venue, field].name for field in history.fields]
        own = [name.replace("{asset_lc}", target.asset.lower()) for name in others]
        return newest.of_factors(own) or archives_ns
    pairs = [(history.endpoint, field) for field in history.fields]
    own = [n for pair in pairs for n in _names(target, *pair, names)]
    if not own and not needed & set(pairs):
        return None
    return newest.of_factors(own) or archives_ns


def _names(target: Target, endpoint: str, field: str, names: LiveNames) -> list[str]:
    venue = known_venues()[target.venue]
    symbol = venue.symbol_of(venue.endpoints[endpoint], target.asset)
    found = names.of_field(f"{target.venue}/{endpoint}", field, symbol)
    return [live.name for live in found]


def _task(  # noqa: PLR0913, PLR0917 - the parts of a task
    target: Target, name: str, history: History, after_ns: int, now_ms: int, days: int
) -> RecentTask:
    late_ms = history.covers_ms + history.served_ms + _OVERLAP * history.usual_ms
    wanted_ms = after_ns // MS_NS - late_ms if after_ns else 0
    reach_ms = min(history.reach_ms, days * DAY_MS)
    start_ms = max(wanted_ms, now_ms - reach_ms)
    hole = ""
    if after_ns and start_ms - wanted_ms > late_ms:
        hole = (
            f"nothing from {show_instant(after_ns)} to {show_instant(start_ms * MS_NS)}: the "
            f"exchange is asked for {reach_ms // DAY_MS} days at most; archives may have it"
        )
    return RecentTask(
        target=target,
        name=name,
        history=history,
        symbol=symbol_of(target, history),
        start_ms=start_ms // history.least_ms * history.least_ms,
        end_ms=now_ms - history.covers_ms,
        hole=hole,
    )
