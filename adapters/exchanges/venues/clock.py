"""clock: this machine's clock as a venue, whose values are the calendar factors."""

from __future__ import annotations

from typing import Any, Final

from adapters.exchanges.json_values import record
from adapters.exchanges.rest_venue import BadBodyError, Endpoint, Reading, RestVenue
from dolphin_strategies.calendar_factors.calendar_table import CALENDAR_FACTORS, calendar_values

CLOCK_URL: Final = "clock://utc"
"""What is polled there is answered by this process: no request is sent."""


def calendar(body: Any, symbol: str) -> Reading:
    """Read an instant: ``{"now_ns": …}``, UNIX nanoseconds."""
    now_ns = record(body, "clock").get("now_ns")
    if not isinstance(now_ns, int):
        msg = f"now_ns: expected an integer, found {now_ns!r:.40}"
        raise BadBodyError(msg)
    return Reading(calendar_values(now_ns), now_ns)


VENUE: Final = RestVenue(
    name="clock",
    base_url=CLOCK_URL,
    weight_per_minute=6_000,
    documentation="docs/esof.md",
    endpoints={
        "calendar": Endpoint(
            path="/calendar",
            parse=calendar,
            fields={f.name: f"{f.unit}: {f.about}" for f in CALENDAR_FACTORS.values()},
        ),
    },
)
