"""What ``run_exf.py status`` prints of the streams."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from adapters.command.text_table import text_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SHOWN: Final = 6


def problems(streams: Mapping[str, Any]) -> list[str]:
    """Return a line for each venue that does not stream, and for what is not there."""
    lines = []
    for venue in streams["venues"]:
        if venue["problem"]:
            where = ", ".join(venue["addresses"])
            lines.append(f"NO STREAM from {venue['venue']} ({where}): {venue['problem']}")
        for what, names in (
            ("not listed by the venue", venue["missing"]),
            ("nor in their place", venue["why_missing"]),
            ("not traded", venue["closed"]),
            ("not delivered by its client", venue["not_streamed"]),
            ("silent", venue["silent"]),
        ):
            if names:
                lines.append(f"stream {venue['venue']}: {what}: {_some(names)}")
        if venue["ahead"]:
            of = f"{venue['ahead']:,} of the newest {venue['delay_ms']['n']:,} stamps"
            lines.append(
                f"stream {venue['venue']}: {of} are ahead of this machine's clock, by up to "
                f"{venue['ahead_s']:,.1f} s: look at this clock; their age counts from receipt"
            )
        if venue["unreadable"] or venue["client_errors"]:
            lines.append(
                f"stream {venue['venue']}: its client could not read {venue['unreadable']:,} "
                f"messages and logged {venue['client_errors']:,} errors; the newest: "
                f"{venue['last_trouble']}"
            )
        if venue["problems"]:
            recent = streams["problems_in_a_minute"]
            # What goes on stands before what is over.
            counts = sorted(venue["problems"].items(), key=lambda item: -recent.get(item[0], 0))
            found = [f"{n} {count:,} ({recent.get(n, 0):,} in a minute)" for n, count in counts]
            lines.append(f"stream {venue['venue']}: unusable data since the start: {_some(found)}")
    return lines


def streams_table(streams: Mapping[str, Any], origins: Mapping[str, str]) -> list[str]:
    """Return how many factors come from where, and one row for each venue."""
    counts = Counter(origins.values())
    rows = [["stream", "connected", "messages", "per s", "newest event", "delay p50/p99", "lost"]]
    for venue in streams["venues"]:
        delay = venue["delay_ms"]
        shown = "-" if delay["p50"] is None else f"{delay['p50']:.1f}/{delay['p99']:.1f} ms"
        age_s = time.time() - venue["newest_event_unix_s"]
        rows.append(
            [
                venue["venue"],
                "yes" if venue["connected"] else "no",
                f"{venue['messages']:,}",
                f"{venue['messages_per_s']:,.0f}",
                f"{age_s:.1f} s" if venue["newest_event_unix_s"] else "never",
                shown,
                str(venue["reconnects"]),
            ]
        )
    return [
        f"streamed factors: {counts['stream']} alive, {counts['poll']} polled instead, "
        f"{counts['none']} without a value; {streams['records']:,} records, "
        f"{streams['nodes_built']} nodes built, {streams['node_failures']} failed",
        text_table(rows),
    ]


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    more = len(listed) - _SHOWN
    return ", ".join(listed[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
