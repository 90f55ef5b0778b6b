"""AeronChannel: where a stream of factors flows, from the text of an Aeron channel."""

from __future__ import annotations

import importlib.util
import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from dolphin_strategies.errors import ConfigError, did_you_mean

SCHEME: Final = "aeron"
DEFAULT_STREAM_ID: Final = 8501
DEFAULT_ENDPOINT: Final = "127.0.0.1:20850"
EXAMPLE: Final = f"{SCHEME}:udp?endpoint={DEFAULT_ENDPOINT}"
MISSING: Final = (
    "Aeron's library is not installed: the extra `aeron` has it; use uv run --extra aeron ..."
)
_MAX_STREAM_ID: Final = 2**31 - 1
_OURS: Final = ("stream-id", "dir")
_OF_UDP: Final = ("endpoint", "interface", "control", "control-mode", "ttl")
_OF_PUBLISHER: Final = ("fc", "mtu", "so-sndbuf", "term-length")
_OF_SUBSCRIBER: Final = ("rcv-wnd", "so-rcvbuf")
PUBLISHER_DEFAULTS: Final = {"term-length": "8m"}
"""As the driver's own; half of it is the window, and three of them are allocated as used."""
SUBSCRIBER_DEFAULTS: Final = {"tether": "false", "rejoin": "true"}
"""Untethered: whoever falls behind is set aside, and does not hold up the others."""


def default_directory() -> Path:
    """Return the folder of this user's media driver."""
    return Path(f"/dev/shm/dolphin_aeron_{os.geteuid()}")  # noqa: S108 - shared memory lives here


@dataclass(frozen=True, kw_only=True)
class AeronChannel:
    """A channel and a stream on it, and the media driver that carries them.

    Attributes
    ----------
    media : str
        ``ipc`` or ``udp``.
    options : tuple of (str, str)
        Aeron's own options, in the order given, with the defaults of this project.
    stream_id : int
        1 to 2**31 - 1; several streams may share a channel.
    directory : Path
        The folder of the media driver, see ``live/aeron_driver.py``.

    """

    media: str
    options: tuple[tuple[str, str], ...]
    stream_id: int
    directory: Path

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read ``aeron:udp?endpoint=HOST:PORT|stream-id=8501|dir=FOLDER``, or ``aeron:ipc``.

        Parameters
        ----------
        text : str
            An Aeron channel (https://github.com/aeron-io/aeron/wiki/Channel-Configuration) whose
            options may also be ``stream-id`` and ``dir``.

        Raises
        ------
        ConfigError
            With what was expected and found.

        """
        head, _, rest = text.partition("?")
        if head not in {f"{SCHEME}:ipc", f"{SCHEME}:udp"}:
            msg = f"source: expected an Aeron channel such as {EXAMPLE}, found {text!r}"
            raise ConfigError(msg)
        media = head.partition(":")[2]
        given = _options(rest, media)
        stream_id = given.pop("stream-id", str(DEFAULT_STREAM_ID))
        if (
            not stream_id.isascii()
            or not stream_id.isdecimal()
            or not (0 < int(stream_id) <= _MAX_STREAM_ID)
        ):
            msg = f"stream-id: expected 1 to {_MAX_STREAM_ID}, found {stream_id!r}"
            raise ConfigError(msg)
        directory = Path(given.pop("dir", "") or default_directory())
        if not directory.is_absolute():
            msg = f"dir: expected the whole path of the media driver's folder, found {directory}"
            raise ConfigError(msg)
        if media == "udp":
            given = _with_address(given)
        return cls(
            media=media,
            options=tuple(given.items()),
            stream_id=int(stream_id),
            directory=directory,
        )

    @property
    def is_multicast(self) -> bool:
        """Whether the endpoint is a group's address."""
        host = _host_of(dict(self.options).get("endpoint", ""))
        return host is not None and host.is_multicast

    def of_publisher(self) -> str:
        """Return the channel as a publication has it."""
        return self._with(PUBLISHER_DEFAULTS, _OF_SUBSCRIBER)

    def of_subscriber(self) -> str:
        """Return the channel as a subscription has it."""
        return self._with(SUBSCRIBER_DEFAULTS, _OF_PUBLISHER)

    def _with(self, defaults: dict[str, str], but: tuple[str, ...]) -> str:
        options = {**defaults, **{k: v for k, v in self.options if k not in but}}
        return f"{SCHEME}:{self.media}?" + "|".join(f"{k}={v}" for k, v in options.items())

    def __str__(self) -> str:
        options = "|".join(f"{k}={v}" for k, v in self.options)
        return f"{SCHEME}:{self.media}{'?' if options else ''}{options} stream {self.stream_id}"


def check_channel(text: str) -> AeronChannel:
    """Return the channel of a text, if this environment can use it; loads nothing for it.

    Raises
    ------
    ConfigError
        If the text is no channel, or the extra `aeron` is not installed.

    """
    channel = AeronChannel.from_text(text)
    if importlib.util.find_spec("pyaeron") is None:
        raise ConfigError(MISSING)
    return channel


def _options(text: str, media: str) -> dict[str, str]:
    """Return the options of a channel by name."""
    known = (*_OURS, *_OF_PUBLISHER, *_OF_SUBSCRIBER, *(_OF_UDP if media == "udp" else ()))
    found: dict[str, str] = {}
    for part in filter(None, text.split("|")):
        name, equals, value = part.partition("=")
        if name not in known:
            msg = f"source: unknown option {name!r} of aeron:{media}{did_you_mean(name, known)}"
            raise ConfigError(msg)
        if name in found or not equals or not value or not value.isprintable():
            msg = f"source: expected {name}=VALUE once, found {part!r} in {text!r}"
            raise ConfigError(msg)
        found[name] = value
    return found


def _with_address(given: dict[str, str]) -> dict[str, str]:
    """Return the options of a UDP channel with the loopback where no address is given."""
    if not {"endpoint", "control"} & given.keys():
        given = {"endpoint": DEFAULT_ENDPOINT, **given}
    for name in ("endpoint", "control"):
        if name in given and not _is_address(given[name]):
            msg = f"{name}: expected host:port, found {given[name]!r}"
            raise ConfigError(msg)
    host = _host_of(given.get("endpoint", ""))
    if host is not None and host.is_multicast and "interface" not in given:
        given = {**given, "interface": "127.0.0.1" if host.version == 4 else "[::1]"}
    return given


def _is_address(text: str) -> bool:
    host, colon, port = text.rpartition(":")
    return bool(
        host and colon and port.isascii() and port.isdecimal() and 0 <= int(port) < 65536
    ) and (":" not in host or host.startswith("["))


def _host_of(endpoint: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address of an endpoint, or None if it has a name."""
    try:
        return ipaddress.ip_address(endpoint.rpartition(":")[0].strip("[]"))
    except ValueError:
        return None
