"""Lists of the command line, written with commas."""

from __future__ import annotations

from dolphin_strategies.errors import ConfigError


def comma_list(option: str, text: str) -> list[str]:
    """Return the entries of a list such as ``bybit,okx``, without the spaces around them.

    Parameters
    ----------
    option : str
        The option, for the message.
    text : str
        What was given.

    Raises
    ------
    ConfigError
        If an entry is empty: a list that lost its names must not mean another one, such as all.

    """
    entries = [entry.strip() for entry in text.split(",")]
    if not all(entries):
        msg = f"{option}: expected names with one comma between two of them, found {text!r}"
        raise ConfigError(msg)
    return entries
