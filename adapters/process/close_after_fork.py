"""Releasing in a forked child what only its parent may hold."""

from __future__ import annotations

import os
import weakref
from typing import Any, Final, Protocol


class Handle(Protocol):
    """A resource that a process holds and its forked child must not."""

    def abandon(self) -> None:
        """Release everything shared with the parent, in a forked child."""


_handles: Final[weakref.WeakSet[Any]] = weakref.WeakSet()


def close_in_forked_child(handle: Handle) -> None:
    """Call ``handle.abandon()`` in every forked child, so that a lock ends with its owner."""
    _handles.add(handle)


def _abandon_all() -> None:
    for handle in list(_handles):
        handle.abandon()


os.register_at_fork(after_in_child=_abandon_all)
