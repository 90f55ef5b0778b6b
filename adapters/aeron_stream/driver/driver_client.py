"""DriverClient: a connection to the media driver, which ends when the driver does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adapters.aeron_stream.channel import MISSING
from adapters.aeron_stream.driver.driver_folder import NoDriverError, driver_folder
from dolphin_strategies.errors import ConfigError, DolphinError

if TYPE_CHECKING:
    from adapters.aeron_stream.channel import AeronChannel

DRIVER_TIMEOUT_MS: Final = 1000
"""Without a sign of life of the driver for so long, its clients end their connection."""
KEEPALIVE_NS: Final = 200_000_000


def aeron_library() -> Any:
    """Return the module ``pyaeron``.

    Raises
    ------
    ConfigError
        If the extra is not installed.

    """
    try:
        import pyaeron  # noqa: PLC0415 - an extra, loaded only where it is asked for
    except ImportError:
        raise ConfigError(MISSING) from None
    return pyaeron


class DriverClient:
    """One connection, and the subscription or publication on it.

    Parameters
    ----------
    channel : AeronChannel
        What is published or subscribed to, and whose driver carries it.

    Raises
    ------
    NoDriverError
        If no driver of this user is alive there, or it refuses the client.
    ConfigError
        If the extra is not installed.

    Notes
    -----
    Connecting takes up to a second, without the interpreter's lock: not for the node's thread.
    An error that Aeron finds later on its own thread is kept in ``problem``; Aeron's default
    would be to end the process.

    """

    def __init__(self, channel: AeronChannel) -> None:
        aeron = aeron_library()
        self.problem = ""
        self._channel: Final = channel
        self._error: Final = aeron.AeronError
        folder = str(driver_folder(channel.directory))
        if not aeron.is_driver_active(folder, DRIVER_TIMEOUT_MS):
            msg = (
                f"no media driver is alive at {channel.directory}: start one with "
                "live/aeron_driver.py"
            )
            raise NoDriverError(msg)
        try:
            self._client: Final = aeron.Aeron(
                context=aeron.Context(
                    dir=folder,
                    driver_timeout_ms=DRIVER_TIMEOUT_MS,
                    keepalive_interval_ns=KEEPALIVE_NS,
                    error_handler=self._on_error,
                )
            )
        except aeron.AeronError as error:
            raise NoDriverError(_plain(error)) from None

    def _on_error(self, code: int, text: str) -> None:
        """Keep an error; called on Aeron's thread."""
        self.problem = f"Aeron: {text.partition(chr(10))[0]} (code {code})"

    @property
    def is_closed(self) -> bool:
        """Whether the driver is gone, or has given this client up."""
        return bool(self._client.is_closed)

    def subscription(self) -> Any:
        """Return the channel's subscription.

        Raises
        ------
        DolphinError
            If the driver refuses it, for example because the address is not this machine's.

        """
        return self._add(self._client.add_subscription, self._channel.of_subscriber())

    def publication(self) -> Any:
        """Return a publication of its own on the channel; DolphinError as in ``subscription``."""
        return self._add(self._client.add_exclusive_publication, self._channel.of_publisher())

    def _add(self, add: Any, channel: str) -> Any:
        try:
            return add(channel, self._channel.stream_id)
        except self._error as error:
            msg = f"the media driver refuses {channel}: {_plain(error)}"
            raise DolphinError(msg) from None

    def close(self) -> None:
        """End the connection with all that is on it; takes some milliseconds."""
        self._client.close()


def _plain(error: Exception) -> str:
    """Return the first line of an error of Aeron's that says something."""
    lines = [line for line in str(error).splitlines() if line and not line.startswith("[")]
    return "; ".join(lines[:2]) or str(error)
