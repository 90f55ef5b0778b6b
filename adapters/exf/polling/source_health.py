"""SourceHealth: the outcomes of the polls of one source."""

from __future__ import annotations

import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from adapters.command.percentiles import percentiles
from dolphin_strategies.errors import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

KEPT_LATENCIES: Final = 128
SHOWN_BODY: Final = 400


@dataclass(kw_only=True)
class SourceHealth:
    """Counters and last events of a source.

    Attributes
    ----------
    polls, answers : int
        Requests sent, and how many brought a usable answer.
    errors : Counter
        Failures by kind.
    refused_values : Counter
        Factor → how often an answer had no usable value for it.
    skipped : Counter
        Polls that were due and not sent, by reason: ``late``, ``rate_limit``, ``pause``.
    failures : int
        Failed polls since the last successful one.

    """

    polls: int = 0
    answers: int = 0
    failures: int = 0
    restarts: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    refused_values: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    last_success_wall_ns: int = 0
    last_event_wall_ns: int = 0
    last_error: str = ""
    last_error_wall_ns: int = 0
    last_refused: str = ""
    last_bad_body: str = ""
    last_bad_body_wall_ns: int = 0
    latencies_ns: deque[int] = field(default_factory=lambda: deque(maxlen=KEPT_LATENCIES))

    def succeeded(self, latency_ns: int, ts_event_ns: int) -> None:
        """Count a usable answer."""
        self.answers += 1
        self.failures = 0
        self.latencies_ns.append(latency_ns)
        self.last_success_wall_ns = time.time_ns()
        self.last_event_wall_ns = ts_event_ns

    def failed(self, kind: str, text: str, body: bytes = b"") -> None:
        """Count a failed poll, and keep the beginning of its body.

        Parameters
        ----------
        kind : str
            See :class:`~adapters.exf.polling.http_client.FetchError`.
        text : str
            The reason, as text for the user.
        body : bytes
            The body that was received instead, if any.

        """
        self.failures += 1
        self.errors[kind] += 1
        # The text may quote an answer: a line of the log stays one line.
        self.last_error = f"{kind}: {printable(' '.join(text.split()))}"
        self.last_error_wall_ns = time.time_ns()
        if body:
            self.keep_bad_body(body)

    def refused(self, values: Sequence[tuple[str, str]], body: bytes) -> None:
        """Count the values that an answer lacked, and keep the beginning of its body."""
        for name, _ in values:
            self.refused_values[name] += 1
        self.last_refused = "; ".join(f"{name}: {reason}" for name, reason in values[:3])
        self.keep_bad_body(body)

    def keep_bad_body(self, body: bytes) -> None:
        """Keep the beginning of a body, for the status report."""
        self.last_bad_body = body[:SHOWN_BODY].decode(errors="replace")
        self.last_bad_body_wall_ns = time.time_ns()

    def report(self) -> dict[str, Any]:
        """Return all counters and events as JSON values."""
        return {
            "polls": self.polls,
            "answers": self.answers,
            "failures_in_a_row": self.failures,
            "restarts": self.restarts,
            "errors": dict(self.errors),
            "refused_values": dict(self.refused_values),
            "skipped": dict(self.skipped),
            "last_success_unix_s": self.last_success_wall_ns / 1e9,
            "last_event_unix_s": self.last_event_wall_ns / 1e9,
            "last_error": self.last_error,
            "last_error_unix_s": self.last_error_wall_ns / 1e9,
            "last_refused": self.last_refused,
            "last_bad_body": self.last_bad_body,
            "last_bad_body_unix_s": self.last_bad_body_wall_ns / 1e9,
            "latency_ms": percentiles(self.latencies_ns, 1e6),
        }
