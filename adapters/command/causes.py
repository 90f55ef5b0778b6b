"""Many sentences of the form "name: cause" as few lines, one for each cause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_NAMES: Final = 4
MOST_CAUSES: Final = 12


def by_cause(sentences: Iterable[str]) -> list[str]:
    """Return a line for each cause with the names that it is of; what is not shown is counted.

    Parameters
    ----------
    sentences : iterable of str
        Each with what follows its first colon as its cause.

    """
    names_of: dict[str, list[str]] = {}
    for sentence in sentences:
        name, _, cause = sentence.partition(": ")
        names_of.setdefault(cause, []).append(name)
    lines = [f"{_some(names)}: {cause}" for cause, names in names_of.items()]
    hidden = list(names_of.values())[MOST_CAUSES:]
    if hidden:
        count = sum(map(len, hidden))
        more = f"and {count:,} more for {len(hidden):,} other causes: {_some(hidden[0])}, …"
        return [*lines[:MOST_CAUSES], more]
    return lines


def _some(names: list[str]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more:,} more" if more > 0 else "")
