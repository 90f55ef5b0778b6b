"""The watch that the settings of a run ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapters.session.envelope.envelope_watch import EnvelopeWatch
from adapters.session.envelope.watch_memory import WatchMemory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from adapters.command.user_code.strategy_class import StrategySettings
    from adapters.session.envelope.envelope_settings import EnvelopeSettings
    from dolphin_strategies import FactorStrategy


def watch_of(  # noqa: PLR0913 - the parts of a watch
    settings: EnvelopeSettings,
    named: StrategySettings,
    strategy: FactorStrategy[Any],
    *,
    tell: Callable[[str], object],
    stop: Callable[[str], object],
    open_envelope: Callable[[Path, int], int],
    open_memory: Callable[[Path], int] | None = None,
) -> EnvelopeWatch | None:
    """Return the watch over a strategy; None if the settings name no envelope.

    Parameters
    ----------
    settings : EnvelopeSettings
        The table.
    named : StrategySettings
        The strategy's class and configuration.
    strategy : FactorStrategy
        Not running yet.
    tell : callable
        Takes a line for the user.
    stop : callable
        Ends the run in order, with the reason.
    open_envelope : callable
        Opens a file of this user, with flags as of ``os.open``.
    open_memory : callable, optional
        Opens a file of this user to read and write, made if missing; None: nothing is kept.

    Raises
    ------
    DolphinError
        If the envelope cannot be used, or another process keeps its memory.

    """
    envelope, path = settings.read(named, open_envelope), settings.memory_path
    if envelope is None or path is None:
        return None
    memory = None
    if open_memory is not None:
        memory = WatchMemory(open_memory(path), path, envelope.sha256)
    return EnvelopeWatch(strategy, envelope, settings, tell=tell, stop=stop, memory=memory)
