"""Every error that Dolphin raises on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable


LONGEST: Final = 2_000
"""Characters of an error's text that are shown."""


class DolphinError(Exception):
    """Root of Dolphin's errors; a message states what, expected, found, and the remedy."""


class ConfigError(DolphinError):
    """A configuration cannot be used; nothing was started."""


class UnknownFactorError(DolphinError, KeyError):
    """A name is not in the schema."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name = name
        super().__init__(f"no factor named {name!r}{did_you_mean(name, known)}")

    def __str__(self) -> str:
        return str(self.args[0])


def printable(text: str) -> str:
    r"""Return a text that a terminal shows and does not obey.

    Control characters (ESC among them), marks that reverse the direction of what follows, and
    whatever else is no visible character become escapes such as ``\x1b``; line ends, tabs and
    spaces stay.

    Parameters
    ----------
    text : str
        A text with parts from outside: a name in a file, an exchange's answer, a key.

    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else ascii(c)[1:-1] for c in text)


def describe_error(error: BaseException) -> str:
    """Return an exception's type and text, also of one whose text cannot be made."""
    try:
        text = f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - the error's own code
        return type(error).__name__
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the nearest known name, or an empty string."""
    from difflib import get_close_matches  # noqa: PLC0415 - the watch of each process imports this file

    nearest = get_close_matches(str(name), list(known), n=1, cutoff=0.5)
    return f"; did you mean {nearest[0]!r}?" if nearest else ""
