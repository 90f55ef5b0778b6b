"""ConnectionErrors: why a client could not connect, from its log, as text for the user."""

from __future__ import annotations

import logging
import re
import socket
import ssl
import threading
from typing import TYPE_CHECKING, Final

from hazelcast.errors import (
    AuthenticationError,
    ClientNotAllowedInClusterError,
    HazelcastClientNotActiveError,
)

from adapters.hazelcast_map.settings import PASSWORD_VARIABLE, USERNAME_VARIABLE

if TYPE_CHECKING:
    from adapters.hazelcast_map.settings import HazelcastSettings

TLS_TIMEOUT_S: Final = 1.0
_CLIENT_LOG: Final = logging.getLogger("hazelcast.connection")
_ALL_LOGS: Final = logging.getLogger("hazelcast")
_ALL_LOGS.addHandler(logging.NullHandler())
# The reasons are collected also where a program wants to see none of them.
_CLIENT_LOG.setLevel(logging.WARNING)


class ConnectionErrors(logging.Filter):
    """Collect the errors that the client only logs, with a stack trace, while it connects.

    A context manager around an attempt to connect. Only records of the thread that created it
    are collected, and these are not logged.

    Parameters
    ----------
    settings : HazelcastSettings
        The cluster of the attempt.
    timeout_s : float
        Seconds after which the attempt is ended.

    """

    def __init__(self, settings: HazelcastSettings, timeout_s: float) -> None:
        super().__init__()
        self._timeout_s = timeout_s
        self._settings = settings
        self._thread = threading.get_ident()
        self._reasons: dict[str, str] = {}

    def __enter__(self) -> None:
        _CLIENT_LOG.addFilter(self)

    def __exit__(self, *error: object) -> None:
        _CLIENT_LOG.removeFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record is logged; collect the error of one that is not."""
        if record.thread != self._thread:
            return _ALL_LOGS.isEnabledFor(record.levelno)
        if record.exc_info and record.exc_info[1] is not None and isinstance(record.args, tuple):
            address = record.args[0]
            where = f"{getattr(address, 'host', address)}:{getattr(address, 'port', '')}"
            self._reasons[where] = self._explain(record.exc_info[1], where)
        return False

    def _explain(self, error: BaseException, where: str) -> str:
        if isinstance(error, AuthenticationError):
            return (
                f"refuses this client: it is of another cluster than {self._settings.cluster!r}, "
                f"or wants another user name or password ({USERNAME_VARIABLE}, "
                f"{PASSWORD_VARIABLE})"
            )
        if isinstance(error, ClientNotAllowedInClusterError):
            return "does not allow this client in its cluster"
        if isinstance(error, HazelcastClientNotActiveError):
            return (
                f"sent nothing within {self._timeout_s:g} s: it hangs, is no Hazelcast member, "
                "or only one side uses TLS"
            )
        text = re.sub(r"^\[Errno \d+\] ", "", str(error))
        text = "" if text in {"None", type(error).__name__} else text
        if not text and self._settings.tls:
            return f"no TLS connection: {tls_problem(where, self._settings)}"
        return text or "closed the connection at once: does it want TLS, is it a member?"

    def sentence(self, error: Exception) -> str:
        """Return the reason why an attempt ended.

        Parameters
        ----------
        error : Exception
            What the client raised, for an attempt of which it logged nothing.

        """
        if not self._reasons:
            return f"cannot connect: {error}"
        return "; ".join(f"{where}: {why}" for where, why in self._reasons.items())


def tls_problem(address: str, settings: HazelcastSettings) -> str:
    """Return why a TLS handshake fails, which the client does not report.

    Parameters
    ----------
    address : str
        The member, ``host:port``.
    settings : HazelcastSettings
        The certificates.

    Notes
    -----
    Blocks for up to a second while it connects, and as long for the handshake.

    """
    host, _, port = address.rpartition(":")
    try:
        context = ssl.create_default_context(cafile=settings.ca_file or None)
        if settings.cert_file:
            context.load_cert_chain(settings.cert_file, settings.key_file or None)
        with (
            socket.create_connection((host, int(port)), TLS_TIMEOUT_S) as plain,
            context.wrap_socket(plain, server_hostname=host),
        ):
            return "the member closed it"
    except ssl.SSLCertVerificationError as error:
        return f"its certificate is not accepted: {error.verify_message}"
    except OSError as error:
        return f"{error.strerror or error}; does the member use TLS?"
