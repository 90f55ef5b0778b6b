"""A process that tries whether venues can be connected, and prints what it found.

``python -m adapters.streams.joining.trial_process NAME=URL ...``, where an empty URL is
the exchange's own address. It prints a line of JSON for each venue as soon as it is known: the
name, and why the venue cannot be connected, or an empty string.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from typing import TYPE_CHECKING

from adapters.streams.hosting.node_parts import load_node_modules
from adapters.streams.hosting.trials.host_probe import refusal
from adapters.streams.hosting.trials.rehearsal import Rehearsal
from adapters.streams.hosting.venue_link import VenueLink
from adapters.streams.stream_venues import STREAM_VENUES

if TYPE_CHECKING:
    from collections.abc import Sequence


async def try_venues(arguments: Sequence[str]) -> None:
    """Try all venues at once, and print each one's line."""

    async def try_one(argument: str) -> None:
        name, _, url = argument.partition("=")
        link = VenueLink(venue=STREAM_VENUES[name], base_url=url or None, inputs=())
        reason = await refusal(link.addresses) or await Rehearsal(link).failure()
        sys.stdout.write(f"{json.dumps([name, reason])}\n")
        sys.stdout.flush()

    await asyncio.gather(*map(try_one, arguments))


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


def main() -> None:
    """Try the venues of the command line, and end at once."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    load_node_modules()
    asyncio.run(try_venues(sys.argv[1:]))
    # Clients that did not connect may have threads that go on trying.
    os._exit(0)


if __name__ == "__main__":
    main()
