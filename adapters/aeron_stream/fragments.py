"""Fragments: messages that were longer than a packet, put together again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

BEGIN: Final = 0x80
END: Final = 0x40
WHOLE: Final = BEGIN | END
MOST_SESSIONS: Final = 64
MOST_BYTES: Final = 1 << 20
_ALIGNMENT: Final = 32


class Fragments:
    """Give whole messages to a callable, from fragments in the order of each session.

    ``pyaeron`` 0.1.0 puts fragments together only within one call of ``poll``: a message whose
    fragments come in two calls is lost. So each is taken as it comes, and put together here, by
    the flags of its frame (https://github.com/aeron-io/aeron/wiki/Transport-Protocol-Specification).

    Parameters
    ----------
    take : callable
        Takes the bytes of a message.

    Notes
    -----
    For one thread at a time. A message is given up where its fragments are not contiguous, as
    after a subscription that was set aside has joined again. At most 64 sessions have one begun.

    """

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take: Final = take
        self._begun: Final[dict[int, tuple[int, bytearray]]] = {}
        """By session: the position after the newest fragment, and the bytes so far."""

    def add(self, fragment: Any, header: Any) -> None:
        """Take a fragment and its frame's header, as ``poll`` gives them."""
        flags = header.flags
        if flags & WHOLE == WHOLE:
            self._take(bytes(fragment))
            return
        session, position = header.session_id, header.position
        begun = self._begun.pop(session, None)
        if flags & BEGIN:
            content = bytearray(fragment)
        elif begun is not None and begun[0] == position - _aligned(header.frame_length):
            content = begun[1]
            content += fragment
        else:
            return
        if flags & END:
            self._take(bytes(content))
        elif len(content) <= MOST_BYTES and len(self._begun) < MOST_SESSIONS:
            self._begun[session] = position, content


def _aligned(length: int) -> int:
    """Return the length that a frame takes in its log."""
    return -(-length // _ALIGNMENT) * _ALIGNMENT
