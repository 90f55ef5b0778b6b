"""orderly_exits: calls that end a process on the spot become a request to stop, while one runs."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ENDING: Final = ("_exit", "abort", "execv", "execve")
"""What ends or replaces the process; ``os.execl`` and its kind call the last two."""


@contextmanager
def orderly_exits(on_exit: Callable[[str], object]) -> Iterator[None]:
    """Make ``os._exit`` and its kind raise SystemExit, until the context is left.

    Parameters
    ----------
    on_exit : callable
        Called with the call, as text, on whichever thread makes it.

    Notes
    -----
    A strategy's ``os._exit`` would leave its position open, with an exit code that it chooses. In
    a forked child these calls do what they always do: that is how ``multiprocessing`` ends one.

    """
    pid = os.getpid()
    calls = {name: getattr(os, name) for name in ENDING}

    def replaced(name: str) -> Callable[..., NoReturn]:
        def leave(*arguments: Any, **words: Any) -> NoReturn:
            if os.getpid() != pid:
                calls[name](*arguments, **words)
            on_exit(f"os.{name}")
            raise SystemExit(1)

        return leave

    for name in ENDING:
        setattr(os, name, replaced(name))
    try:
        yield
    finally:
        for name, call in calls.items():
            setattr(os, name, call)
