"""StreamHealth: what came from each venue, counted as it is delivered."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from adapters.streams.instrument_health import KEPT_DELAYS, InstrumentHealth
from adapters.streams.recent_counts import RecentCounts
from dolphin_strategies.computed.inputs import key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from nautilus_trader.model import InstrumentId

    from adapters.streams.hosting.health.client_log import Line
    from adapters.streams.hosting.venue_link import VenueLink
    from dolphin_strategies.computed.inputs import Input

SILENT_NS: Final = 10_000_000_000
"""An instrument of which nothing came for this long is reported as silent."""
UNREADABLE: Final = ("failed to pars", "error parsing", "unhandled futures message")
"""What the clients say of a message that they cannot read."""
AHEAD_NS: Final = 1_000_000_000
"""A stamp later than its receipt by more than this is reported as ahead of this clock."""
_MASK: Final = KEPT_DELAYS - 1


class VenueHealth:
    """What came from one venue, and how its sockets are.

    Attributes
    ----------
    sockets : dict
        Endpoint of the venue's client → whether it is connected.
    reconnects : int
        Connections that were lost and came back.
    nudges : int
        Silent connections that were renewed.
    missing : set of Input
        Of instruments that the venue does not list.
    not_streamed : set of Input
        What its client does not deliver.
    unreadable : int
        Messages that the client could not read, as it logs them; counted if the log is read.
    errors : int
        All that the client logged at ERROR, unreadable messages among it where it does so.
    last_trouble : str
        The newest of both.

    """

    def __init__(self, link: VenueLink) -> None:
        self.link: Final = link
        self.instruments: Final = {
            needed.instrument_id: InstrumentHealth(str(needed.instrument_id))
            for needed in link.inputs
        }
        self.sockets: Final[dict[str, bool]] = {}
        self.reconnects = 0
        self.nudges = 0
        self.missing: Final[set[Input]] = set()
        self.not_streamed: Final[set[Input]] = set()
        self.unreadable = self.errors = 0
        self.last_trouble = ""
        self.lost_since_s = 0.0
        self._seen = 0, time.monotonic()

    @property
    def messages(self) -> int:
        """Data delivered since the start of the service."""
        return sum(i.messages for i in self.instruments.values())

    @property
    def is_connected(self) -> bool:
        """Whether the venue's sockets are all connected."""
        return bool(self.sockets) and all(self.sockets.values())

    @property
    def newest_init_ns(self) -> int:
        """When the newest datum came, UNIX nanoseconds; 0 before the first."""
        return max((i.ts_init for i in self.instruments.values()), default=0)

    @property
    def newest_event_ns(self) -> int:
        """The newest ``ts_event``, UNIX nanoseconds; 0 before the first."""
        return max((i.ts_event for i in self.instruments.values()), default=0)

    def begin(self) -> None:
        """Forget the sockets of an earlier node."""
        self.sockets.clear()
        self.missing.clear()
        self.lost_since_s = 0.0

    def on_socket(self, endpoint: str, *, is_connected: bool) -> None:
        """Take over that a socket was connected or lost."""
        if is_connected and self.sockets.get(endpoint) is False:
            self.reconnects += 1
        self.sockets[endpoint] = is_connected
        self.lost_since_s = 0.0 if self.is_connected else time.monotonic()

    def take_status(
        self, instrument_id: InstrumentId, *, is_closed: bool, is_unlisted: bool
    ) -> None:
        """Take over what is said of an instrument's market.

        A client whose request for the list fails says of every instrument that it is not listed
        (Bybit's, 2.0.0rc7), while data go on: of two or more at once that closes none.
        """
        found = self.instruments.get(instrument_id)
        if found is None:
            return
        found.is_closed, found.is_unlisted = is_closed, is_unlisted
        missing = self.missing_names()
        listed = [i for i in self.instruments.values() if i.name not in missing]
        is_a_market = len(listed) == 1 or not all(i.is_unlisted for i in listed)
        for i in (i for i in listed if i.is_unlisted):
            i.is_closed = is_a_market

    def take_line(self, message: str, *, is_error: bool) -> None:
        """Count a line of the client's log."""
        lowered = message.lower()
        is_unreadable = any(words in lowered for words in UNREADABLE)
        self.unreadable += is_unreadable
        self.errors += is_error
        if is_unreadable or is_error:
            self.last_trouble = message

    def silent(self, now_ns: int) -> list[str]:
        """Return the listed instruments of which nothing came for ten seconds."""
        missing = self.missing_names()
        return [
            i.name
            for i in self.instruments.values()
            if i.name not in missing and not i.is_closed and now_ns - i.ts_init > SILENT_NS
        ]

    def missing_names(self) -> list[str]:
        """Return the instruments that the venue does not list."""
        return sorted({str(needed.instrument_id) for needed in self.missing})

    @property
    def is_listed(self) -> bool:
        """Whether the venue lists any of the instruments."""
        return len(self.missing_names()) < len(self.instruments)

    def report(self, reason: str, problems: Mapping[str, int]) -> dict[str, Any]:
        """Return the counters for ``status``; the rate is since the last report.

        Parameters
        ----------
        problems : mapping of str to int
            Unusable data by name, as :attr:`ComputedFactors.problems`.
        reason : str
            Why the venue is not in the node at present; empty if it is.

        """
        now_ns, now_s, messages = time.time_ns(), time.monotonic(), self.messages
        before, before_s = self._seen
        passed_s = now_s - before_s
        if passed_s >= 0.5:
            self._seen = messages, now_s
        newest_ns = self.newest_event_ns
        delays = sorted(
            d
            for i in self.instruments.values()
            for d in i.delays_ns[: min(i.messages, KEPT_DELAYS)]
        )
        return {
            "venue": self.link.name,
            "addresses": list(self.link.addresses),
            "connected": self.is_connected and not reason,
            "problem": reason,
            "messages": messages,
            "messages_per_s": round((messages - before) / passed_s, 1) if passed_s else 0.0,
            "newest_event_unix_s": newest_ns / 1e9,
            "newest_event_age_ms": round((now_ns - newest_ns) / 1e6, 1) if newest_ns else None,
            "delay_ms": {
                "n": len(delays), "p50": _share(delays, 0.50), "p99": _share(delays, 0.99)
            },
            "ahead": sum(d < -AHEAD_NS for d in delays),
            "ahead_s": max(-delays[0] / 1e9, 0.0) if delays else 0.0,
            "reconnects": self.reconnects,
            "nudges": self.nudges,
            "unreadable": self.unreadable,
            "client_errors": self.errors,
            "last_trouble": self.last_trouble,
            "instruments": {i.name: i.messages for i in self.instruments.values()},
            "silent": self.silent(now_ns) if not reason else [],
            "closed": [i.name for i in self.instruments.values() if i.is_closed],
            "missing": self.missing_names(),
            "not_streamed": sorted(f"{i.kind} of {i.instrument_id}" for i in self.not_streamed),
            "problems": {
                name: count
                for name, count in problems.items()
                if any(i.name in name.split() for i in self.instruments.values())
            },
        }  # fmt: skip


