"""ClientNaming: a strategy's requests name the client of its market."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.model import BarType, InstrumentId, Venue
from nautilus_trader.trading import Strategy

from dolphin_strategies.observation import StrategyObserver

if TYPE_CHECKING:
    from collections.abc import Callable

    from nautilus_trader.model import ClientId

_NAMED: Final = "client_id"


class ClientNaming(StrategyObserver):
    """Has subscriptions and requests of a venue's data name a client, unless the strategy does.

    Of two data clients of one venue Nautilus asks either for what names none, one drawn anew for
    each node, whatever routing they were added with.

    Parameters
    ----------
    venue : Venue
        The venue of the instruments.
    client_id : ClientId
        The client that has the strategy's market.

    """

    def __init__(self, venue: Venue, client_id: ClientId) -> None:
        self._venue: Final = venue
        self._client_id: Final = client_id

    def around_request(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        return self._around(name, call)

    def around_unsubscription(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        return self._around(name, call)

    def _around(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        # Of Nautilus's own method: others may observe the call already.
        names = list(inspect.signature(getattr(Strategy, name)).parameters)[1:]
        if _NAMED not in names:
            return call
        place, first = names.index(_NAMED), names[0]

        def naming(*arguments: Any, **keywords: Any) -> Any:
            subject = arguments[0] if arguments else keywords.get(first)
            if _venue_of(subject) == self._venue:
                if len(arguments) <= place:
                    if keywords.get(_NAMED) is None:
                        keywords[_NAMED] = self._client_id
                elif arguments[place] is None:
                    given = arguments
                    arguments = (*given[:place], self._client_id, *given[place + 1 :])
            return call(*arguments, **keywords)

        return naming


def _venue_of(subject: object) -> Venue | None:
    """Return the venue of what is asked for; None for custom data, which has none."""
    if isinstance(subject, BarType):
        subject = subject.instrument_id
    if isinstance(subject, InstrumentId):
        return subject.venue
    return subject if isinstance(subject, Venue) else None
