"""ClientLog: what a host needs of Nautilus's log, in which clients tell of unreadable messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from nautilus_trader.common import LoggerConfig

if TYPE_CHECKING:
    import asyncio

    from nautilus_trader.common import LogLevel


class Line(Protocol):
    """A line at WARN or above."""

    @property
    def is_error(self) -> bool:
        """Whether it is at ERROR; otherwise at WARN."""

    @property
    def component(self) -> str:
        """The component's name, or the path of the Rust module; empty if unknown."""

    @property
    def message(self) -> str:
        """What it says."""


class TakeLine(Protocol):
    """Takes a line."""

    def __call__(self, line: Line, /) -> object:
        """Take it."""


class ClientLog(Protocol):
    """The log of the process, read back; :class:`adapters.streams.joining.log_lines.LogLines`."""

    def config(self, stdout_level: LogLevel, *, is_colored: bool) -> LoggerConfig:
        """Return the logger config of every node of the process."""

    def follow(self, loop: asyncio.AbstractEventLoop) -> None:
        """Give the lines that come to the callable, in a loop."""


class NoLog:
    """Nothing is logged, and no unreadable message is counted."""

    def __init__(self, take: TakeLine) -> None:
        pass

    def config(self, stdout_level: LogLevel, *, is_colored: bool) -> LoggerConfig:
        """Return a config without a log."""
        return LoggerConfig(bypass_logging=True)

    def follow(self, loop: asyncio.AbstractEventLoop) -> None:
        """Do nothing: no line comes."""
