"""The settings of the media driver: what differs from Aeron's defaults, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple


class DriverSetting(NamedTuple):
    """One setting: Aeron's environment variable, our value, its own default, and the reason."""

    name: str
    value: str
    default: str
    reason: str


SETTINGS: Final = (
    DriverSetting("AERON_TIMER_INTERVAL", "2ms", "1s",
        "how often the driver looks for subscribers that are behind"),
    DriverSetting("AERON_TETHER_SUBSCRIPTIONS", "false", "true",
        "a subscriber that is behind is set aside instead of holding the publisher back"),
    DriverSetting("AERON_UNTETHERED_WINDOW_LIMIT_TIMEOUT", "10ms", "5s",
        "how long a subscriber may be three quarters of the window behind"),
    DriverSetting("AERON_UNTETHERED_LINGER_TIMEOUT", "20ms", "5s",
        "how long it may still read what it has, once it is set aside"),
    DriverSetting("AERON_UNTETHERED_RESTING_TIMEOUT", "100ms", "10s",
        "after which it joins again, at the newest record"),
    DriverSetting("AERON_CLIENT_LIVENESS_TIMEOUT", "2s", "10s",
        "after which what a killed client left behind is removed"),
    DriverSetting("AERON_PUBLICATION_UNBLOCK_TIMEOUT", "5s", "15s",
        "of a publisher killed in the middle of a message; more than the client's timeout"),
    DriverSetting("AERON_IMAGE_LIVENESS_TIMEOUT", "2s", "10s",
        "after which a stream without a packet is over for its subscribers"),
    DriverSetting("AERON_PUBLICATION_CONNECTION_TIMEOUT", "1s", "5s",
        "after which a UDP publisher whose receiver is silent counts as not connected"),
    DriverSetting("AERON_PUBLICATION_LINGER_TIMEOUT", "500ms", "5s",
        "how long an ended stream can still be asked for lost packets"),
    DriverSetting("AERON_RCV_STATUS_MESSAGE_TIMEOUT", "50ms", "200ms",
        "how often a receiver tells its position; a lost one delays the publisher by as much"),
    DriverSetting("AERON_TERM_BUFFER_LENGTH", "8m", "16m",
        "half of it is the window: 4 MB are 0.4 s of 12,000 records/s of 85 factors"),
    DriverSetting("AERON_IPC_TERM_BUFFER_LENGTH", "8m", "64m",
        "likewise; a publication may take three times as much"),
    DriverSetting("AERON_MULTICAST_FLOWCONTROL_SUPPLIER",
        "aeron_max_multicast_flow_control_strategy_supplier", "the same",
        "a group's publisher follows the fastest receiver; a slow one loses, and counts"),
    DriverSetting("AERON_SOCKET_SO_RCVBUF", "2m", "128k",
        "what a receiver keeps while its driver sleeps; at most the kernel's net.core.rmem_max"),
    DriverSetting("AERON_RCV_INITIAL_WINDOW_LENGTH", "2m", "128k",
        "how far subscribers may be behind; as AERON_SOCKET_SO_RCVBUF"),
    DriverSetting("AERON_COUNTERS_BUFFER_LENGTH", "1m", "8m",
        "with its labels five times as much, in memory from the start"),
    DriverSetting("AERON_ERROR_BUFFER_LENGTH", "1m", "4m",
        "distinct errors; memory from the start"),
)  # fmt: skip

THREADING: Final = "shared"
"""One thread for conductor, sender and receiver: two cores have no room for three that spin."""
REST_US: Final = 500
"""The longest sleep between two looks: ≤ 5 % of a core without work, see docs/aeron.md."""
MOST_REST_US: Final = 1_000
"""Beyond it what is late is later than the driver's own timers, every 2 ms, allow for."""
_FIRST_REST_US: Final = 100
"""A sleep that follows work; each further one is twice as long, up to the longest."""
SPINS: Final = {"AERON_SHARED_IDLE_STRATEGY": "yield"}
"""The thread keeps one core busy, but lets another one that waits for this core go first: two
drivers, or a driver and a publisher, that share a core then take turns after each look, and not
after the milliseconds that the kernel gives to each of two busy threads."""


RECEIVE_WINDOW: Final = 2 << 20
RECEIVE_SETTINGS: Final = ("AERON_SOCKET_SO_RCVBUF", "AERON_RCV_INITIAL_WINDOW_LENGTH")
_RMEM_MAX: Final = Path("/proc/sys/net/core/rmem_max")
_USUAL_RMEM_MAX: Final = 212_992


def receive_window(rmem_max: Path = _RMEM_MAX) -> int:
    """Return how many bytes a receiver may keep: 2 MB, or what the kernel allows.

    Parameters
    ----------
    rmem_max : Path
        The file with the kernel's limit.

    """
    try:
        limit = int(rmem_max.read_text(encoding="ascii"))
    except (OSError, ValueError):
        limit = _USUAL_RMEM_MAX  # a container that does not show it
    return min(RECEIVE_WINDOW, limit)


def idle_settings(rest_us: int) -> dict[str, str]:
    """Return what the driver does between two looks.

    Parameters
    ----------
    rest_us : int
        The longest sleep in microseconds, 1 to ``MOST_REST_US``; 0: it never sleeps.

    """
    if not 0 <= rest_us <= MOST_REST_US:
        msg = f"rest_us: expected 0 (spin) to {MOST_REST_US} microseconds, found {rest_us}"
        raise ValueError(msg)
    if not rest_us:
        return SPINS
    # No look without a pause after work, no yield: sleeps only.
    sleeps = f"0-0-{min(_FIRST_REST_US, rest_us)}us-{rest_us}us"
    return {
        "AERON_SHARED_IDLE_STRATEGY": "backoff",
        "AERON_SHARED_IDLE_STRATEGY_INIT_ARGS": sleeps,
    }


def environment(rest_us: int = REST_US) -> dict[str, str]:
    """Return the environment variables that a media driver reads when it starts."""
    return {
        **{s.name: s.value for s in SETTINGS},
        **dict.fromkeys(RECEIVE_SETTINGS, str(receive_window())),
        **idle_settings(rest_us),
    }
