"""The check, before a node is built, of the venues whose data its computed factors need."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from adapters.streams.hosting.venue_link import VenueLink

TRIAL: Final = "adapters.streams.joining.trial_process"
LIMIT_S: Final = 30.0
"""For all venues together: the process loads NautilusTrader first, then each has 11 s."""
LOOK_S: Final = 0.1


class TrialProcess(Protocol):
    """A running process; ``adapters.process.child.Child`` is one."""

    def lines(self, timeout_s: float, /) -> list[str] | None:
        """Return what it has printed since the last call; None once that has ended."""

    def kill(self) -> None:
        """End it."""


type StartTrial = Callable[[str, Sequence[str]], TrialProcess]
"""Runs a module with arguments in a process."""


def refused_venues(
    links: Sequence[VenueLink],
    start: StartTrial,
    is_stopping: Callable[[], bool],
    limit_s: float = LIMIT_S,
) -> dict[str, str]:
    """Connect and disconnect each venue's client once, all at the same time.

    One client that does not connect ends a node at its start. The trial is a process of its own:
    neither a client that goes on trying nor Nautilus's log, of which a process has one, is left
    over in the trading node.

    Parameters
    ----------
    links : sequence of VenueLink
        The venues to try.
    start : callable
        Starts the process of the trial.
    is_stopping : callable
        Whether the run was asked to stop; then the rest is not waited for.
    limit_s : float
        The limit for all of them, seconds.

    Returns
    -------
    dict of str to str
        Name → why it cannot be connected, for those that cannot.

    """
    if not links:
        return {}
    results = {link.name: f"no answer within {limit_s:g} s" for link in links}
    child = start(TRIAL, [f"{link.name}={link.base_url or ''}" for link in links])
    try:
        deadline_s = time.monotonic() + limit_s
        waiting = set(results)
        while waiting and time.monotonic() < deadline_s and not is_stopping():
            lines = child.lines(LOOK_S)
            if lines is None:
                results |= dict.fromkeys(waiting, "its trial ended without a result")
                break
            for line in lines:
                name, reason = json.loads(line)
                results[name] = reason
                waiting.discard(name)
    finally:
        child.kill()
    return {name: reason for name, reason in results.items() if reason}