def _share(ordered: list[int], share: float) -> float | None:
    return round(ordered[round(share * (len(ordered) - 1))] / 1e6, 3) if ordered else None


class StreamHealth:
    """Every venue's health.

    Parameters
    ----------
    links : iterable of VenueLink
        The venues.

    """

    def __init__(self, links: Iterable[VenueLink]) -> None:
        self.venues: Final = {link.name: VenueHealth(link) for link in links}
        self.recent: Final = RecentCounts()
        self._instruments: Final = {
            instrument_id: found
            for venue in self.venues.values()
            for instrument_id, found in venue.instruments.items()
        }
        self._keys: Final[dict[str, InstrumentId | str]] = {str(i): i for i in self._instruments}

    def follow(self, named: str, actual: InstrumentId) -> None:
        """Count the data of the instrument that was found for the one that an input names."""
        key = self._keys.get(named)
        if key is None or key == actual:
            return
        self._keys[named] = actual
        for venue in self.venues.values():
            found = venue.instruments.pop(key, None)
            if found is not None:
                found.name = str(actual)
                self._instruments.pop(key, None)
                self._instruments[actual] = venue.instruments.setdefault(actual, found)

    def counting(self, take: Callable[[Any], None]) -> Callable[[Any], None]:
        """Return a callable that counts data of an instrument, and passes them on."""
        instruments = self._instruments

        def count(data: Any) -> None:
            found = instruments.get(data.instrument_id)
            if found is not None:
                number = found.messages
                found.messages = number + 1
                found.ts_event = ts_event = data.ts_event
                found.ts_init = ts_init = data.ts_init
                found.delays_ns[number & _MASK] = ts_init - ts_event
                if found.is_closed:
                    return
            take(data)

        return count

    def count_custom(self, data: Any) -> None:
        """Count data of a client's own type, which may be of an index instead."""
        found = self._instruments.get(key_of(data))
        if found is not None:
            found.delays_ns[found.messages & _MASK] = data.ts_init - data.ts_event
            found.messages += 1
            found.ts_event, found.ts_init = data.ts_event, data.ts_init

    def of_client(self, client_id: str) -> VenueHealth | None:
        """Return the venue of a node's client."""
        for venue in self.venues.values():
            if venue.link.venue.client_name == client_id:
                return venue
        return None

    def take_log_line(self, line: Line) -> None:
        """Count a line of Nautilus's log, whoever logged it."""
        self.take_line(line.component, line.message, is_error=line.is_error)

    def take_line(self, component: str, message: str, *, is_error: bool) -> list[str]:
        """Count a line of Nautilus's log; return the venues whose client logged it.

        These are several where one adapter streams several of them.

        Parameters
        ----------
        component : str
            The path of the Rust module, or a component's name.
        message : str
            What it says.
        is_error : bool
            Whether it is at ERROR; otherwise at WARN.

        """
        of = {
            name: venue.link.venue.log_module
            for name, venue in self.venues.items()
            if f"{component}::".startswith(f"{venue.link.venue.log_module}::")
        }
        longest = max(of.values(), key=len, default="")
        found = [name for name, module in of.items() if module == longest]
        for name in found:
            self.venues[name].take_line(message, is_error=is_error)
        return found
