"""SourceReader: reads the values of one source out of the answers of its request."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from adapters.exchanges.rest_venue import BadBodyError, RateLimitedError
from adapters.exf.polling.source_health import SourceHealth

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.exchanges.rest_venue import Endpoint, Reading
    from adapters.exf.polling.clock_skew import ClockSkew
    from adapters.exf.polling.http_client import Answer
    from adapters.exf.reading.definition_reader import DefinitionReader
    from adapters.exf.reading.source_instrument import SourceInstrument
    from adapters.exf.registry.factor_registry import PolledSource

_DATE_RESOLUTION_NS: Final = 1_000_000_000
DATE_TOLERANCE_NS: Final = 3_000_000_000
"""How far an answer's own time may lie from its ``Date``; one out of a cache lies further back."""
FUTURE_TOLERANCE_NS: Final = 1_000_000_000
"""How far an exchange's stamp may lie ahead of the estimate of its clock."""

type OnReading = Callable[[PolledSource, Reading, Answer, int], None]
"""Called with a usable reading, its answer, and its age at receipt in nanoseconds."""
type OnBadBody = Callable[[PolledSource], None]


class SourceReader:
    """Read each answer, and pass the reading on.

    Parameters
    ----------
    instrument, endpoint
        The instrument of the source, and its endpoint.
    skew : ClockSkew
        What is known of the clock of the source's host.
    definition : DefinitionReader, optional
        Knows whether the source's instrument is traded, and its contract.
    on_reading, on_bad_body : callable
        Called with a reading, and with a body that cannot be used.
    trusts_exchange_time : bool
        Count age from the exchange's own time where it gives one.

    """

    def __init__(  # noqa: PLR0913 - it stands between all of them
        self,
        *,
        instrument: SourceInstrument,
        endpoint: Endpoint,
        skew: ClockSkew,
        definition: DefinitionReader | None,
        on_reading: OnReading,
        on_bad_body: OnBadBody,
        trusts_exchange_time: bool,
    ) -> None:
        self.source: Final = instrument.source
        self.instrument: Final = instrument
        self.definition: Final = definition
        self.health: Final = SourceHealth()
        self._endpoint: Final = endpoint
        self._skew: Final = skew
        self._on_reading: Final = on_reading
        self._on_bad_body: Final = on_bad_body
        self._trusts_exchange_time: Final = trusts_exchange_time
        self._last: tuple[Reading, Answer, int] | None = None
        instrument.on_change.append(self._forget)
        if definition is not None:
            definition.on_change.append(self._pass_on)

    def failed(self, kind: str, text: str, body: bytes = b"") -> None:
        """Count a poll that brought no JSON."""
        self.health.failed(kind, text, body)

    def read(self, body: Any, answer: Answer) -> bool:
        """Read parsed JSON; return whether it is usable.

        Raises
        ------
        RateLimitedError
            If the body reports that this address sends too many requests.

        """
        symbol = self.instrument.symbol
        if not symbol and self.source.asset:
            # An answer about all, among which there is none of the asset.
            return self._refused("not_listed", self.instrument.problem, b"")
        try:
            reading = self._endpoint.parse(body, symbol)
            age_ns = self._age_ns(reading, answer)
        except RateLimitedError:
            raise
        except BadBodyError as error:
            return self._refused("bad_body", str(error), answer.body)
        except Exception as error:  # noqa: BLE001 - one venue's mistake must not end the others
            return self._refused("parser", f"{type(error).__name__}: {error}", answer.body)
        self.health.succeeded(answer.latency_ns, reading.ts_event_ns)
        self._last = reading, answer, age_ns
        self._pass_on()
        return True

    def _pass_on(self) -> None:
        """Pass the newest reading on, as far as its instrument is known.

        It is passed on again when the definition has changed: the next one may be a minute away.
        """
        if self._last is None or (self.definition is not None and self.definition.is_awaited):
            return
        reading, answer, age_ns = self._last
        self._on_reading(self.source, self._defined(reading), answer, age_ns)

    def _forget(self) -> None:
        """Drop what was read about another instrument."""
        if self._last is not None:
            self._last = None
            self._on_bad_body(self.source)

    def _refused(self, kind: str, text: str, body: bytes) -> bool:
        self._last = None
        self.health.failed(kind, text, body)
        self._on_bad_body(self.source)
        return False

    def _defined(self, reading: Reading) -> Reading:
        symbol = self.instrument.symbol
        if reading.closed:
            return reading.unless_closed(f"{symbol} is not traded: {reading.closed}")
        if self.definition is not None:
            reading = reading.unless_closed(self.definition.why_unusable(symbol))
        if self._endpoint.contract_fields and not reading.closed:
            size, problem = math.nan, f"nothing defines the contract size of {symbol}"
            if self.definition is not None:
                size, problem = self.definition.contract(symbol)
            scaled = {name: reading.values[name] * size for name in self._endpoint.contract_fields}
            problems = (*reading.problems, problem) if problem else reading.problems
            reading = reading._replace(values=reading.values | scaled, problems=problems)
        if self.instrument.units != 1:
            values = self._endpoint.in_coins(reading.values, self.instrument.units)
            reading = reading._replace(values=values)
        return reading

    def _age_ns(self, reading: Reading, answer: Answer) -> int:
        """Return the age of a reading at its receipt, by the exchange's clock, nanoseconds."""
        skew = self._skew
        wall_ns = answer.sent_wall_ns, answer.received_wall_ns
        is_as_dated = (
            not answer.server_date_ns
            or abs(reading.server_ns - answer.server_date_ns) <= DATE_TOLERANCE_NS
        )
        if reading.server_ns and is_as_dated:
            skew.learn(reading.server_ns, 1_000_000, *wall_ns, answer.received_mono_ns)
        elif answer.server_date_ns:
            skew.learn(
                answer.server_date_ns, _DATE_RESOLUTION_NS, *wall_ns, answer.received_mono_ns
            )
        stamp_ns = reading.ts_event_ns or reading.server_ns
        if not (stamp_ns and self._trusts_exchange_time):
            return 0
        age_ns = answer.received_wall_ns + skew.skew_ns - stamp_ns
        if age_ns < -max(FUTURE_TOLERANCE_NS, skew.uncertainty_ns):
            msg = f"its stamp lies {-age_ns / 1e9:.1f} s in the future of the exchange's clock"
            raise BadBodyError(msg)
        return max(age_ns, 0)
