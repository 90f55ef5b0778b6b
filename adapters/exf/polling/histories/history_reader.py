"""HistoryReader: reads the rows of a span through one host, within its limits, with retries."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from adapters.exchanges.rest_venue import BadBodyError, RateLimitedError
from adapters.exf.polling.histories.window_walk import WindowWalk
from adapters.exf.polling.http_client import FetchError
from adapters.exf.polling.request import Request
from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.exchanges.venues.histories.history import History, HistoryRow
    from adapters.exf.polling.histories.window_walk import Window
    from adapters.exf.polling.http_client import Fetcher
    from adapters.exf.polling.venue_host import VenueHost

DEADLINE_S: Final = 10.0
LARGEST_BODY: Final = 8_000_000
TRIES: Final = 6
FIRST_RETRY_S: Final = 0.5
LONGEST_RETRY_S: Final = 8.0
LONGEST_PAUSE_S: Final = 600.0
"""The longest pause that an exchange may demand before it is given up."""
REFILL_S: Final = 0.05
PASSING: Final = frozenset({"timeout", "refused", "dns", "broken", "http_5xx", "not_json"})
"""Kinds of failures after which the same request may succeed."""


class HistoryError(DolphinError):
    """An exchange gave no usable answer about its past, although it was asked several times."""


@dataclass(slots=True)
class HistoryCounts:
    """What reading a span took.

    Attributes
    ----------
    requests : int
        Requests sent.
    retries : int
        Of these, repetitions after a failure.
    rows : int
        Rows of the span.
    repeated, outside : int
        Rows that came again, and rows that were not asked for.
    empty : int
        Answers without rows.

    """

    requests: int = 0
    retries: int = 0
    rows: int = 0
    repeated: int = 0
    outside: int = 0
    empty: int = 0


class HistoryReader:
    """Read histories through one host, one request at a time.

    Parameters
    ----------
    fetcher : Fetcher
        Sends the requests; its caller closes it.
    host : VenueHost
        The host whose rate limit and pauses are observed.
    first_retry_s : float
        The pause after the first failure of a request, seconds; it doubles with each further one.
    longest_pause_s : float
        The longest pause that the exchange may demand, seconds.

    Notes
    -----
    For one asyncio loop. May be cancelled at any time.

    """

    def __init__(
        self,
        fetcher: Fetcher,
        host: VenueHost,
        *,
        first_retry_s: float = FIRST_RETRY_S,
        longest_pause_s: float = LONGEST_PAUSE_S,
    ) -> None:
        self._fetcher: Final = fetcher
        self._host: Final = host
        self._first_retry_s: Final = first_retry_s
        self._longest_pause_s: Final = longest_pause_s

    async def read(
        self,
        history: History,
        symbol: str,
        start_ms: int,
        end_ms: int,
        on_rows: Callable[[list[HistoryRow], int], None],
    ) -> HistoryCounts:
        """Read every row of a half-open span of stamps, UNIX milliseconds.

        Parameters
        ----------
        history : History
            What is asked for.
        symbol : str
            Of which symbol.
        start_ms, end_ms : int
            The span.
        on_rows : callable
            Called with the new rows of each answer, by rising stamps, and the stamp before which
            everything was asked for.

        Returns
        -------
        HistoryCounts
            What it took.

        Raises
        ------
        HistoryError
            If a request fails for good; earlier rows were passed on.

        """
        counts = HistoryCounts()
        walk = WindowWalk(history, start_ms, end_ms)
        while (window := walk.next()) is not None:
            rows = await self._ask(history, symbol, window, counts)
            counts.empty += not rows
            new = walk.take(window, rows)
            counts.rows += len(new)
            on_rows(new, walk.done_ms)
        counts.repeated, counts.outside = walk.repeated, walk.outside
        return counts

    async def _ask(
        self, history: History, symbol: str, window: Window, counts: HistoryCounts
    ) -> list[HistoryRow]:
        """Return the rows of one answer, after as many tries as are allowed."""
        description = history.request(symbol, *window)
        request = Request.of(description, symbol, self._host.base_url)
        what = f"{self._host.name}: {history.path} of {symbol}"
        for failures in range(TRIES):
            await self._wait_for_turn(what, history.weight)
            counts.requests += 1
            counts.retries += failures > 0
            try:
                rows = history.parse(await self._json(request), symbol)
            except RateLimitedError as error:
                why = str(error)
                self._host.pause(None)
            except BadBodyError as error:
                msg = f"{what}: {error}"
                raise HistoryError(msg) from None
            except FetchError as error:
                why = str(error)
                if error.kind == "rate_limited" or error.retry_after_s is not None:
                    self._host.pause(error.retry_after_s)
                elif error.kind in PASSING:
                    pause_s = min(self._first_retry_s * 2.0**failures, LONGEST_RETRY_S)
                    await asyncio.sleep(pause_s)
                else:
                    msg = f"{what}: {error}"
                    raise HistoryError(msg) from None
            else:
                self._host.succeeded()
                return rows
        msg = f"{what}: no usable answer to {TRIES} requests: {why}"
        raise HistoryError(msg)

    async def _json(self, request: Request) -> Any:
        answer = await self._fetcher.fetch(request, DEADLINE_S, LARGEST_BODY)
        try:
            return orjson.loads(answer.body)
        except orjson.JSONDecodeError as error:
            kind = "not_json"
            raise FetchError(kind, f"no JSON: {error}", body=answer.body) from None

    async def _wait_for_turn(self, what: str, weight: float) -> None:
        """Wait until the exchange's limit and pauses allow a request.

        Raises
        ------
        HistoryError
            If the exchange demands too long a pause.

        """
        while True:
            if (pause_s := self._host.pause_left_s) > self._longest_pause_s:
                msg = (
                    f"{what}: the exchange demands a pause of {pause_s:,.0f} s, more than "
                    f"{self._longest_pause_s:,.0f} s; run it again after that"
                )
                raise HistoryError(msg)
            if pause_s > 0:
                await asyncio.sleep(pause_s)
            elif self._host.take(weight):
                return
            else:
                await asyncio.sleep(REFILL_S)
