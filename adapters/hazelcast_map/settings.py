"""HazelcastSettings: the cluster and the entry that hold the factors, and how it is read."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from adapters.command.field_rules import CheckedFields, Rule, between
from dolphin_strategies.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

type Mode = Literal["push", "poll"]

SCHEME: Final = "hazelcast"
DEFAULT_PORT: Final = 5701
DEFAULT_MAP: Final = "DOLPHIN_FEATURES"
DEFAULT_KEY: Final = "exf_latest"
MIN_POLL_S: Final = 0.001
MAX_POLL_S: Final = 1.0
USERNAME_VARIABLE: Final = "DOLPHIN_HAZELCAST_USERNAME"
PASSWORD_VARIABLE: Final = "DOLPHIN_HAZELCAST_PASSWORD"  # noqa: S105 - a name, no secret
EXAMPLE: Final = (
    f"{SCHEME}://localhost:{DEFAULT_PORT}/{DEFAULT_MAP}/{DEFAULT_KEY}?cluster=dolphin&poll_ms=250"
)
MEMBERS: Final = Rule("at least one host:port", bool)
type Name = Annotated[str, Rule(f"a name; for example {EXAMPLE}", bool)]


@dataclass(frozen=True, kw_only=True)
class HazelcastSettings(CheckedFields):
    """The entry that holds the factors, and how it is read.

    Attributes
    ----------
    members : tuple of str
        Addresses ``host:port`` of the cluster's members; one is used at a time, in this order: the
        first that answers, and when that is lost, the next.
    cluster : str
        The cluster's name.
    map_name, key : str
        The entry that the producer writes.
    mode : "push" or "poll"
        ``push`` lets the cluster send each change, and reads every ``poll_s`` too, which finds
        changes without an event and a member that has fallen silent; ``poll`` only reads.
    poll_s : float
        Seconds between two readings, 0.001 to 1.
    tls : bool
        Encrypt, and verify the member's certificate and name.
    ca_file, cert_file, key_file : str
        PEM files: who signed the member's certificate (default: the system's authorities), and
        this client's own certificate and key where the cluster asks for one.

    Raises
    ------
    ConfigError
        If a value cannot be used.

    Notes
    -----
    User name and password come from the environment only, see ``credentials``.

    """

    members: Annotated[tuple[str, ...], MEMBERS] = (f"localhost:{DEFAULT_PORT}",)
    cluster: Name = "dolphin"
    map_name: Name = DEFAULT_MAP
    key: Name = DEFAULT_KEY
    mode: Mode = "push"
    poll_s: Annotated[float, between(MIN_POLL_S, MAX_POLL_S)] = 0.25
    tls: bool = False
    ca_file: str = field(default="", metadata={"query": "ca"})
    cert_file: str = field(default="", metadata={"query": "cert"})
    key_file: str = field(default="", metadata={"query": "cert_key"})

    def __post_init__(self) -> None:
        try:
            super().__post_init__()
        except ValueError as error:
            raise ConfigError(str(error)) from None
        if (self.ca_file or self.cert_file or self.key_file) and not self.tls:
            msg = "ca, cert, cert_key: certificates need tls=true"
            raise ConfigError(msg)

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Read ``hazelcast://host:port,host:port/MAP/KEY?cluster=NAME&mode=push&poll_ms=250``.

        Parameters
        ----------
        url : str
            The URL; what follows the first host may be left out.

        Raises
        ------
        ConfigError
            With what was expected and found; a password in the URL is refused and not repeated.

        """
        parts = urlsplit(url)
        if parts.scheme != SCHEME or not parts.netloc:
            found = url if parts.username is None and parts.password is None else "another"
            msg = f"source: expected a URL such as {EXAMPLE}, found {found!r}"
            raise ConfigError(msg)
        if "@" in parts.netloc:
            msg = (
                "source: credentials do not belong into a URL, which shows in ps and in logs; set "
                f"{USERNAME_VARIABLE} and {PASSWORD_VARIABLE} in the environment"
            )
            raise ConfigError(msg)
        path = [unquote(p) for p in parts.path.strip("/").split("/")] if parts.path else []
        if len(path) > 2:
            msg = f"source: expected /MAP/KEY after the members, found {parts.path!r}"
            raise ConfigError(msg)
        values: dict[str, Any] = dict(zip(("map_name", "key"), filter(None, path), strict=False))
        values["members"] = tuple(_address(m) for m in parts.netloc.split(","))
        return cls(**values, **_options(parts.query))

    def client_config(self) -> dict[str, Any]:
        """Return the client's settings, without the failure handling that this project sets."""
        config: dict[str, Any] = {
            "cluster_name": self.cluster,
            "cluster_members": list(self.members),
            "ssl_enabled": self.tls,
        }
        if self.tls:
            config["ssl_check_hostname"] = True
            files = {"ssl_cafile": self.ca_file, "ssl_certfile": self.cert_file}
            files["ssl_keyfile"] = self.key_file
            config.update({name: file for name, file in files.items() if file})
        return config

    def __str__(self) -> str:
        return f"{SCHEME}://{','.join(self.members)}/{self.map_name}/{self.key}"


def credentials(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the client's settings for user name and password, from the environment.

    Parameters
    ----------
    environment : mapping of str to str
        The variables.

    Raises
    ------
    ConfigError
        If only one of the two is set.

    """
    username, password = (environment.get(v) for v in (USERNAME_VARIABLE, PASSWORD_VARIABLE))
    if (username is None) != (password is None):
        missing = PASSWORD_VARIABLE if password is None else USERNAME_VARIABLE
        msg = f"{USERNAME_VARIABLE} and {PASSWORD_VARIABLE} go together; {missing} is not set"
        raise ConfigError(msg)
    if username is None or password is None:
        return {}
    return {"creds_username": username, "creds_password": password}


def _address(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not colon:
        host, port = text, str(DEFAULT_PORT)
    if not host or not port.isascii() or not port.isdecimal() or not 0 < int(port) < 65536:
        msg = f"source: expected a member as host:port, found {text!r}"
        raise ConfigError(msg)
    return f"{host}:{port}"


def _options(query: str) -> dict[str, Any]:
    names = {f.metadata.get("query", f.name): f.name for f in fields(HazelcastSettings)}
    for path_only in ("members", "map_name", "key", "poll_s"):
        del names[path_only]
    names["poll_ms"] = "poll_s"
    values: dict[str, Any] = {}
    for name, text in parse_qsl(query, keep_blank_values=True):
        if name not in names:
            msg = f"source: unknown option {name!r}{did_you_mean(name, names)}"
            raise ConfigError(msg)
        if names[name] in values:
            msg = f"source: option {name!r} is given twice"
            raise ConfigError(msg)
        values[names[name]] = _convert(name, text)
    return values


def _convert(name: str, text: str) -> Any:
    if name == "poll_ms":
        try:
            poll_s = float(text) / 1000
        except ValueError:
            poll_s = math.nan
        if not MIN_POLL_S <= poll_s <= MAX_POLL_S:
            msg = f"poll_ms: expected 1 to 1000, found {text!r}"
            raise ConfigError(msg)
        return poll_s
    if name == "tls":
        if text not in {"true", "false"}:
            msg = f"tls: expected 'true' or 'false', found {text!r}"
            raise ConfigError(msg)
        return text == "true"
    return text
