"""The commands ``promote`` and ``rollback``: who leads a pair: changed, gone on with, undone."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from adapters.command.terminal import say
from adapters.command.text_table import text_table
from adapters.process.pid_lock import LockHeldError, PidLock
from dolphin_strategies.errors import ConfigError, DolphinError
from live.fleet.promotion.transaction import Change, NotDoneError, Transaction
from live.fleet.settings.fleet_check import pair_member
from live.fleet.settings.leadership import journal_of, leaders, open_promotion
from live.fleet.supervision.control import ask

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from live.fleet.promotion.preconditions import Check
    from live.fleet.settings.fleet_settings import FleetSettings

FAILED: Final = 1
REFUSED: Final = 5
_LOCK: Final = "promotion"
_LOOK_S: Final = 0.1
_BLOCKED_S: Final = 10.0


class SupervisedFleet:
    """The fleet of a transaction: asks the supervisor, and waits with a bound."""

    def __init__(self, settings: FleetSettings) -> None:
        self._folder: Final = settings.fleet.run_folder
        watch = settings.watch
        self._stop_s: Final = watch.stop_s + watch.silent_s
        self._start_s: Final = watch.start_s + watch.silent_s

    def row(self, name: str) -> dict[str, Any]:
        """Return a node's row of the status."""
        return _row_of(ask(self._folder, {"command": "status"}), name)

    def stop(self, name: str) -> dict[str, Any]:
        """Stop a node and wait until it has no process."""
        row = _row_of(ask(self._folder, {"command": "stop", "name": name}), name)
        end_s = time.monotonic() + self._stop_s
        while row["pid"] or not row["is_settled"]:
            if time.monotonic() >= end_s:
                msg = f"{name} (pid {row['pid']}) has not stopped within {self._stop_s:g} s"
                raise NotDoneError(msg)
            time.sleep(_LOOK_S)
            row = self.row(name)
        return row

    def ask_to_start(self, name: str) -> None:
        """Have a node started, without waiting."""
        ask(self._folder, {"command": "start", "name": name, "promotion": True})

    def start(self, name: str) -> dict[str, Any]:
        """Start a node and wait until it has settled."""
        self.ask_to_start(name)
        row = self.row(name)
        began_s = time.monotonic()
        while not row["is_settled"]:
            waited_s = time.monotonic() - began_s
            if waited_s >= (_BLOCKED_S if row["state"] == "waiting" else self._start_s):
                return row
            time.sleep(_LOOK_S)
            row = self.row(name)
        return row


def _row_of(report: dict[str, Any], name: str) -> dict[str, Any]:
    found = next((row for row in report["services"] if row["name"] == name), None)
    if found is None:
        msg = f"the fleet that runs has no {name!r}: 'reload' reads the file again"
        raise DolphinError(msg)
    return dict(found)


def promote(settings: FleetSettings, name: str, overruled: Sequence[str]) -> int:
    """Let a node on trial lead its pair, or go on with a change that was interrupted.

    Returns
    -------
    int
        0; 5 if a precondition does not hold, and nothing was changed.

    Raises
    ------
    DolphinError
        If a step cannot be done, or the fleet does not answer.

    """
    node = pair_member(settings, name)
    journal, fleet = journal_of(settings), SupervisedFleet(settings)
    with _alone(settings):
        lines = journal.entries()
        transaction = Transaction(journal, fleet, say)
        interrupted = open_promotion(lines, node.pair)
        if interrupted is not None:
            change = Change.of_line(interrupted)
            if change.trial != name:
                msg = (
                    f"the {change.kind} of {change.trial} is not done yet: go on with 'promote "
                    f"{change.trial}', or back with 'rollback'"
                )
                raise ConfigError(msg)
            say(f"goes on after {interrupted['step']!r}")
            transaction.go_on(change, interrupted["step"])
            return 0
        leader = leaders(settings, lines)[node.pair]
        if leader == name:
            msg = f"{name} leads the pair {node.pair} already"
            raise ConfigError(msg)
        # It loads NautilusTrader, for the envelope.
        from live.fleet.promotion.preconditions import checks_of  # noqa: PLC0415

        checks = checks_of(settings, node, fleet.row(name), lines)
        if not _accepted(checks, overruled):
            return REFUSED
        transaction.begin(
            _change("promotion", node.pair, lines, leader, name),
            overruled=sorted(overruled),
            checks={c.name: [c.holds, c.found] for c in checks},
        )
    say(f"{name} leads the pair {node.pair}; {leader} starts on trial")
    return 0


