"""Keep what several containers share, and end last: ``python -m live.containers.pod``.

The first process of a pid namespace: when it ends, the kernel kills all others of it with SIGKILL.
So it outlasts them, also where all are stopped at once, and takes the orphans of all.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from adapters.command.terminal import say

STOPS: Final = {signal.SIGTERM, signal.SIGINT}
HANDLED: Final = STOPS | {signal.SIGCHLD}
LOOK_S: Final = 0.1
_PROC: Final = Path("/proc")


def others() -> int:
    """Return how many other processes the namespace has, zombies left out."""
    found = 0
    for folder in _PROC.iterdir():
        if folder.name.isdecimal() and int(folder.name) != os.getpid():
            with suppress(OSError):
                # The command's name is in brackets and may have brackets in it.
                state = (folder / "stat").read_text(errors="replace").rsplit(")", 1)[1].split()[0]
                found += state not in "ZX"
    return found


def reap() -> None:
    """Take the orphans that have ended."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def main() -> int:
    """Wait for a stop signal, then until everybody else has ended."""
    signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)
    say("pod: keeps the memory and the processes of the other containers")
    is_stopping = False
    while not (is_stopping and not others()):
        if is_stopping:
            found = signal.sigtimedwait(HANDLED, LOOK_S)
        else:
            found = signal.sigwaitinfo(HANDLED)
        reap()
        is_stopping = is_stopping or (found is not None and found.si_signo in STOPS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
