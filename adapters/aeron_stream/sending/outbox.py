"""Outbox: messages on their way into a publication, in order, and what became of them."""

from __future__ import annotations

from collections import Counter, deque
from typing import Any, Final

ROOM: Final = 4096
"""Messages that may wait; at 12,000 records/s a third of a second."""
_TRIES: Final = 3


class Outbox:
    """Offer messages to a publication, and keep those that it has no room for at present.

    Parameters
    ----------
    library : module
        ``pyaeron``.

    Attributes
    ----------
    counters : Counter
        ``sent``, ``unheard`` (no subscriber, or no connection) and ``dropped`` records, and those
        ``waiting``; ``back_pressured``: records that found no room at first.
    is_heard : bool
        Whether the last offer, or the last look, found a subscriber.

    Notes
    -----
    For one thread at a time. ``offer`` gives True, or one of three codes that count as false: of
    these only "back pressured" means that the message may be taken later, and "admin action" that
    it may be at once.

    """

    def __init__(self, library: Any) -> None:
        self._library: Final = library
        self._publication: Any = None
        self._waiting: Final[deque[tuple[bytes, bool]]] = deque()
        self.counters: Final[Counter[str]] = Counter(
            sent=0, unheard=0, dropped=0, waiting=0, back_pressured=0
        )
        self.is_heard = False

    @property
    def waiting(self) -> int:
        """Messages that wait, states included."""
        return len(self._waiting)

    def connect(self, publication: Any) -> None:
        """Send into a publication from now on."""
        self._publication = publication
        self.is_heard = False

    def disconnect(self) -> None:
        """Send nothing any more; what waits is not heard."""
        self._publication = None
        self.is_heard = False
        self._forget_waiting()

    def has_new_hearer(self) -> bool:
        """Return whether there is a subscriber since the last message, but was none before."""
        if self.is_heard or self._publication is None:
            return False
        self.is_heard = self._publication.is_connected
        return self.is_heard

    def put(self, message: bytes, *, is_record: bool) -> None:
        """Send a message after those that wait."""
        if self._waiting:
            self.send_waiting()
        if not self._waiting:
            code = self._offer(message)
            if code is not self._library.BACK_PRESSURED:
                if is_record:
                    self.counters["sent" if code is True else "unheard"] += 1
                return
        self._waiting.append((message, is_record))
        self.counters["back_pressured"] += is_record
        self.counters["waiting"] += is_record
        if len(self._waiting) > ROOM:
            _, was_record = self._waiting.popleft()
            self.counters["waiting"] -= was_record
            self.counters["dropped"] += was_record

    def send_waiting(self) -> None:
        """Send as many of the messages that wait as there is room for."""
        while self._waiting:
            message, is_record = self._waiting[0]
            code = self._offer(message)
            if code is self._library.BACK_PRESSURED:
                return
            if code is not True:
                self._forget_waiting()
                return
            self._waiting.popleft()
            self.counters["waiting"] -= is_record
            self.counters["sent"] += is_record

    def _forget_waiting(self) -> None:
        self.counters["unheard"] += self.counters["waiting"]
        self.counters["waiting"] = 0
        self._waiting.clear()

    def _offer(self, message: bytes) -> Any:
        """Return True, BACK_PRESSURED, or NOT_CONNECTED for all that cannot be sent later."""
        lost = self._library.NOT_CONNECTED
        if self._publication is None:
            return lost
        try:
            for _ in range(_TRIES):
                code = self._publication.offer(message)
                if code is not self._library.ADMIN_ACTION:
                    break
            else:
                return self._library.BACK_PRESSURED
        except (self._library.PublicationClosed, self._library.ResourceClosed):
            code = lost
        if code is lost:
            self.is_heard = False
        return code