def _accepted(checks: Sequence[Check], overruled: Sequence[str]) -> bool:
    rows = []
    for check in checks:
        verdict = "holds" if check.holds else "overruled" if check.name in overruled else "REFUSES"
        rows.append((check.name, verdict, check.found))
    say(text_table(rows))
    refusing = [row[0] for row in rows if row[1] == "REFUSES"]
    if refusing:
        words = " ".join(f"--overrule {name}" for name in refusing)
        say(
            f"run_fleet.py: not promoted, nothing has changed; to go on anyway: {words}",
            sys.stderr,
        )
    return not refusing


def rollback(settings: FleetSettings, name: str | None) -> int:
    """Undo a change that was interrupted, or let the node that led before lead again.

    Raises
    ------
    ConfigError
        If there is nothing to go back to.
    DolphinError
        If a step cannot be done, or the fleet does not answer.

    """
    pairs = sorted({n.pair for n in settings.nodes if n.role})
    if name is not None:
        pairs = [pair_member(settings, name).pair]
    if len(pairs) != 1:
        msg = f"rollback: expected the NAME of a node of one pair; there are {', '.join(pairs)}"
        raise ConfigError(msg)
    pair = pairs[0]
    journal = journal_of(settings)
    with _alone(settings):
        lines = journal.entries()
        transaction = Transaction(journal, SupervisedFleet(settings), say)
        interrupted = open_promotion(lines, pair)
        if interrupted is not None:
            change = Change.of_line(interrupted)
            transaction.undo(change, interrupted["step"])
            say(f"{change.leader} leads the pair {pair}")
            return 0
        now = leaders(settings, lines)[pair]
        before = [
            line["from"]
            for line in lines
            if line["event"] == "promotion" and line["step"] == "moved" and line["pair"] == pair
        ]
        names = [n.name for n in settings.nodes if n.role and n.pair == pair]
        if not before or before[-1] == now or before[-1] not in names:
            msg = f"pair {pair}: {now} leads since the beginning; there is nothing to go back to"
            raise ConfigError(msg)
        transaction.begin(_change("rollback", pair, lines, now, before[-1]))
    say(f"{before[-1]} leads the pair {pair} again; {now} starts on trial")
    return 0


def _change(
    kind: Any, pair: str, lines: Sequence[dict[str, Any]], leader: str, trial: str
) -> Change:
    numbers = [n["number"] for n in lines if n["event"] == "promotion" and n["pair"] == pair]
    number = max(numbers, default=0) + 1
    return Change(kind=kind, pair=pair, number=number, leader=leader, trial=trial)


@contextmanager
def _alone(settings: FleetSettings) -> Iterator[None]:
    """Keep every other promotion and rollback of the fleet out."""
    try:
        lock = PidLock(settings.fleet.run_folder / _LOCK)
    except LockHeldError as error:
        msg = f"another promotion or rollback is at work (pid {error.pid or 'unknown'})"
        raise DolphinError(msg) from None
    except FileNotFoundError:
        msg = f"the fleet {settings.fleet.name} does not run: 'start' it first"
        raise DolphinError(msg) from None
    except OSError as error:
        msg = f"{settings.fleet.run_folder / _LOCK} cannot be written: {error.strerror}"
        raise DolphinError(msg) from None
    try:
        yield
    finally:
        lock.release()
