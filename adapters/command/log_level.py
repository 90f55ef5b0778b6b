"""The name of a NautilusTrader log level, as settings write it."""

from __future__ import annotations

from typing import Annotated

from nautilus_trader.common import LogLevel

from adapters.command.field_rules import Rule


def _is_level(name: str) -> bool:
    try:
        LogLevel.from_str(name.upper())
    except ValueError:
        return False
    return True


type LogLevelName = Annotated[str, Rule("OFF, ERROR, WARNING, INFO, DEBUG or TRACE", _is_level)]
"""In capitals or not; ``LogLevel.from_str`` takes it in capitals."""
