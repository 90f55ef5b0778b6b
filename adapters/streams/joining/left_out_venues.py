"""Left out venues: what a run computes no factors from, told to the user with the reason."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from adapters.command.terminal import say
from adapters.process.child import Child, module_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from adapters.streams.joining.node_venues import NodeVenues


def leave_out_venues(
    reasons: Iterable[str], venues: NodeVenues, is_ending: Callable[[], bool]
) -> None:
    """Try the venues apart from the node, leave out those that refuse, and tell which.

    Parameters
    ----------
    reasons : iterable of str
        Why some are left out already.
    venues : NodeVenues
        The venues from whose data it does.
    is_ending : callable
        Whether the run was asked to end meanwhile.

    """
    for reason in reasons:
        say(f"not computed: {reason}", to=sys.stderr)
    refused = venues.leave_out_refused(
        lambda module, arguments: Child(module_command(module, *arguments)), is_ending
    )
    for name, reason in refused.items():
        say(
            f"{name} is left out until the next start, its factors are NaN: {reason}",
            to=sys.stderr,
        )
