"""The file of an envelope, and whether it belongs to a strategy."""

from __future__ import annotations

import dataclasses
import json
import os
from typing import TYPE_CHECKING, Final

from adapters.command.user_code.strategy_class import config_class_of, find_strategy, make_config
from dolphin_strategies import FactorStrategyConfig
from dolphin_strategies.envelope.envelope import envelope_from
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from adapters.command.user_code.strategy_class import StrategySettings
    from dolphin_strategies.envelope.envelope import Envelope

_MOST_BYTES: Final = 64 << 20
_NAUTILUS: Final = {field.name for field in dataclasses.fields(FactorStrategyConfig)}


def read_envelope(path: Path, opened: Callable[[Path, int], int]) -> Envelope:
    """Read the file of an envelope.

    Parameters
    ----------
    path : Path
        The file.
    opened : callable
        Opens a file of this user, with flags as of ``os.open``.

    Raises
    ------
    ConfigError
        If it cannot be read, is no envelope, of another version, or was edited.
    UnusableFileError
        If it is a link, another user's, or others may write it.

    """
    try:
        with os.fdopen(opened(path, os.O_RDONLY), "rb") as file:
            content = file.read(_MOST_BYTES)
    except OSError as error:
        msg = (
            f"{path}: expected the file of an envelope, which envelope.py makes; "
            f"it cannot be read: {error.strerror}"
        )
        raise ConfigError(msg) from None
    try:
        return envelope_from(json.loads(content))
    except (ValueError, RecursionError) as error:
        msg = f"{path}: {error}; make it anew with envelope.py"
        raise ConfigError(msg) from None


def config_of(strategy: StrategySettings) -> dict[str, str]:
    """Return every field of a strategy's configuration as text, defaults too.

    Nautilus's own fields (ids, how a stop is made) are left out.

    Raises
    ------
    ConfigError
        If there is no such strategy, or its configuration does not fit.

    """
    found = find_strategy(strategy.path)
    config = make_config(found, strategy.config)
    names = [f.name for f in dataclasses.fields(config_class_of(found))]
    return {name: str(getattr(config, name)) for name in names if name not in _NAUTILUS}


def check_belongs(envelope: Envelope, strategy: StrategySettings, where: Path) -> None:
    """Refuse an envelope of another strategy, or of another configuration of it.

    Raises
    ------
    ConfigError
        With each field that differs.

    """
    origin = envelope.origin
    if origin.strategy != strategy.path:
        msg = f"{where} is the envelope of {origin.strategy}, this strategy is {strategy.path}"
        raise ConfigError(msg)
    config = config_of(strategy)
    names = sorted({*origin.config, *config})
    pairs = [(n, origin.config.get(n, "none"), config.get(n, "none")) for n in names]
    different = [f"{n}: the envelope's {its}, here {own}" for n, its, own in pairs if its != own]
    if different:
        msg = (
            f"{where} is the envelope of another configuration ({'; '.join(different)}): run the "
            "backtest with this one, and make its envelope with envelope.py"
        )
        raise ConfigError(msg)
