"""Transaction: the steps by which the lead of a pair moves, each in the journal once done."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.run_state.journal import Journal

STEPS: Final = ("begun", "trial stopped", "leader flat", "moved", "leader runs", "done")
"""In their order; "moved" is the one after which the other node leads."""
UNDONE: Final = "undone"
_BEFORE_ANY_STOP: Final = ("begun", "trial stopped")


class NotDoneError(DolphinError):
    """A step could not be done; what was done stays, and is in the journal."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change of the lead.

    Attributes
    ----------
    kind : "promotion" or "rollback"
        Which command began it.
    pair : str
        The pair.
    number : int
        Counts the pair's changes.
    leader, trial : str
        The node that leads before it, and the one that leads after it.

    """

    kind: Literal["promotion", "rollback"]
    pair: str
    number: int
    leader: str
    trial: str

    def line(self, step: str, **more: Any) -> dict[str, Any]:
        """Return the journal's line of a step."""
        found = asdict(self)
        return {
            "kind": found["kind"],
            "pair": found["pair"],
            "number": found["number"],
            "from": found["leader"],
            "to": found["trial"],
            "step": step,
            **more,
        }

    @classmethod
    def of_line(cls, line: dict[str, Any]) -> Change:
        """Return the change that a line of the journal belongs to."""
        return cls(
            kind=line["kind"],
            pair=line["pair"],
            number=line["number"],
            leader=line["from"],
            trial=line["to"],
        )


class FleetPort(Protocol):
    """What a transaction needs of a fleet; each call raises DolphinError if it cannot."""

    def stop(self, name: str) -> dict[str, Any]:
        """Stop a node, wait until it has no process, and return its row of the status."""

    def start(self, name: str) -> dict[str, Any]:
        """Start a node as the journal says by now, wait until it has settled, return its row."""

    def ask_to_start(self, name: str) -> None:
        """Have a node started, without waiting."""

    def row(self, name: str) -> dict[str, Any]:
        """Return a node's row of the status."""


class Transaction:
    """Moves the lead of a pair.

    Parameters
    ----------
    journal : Journal
        Where each step is noted once it is done.
    fleet : FleetPort
        The fleet.
    tell : callable
        Takes a line for the user.

    Notes
    -----
    Every step may be done twice: whoever finds the journal after a kill does the step after the
    last noted one, which may have been done or not. Until "moved" the old leader is the only node
    that is started with what a leader has; from it on, the new one. Between the two neither has a
    process.

    """

    def __init__(self, journal: Journal, fleet: FleetPort, tell: Callable[[str], object]) -> None:
        self._journal: Final = journal
        self._fleet: Final = fleet
        self._tell: Final = tell
        self._do: Final[dict[str, Callable[[Change], None]]] = {
            "trial stopped": lambda change: self._stop_flat(change.trial),
            "leader flat": lambda change: self._stop_flat(change.leader),
            "moved": self._stop_both,
            "leader runs": self._start_leader,
            "done": lambda change: self._fleet.ask_to_start(change.leader),
        }

    def begin(self, change: Change, **more: Any) -> None:
        """Note a new change, and do all of its steps.

        Raises
        ------
        NotDoneError
            If a step cannot be done.
        DolphinError
            If the fleet does not answer.

        """
        self._note(change, STEPS[0], **more)
        self.go_on(change, STEPS[0])

    def go_on(self, change: Change, after: str) -> None:
        """Do the steps after one that is done; errors as for :meth:`begin`."""
        for step in STEPS[STEPS.index(after) + 1 :]:
            self._do[step](change)
            self._note(change, step)

    def undo(self, change: Change, after: str) -> None:
        """Give the lead back to who had it; errors as for :meth:`begin`."""
        if after in _BEFORE_ANY_STOP:
            self._stop_flat(change.trial)
        else:
            self._stop_both(change)
        self._note(change, UNDONE)
        row = self._fleet.start(change.leader)
        if row["state"] != "running":
            self._tell(f"{change.leader} leads and does not run: {row['error'] or row['state']}")
        self._fleet.ask_to_start(change.trial)

    def _note(self, change: Change, step: str, **more: Any) -> None:
        self._journal.append("promotion", **change.line(step, **more))
        self._tell(f"{change.kind} of {change.trial}: {step}")

    def _stop_flat(self, name: str) -> None:
        """Stop a node, and refuse to go on while anything of it may be open at an exchange."""
        row = self._fleet.stop(name)
        if row["orders"] != "live" or (not row["open"] and row["phase"] == "ended"):
            # A paper account ended with its process.
            return
        what = row["open"] or f"nobody knows what: its last state is {row['phase']!r}, not 'ended'"
        msg = (
            f"{name} has stopped and left open at the exchange: {what}. Nothing else is started. "
            f"'start {name}' has it read that back; once it runs, go on with promote, which stops "
            "it flat, or back with rollback"
        )
        raise NotDoneError(msg)

    def _stop_both(self, change: Change) -> None:
        """Stop both, also if somebody has started one since its step was noted."""
        self._stop_flat(change.trial)
        self._stop_flat(change.leader)
        for name in (change.leader, change.trial):
            row = self._fleet.row(name)
            if row["pid"]:
                msg = f"{name} was started meanwhile (pid {row['pid']}): do the command again"
                raise NotDoneError(msg)

    def _start_leader(self, change: Change) -> None:
        row = self._fleet.start(change.trial)
        if row["state"] != "running":
            msg = (
                f"{change.trial} leads and does not run ({row['error'] or row['state']}); "
                f"{change.leader} is stopped. Mend it and go on with promote, or rollback"
            )
            raise NotDoneError(msg)
