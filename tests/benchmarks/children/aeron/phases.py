"""Phase: so many records at one pace; the phases of a stream follow each other."""

from __future__ import annotations

from typing import NamedTuple, Self


class Phase(NamedTuple):
    """Records of one pace."""

    rate_hz: int
    records: int

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read ``RATE:COUNT``."""
        rate, _, count = text.partition(":")
        return cls(int(rate), int(count))

    def __str__(self) -> str:
        return f"{self.rate_hz}:{self.records}"
