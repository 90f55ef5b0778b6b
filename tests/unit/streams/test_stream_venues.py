"""The venues' descriptions: addresses, instruments, and the tables of docs/streams.md."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from adapters.exchanges import known_venues
from adapters.streams.stream_venue import StreamKind
from adapters.streams.stream_venues import STREAM_VENUES
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from adapters.streams.stream_venue import StreamRow, StreamVenue

PAGE: Final = Path(__file__).resolve().parents[3] / "docs" / "streams.md"
SIGNS: Final = {"each message": "●", "on change": "◐", "polled": "○"}


def overview() -> str:
    """Return the table of all venues and kinds."""
    names = list(STREAM_VENUES)
    lines = [f"| | {' | '.join(names)} |", f"|---|{'---|' * len(names)}"]
    for kind in StreamKind:
        rows = [venue.rows.get(kind) for venue in STREAM_VENUES.values()]
        signs = [SIGNS[row.delivery] if row else "" for row in rows]
        lines.append(f"| {kind.replace('_', ' ')} | {' | '.join(signs)} |")
    closed = [venue.closed_markets for venue in STREAM_VENUES.values()]
    lines.append(f"| a closed market | {' | '.join(closed)} |")
    return "\n".join(lines)


def details(venue: StreamVenue) -> str:
    """Return the table of one venue."""
    head = f"### {venue.name}\n\n`{venue.instrument_id('BTC')}`, client `{venue.client_name}`;"
    rows = [line(kind, row) for kind, row in venue.rows.items()]
    columns = "| kind | delivered | unit | `ts_event` | notes |\n|---|---|---|---|---|"
    return "\n".join([f"{head}\nsource: <{venue.documentation}>\n", columns, *rows])


def line(kind: StreamKind, row: StreamRow) -> str:
    """Return a line of a venue's table."""
    name = kind.replace("_", " ")
    named = f"{name}, `{row.custom_type}`" if row.custom_type else name
    stamp = f"`{row.ts_event}`" if row.is_stamped else row.ts_event
    gaps = {
        "new book": "after a lost change the client asks for a new book",
        "not seen": "a lost change is not seen",
        "none": "each is a whole book",
    }
    notes = [row.notes] if row.notes else []
    if kind is StreamKind.DELTAS:
        notes.append(gaps[row.gaps])
    cells = [named, row.delivery, row.unit, stamp, "; ".join(notes)]
    return f"| {' | '.join(cells)} |"


def test_the_page_has_the_overview() -> None:
    """What docs/streams.md says of all venues is what the code says."""
    assert overview() in PAGE.read_text(encoding="utf-8"), f"expected:\n{overview()}"


@pytest.mark.parametrize("name", STREAM_VENUES)
def test_the_page_has_every_venue_s_table(name: str) -> None:
    """What docs/streams.md says of a venue is what the code says."""
    expected = details(STREAM_VENUES[name])
    assert expected in PAGE.read_text(encoding="utf-8"), f"expected:\n{expected}"


@pytest.mark.parametrize("name", STREAM_VENUES)
def test_the_registry_knows_a_venue_by_the_same_name(name: str) -> None:
    """It names a venue once, for streams and for requests; not every one is polled."""
    assert name in known_venues()


@pytest.mark.parametrize("name", STREAM_VENUES)
def test_a_client_is_made_for_the_exchange_and_for_a_local_server(name: str) -> None:
    """With the exchange's own addresses, and with those below a base URL."""
    venue = STREAM_VENUES[name]
    own, local = venue.data_client(), venue.data_client("http://127.0.0.1:8080/")
    assert own.name == local.name == venue.client_name == str(venue.client_id)
    urls = {x: str(getattr(local.config, x)) for x in dir(local.config) if "url" in x}
    assert any(url.startswith("http://127.0.0.1:8080") for url in urls.values()), urls
    assert any(url.startswith(f"ws://127.0.0.1:8080/ws/{name}") for url in urls.values()), urls


def test_an_address_that_is_not_http_is_refused() -> None:
    """The websocket's address is derived, not given."""
    with pytest.raises(ConfigError, match="expected http://HOST:PORT, found 'ws://here'"):
        STREAM_VENUES["bybit"].data_client("ws://here")


def test_no_two_clients_have_one_name() -> None:
    """All of them can be in one node."""
    names = [venue.client_name for venue in STREAM_VENUES.values()]
    assert len(set(names)) == len(names)
