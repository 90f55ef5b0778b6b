"""For which venues a test runs: one of each sort by default, all of them in the long form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from adapters.streams.stream_venues import STREAM_VENUES
from tests.support.lengths import long

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from adapters.streams.stream_venue import StreamVenue


def each_of(names: Iterable[str]) -> pytest.MarkDecorator:
    """Run a test for Bybit, or the first of these venues; the long form for all the others."""
    first, *others = sorted(names, key=lambda name: (name != "bybit", name))
    return pytest.mark.parametrize("name", [first, *map(long, others)])


def each_sort(sort_of: Callable[[StreamVenue], str]) -> pytest.MarkDecorator:
    """Run a test for the first venue of each sort; the long form for all the others."""
    rows, seen = [], set()
    for name, venue in STREAM_VENUES.items():
        sort = sort_of(venue)
        rows.append(long(name) if sort in seen else name)
        seen.add(sort)
    return pytest.mark.parametrize("name", rows)


EVERY_VENUE: Final = each_of(STREAM_VENUES)
