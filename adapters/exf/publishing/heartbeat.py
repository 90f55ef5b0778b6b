"""The heartbeat of the publishers, and how long the loop was kept from it."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Sequence

    from adapters.exf.publishing.publishers import Publisher

log: Final = logging.getLogger("exf")

HEARTBEAT_S: Final = 0.1


async def keep_beating(
    publishers: Sequence[Publisher],
    errors: Counter[str],
    on_late: Callable[[float], None] = lambda late_s: None,
) -> None:
    """Beat each publisher every 100 ms until cancelled.

    Parameters
    ----------
    publishers : sequence of Publisher
        Whose error is counted in ``errors`` and does not reach the others.
    errors : Counter
        By the publisher's name.
    on_late : callable
        Told how late each beat came, seconds: the loop was busy for that long.

    """
    due_s = time.monotonic()
    while True:
        for publisher in publishers:
            try:
                publisher.heartbeat()
            except Exception as error:
                name = f"{publisher.name} heartbeat"
                if not errors[name]:
                    log.exception("no heartbeat to %s: %s", publisher.name, error)  # noqa: TRY401
                errors[name] += 1
        due_s = time.monotonic() + HEARTBEAT_S
        await asyncio.sleep(HEARTBEAT_S)
        on_late(max(time.monotonic() - due_s, 0.0))
