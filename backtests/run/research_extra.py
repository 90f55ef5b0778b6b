"""The libraries of the extra `research`: whether what a command needs of them is installed."""

from __future__ import annotations

from importlib.util import find_spec

from dolphin_strategies.errors import ConfigError


def check_research_extra(script: str, *names: str) -> None:
    """Refuse to run a command without the libraries that it needs.

    Parameters
    ----------
    script : str
        The command's file in ``backtests``, such as ``"sweep.py"``.
    *names : str
        The modules that it imports later. None of them is loaded here.

    Raises
    ------
    ConfigError
        If one is not installed, with the command that installs it.

    """
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        msg = (
            f"expected {', '.join(names)} of the extra `research`, found no {', '.join(missing)}; "
            f"use: uv run --extra research backtests/{script} …"
        )
        raise ConfigError(msg)
