"""VenueAdmission: which venues the node has, and when the others are tried again.

Monotonic seconds in, names out; no clock of its own and no I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
LONGEST_REFUSED_PAUSE_S: Final = 4.0
"""A host that accepts no connection costs nothing to ask."""


@dataclass(slots=True)
class _Trial:
    reason: str = "not tried yet"
    failures: int = 0
    due_s: float = 0.0
    is_refused: bool = False


class VenueAdmission:
    """Keep the venues that can be connected apart from those that cannot.

    A node ends when one of its venues cannot be connected at its start, so a venue is let in
    only when it could be connected just now.

    Parameters
    ----------
    names : iterable of str
        All venues.

    """

    def __init__(self, names: Iterable[str]) -> None:
        self._trials: Final = {name: _Trial() for name in names}
        self._admitted: Final[set[str]] = set()

    @property
    def admitted(self) -> tuple[str, ...]:
        """The venues of the next node."""
        return tuple(name for name in self._trials if name in self._admitted)

    def reason(self, name: str) -> str:
        """Return why a venue is left out, as text for the user; empty if it is not."""
        return "" if name in self._admitted else self._trials[name].reason

    def is_refused(self, name: str) -> bool:
        """Return whether a venue is left out because its host accepts no connection."""
        return name not in self._admitted and self._trials[name].is_refused

    def due(self, now_s: float) -> tuple[str, ...]:
        """Return the venues to try now."""
        return tuple(
            name
            for name, trial in self._trials.items()
            if name not in self._admitted and trial.due_s <= now_s
        )

    def passed(self, name: str) -> None:
        """Let a venue in: it can be connected."""
        self._admitted.add(name)

    def doubted(self, name: str) -> None:
        """Leave a venue out until a trial, which is due at once."""
        self._admitted.discard(name)
        self._trials[name].due_s = 0.0
        self._trials[name].reason = "connecting"

    def worked(self, name: str) -> None:
        """Forget earlier failures: the venue sends data."""
        trial = self._trials[name]
        trial.failures, trial.reason, trial.is_refused = 0, "", False

    def failed(self, name: str, reason: str, now_s: float, *, is_refused: bool = False) -> None:
        """Leave a venue out, and try it again after a pause that doubles."""
        self._admitted.discard(name)
        trial = self._trials[name]
        longest_s = LONGEST_REFUSED_PAUSE_S if is_refused else LONGEST_PAUSE_S
        trial.due_s = now_s + min(FIRST_PAUSE_S * 2.0 ** min(trial.failures, 16), longest_s)
        trial.failures += 1
        trial.reason, trial.is_refused = reason, is_refused
