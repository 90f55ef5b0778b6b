"""ServiceOutputs: where a service's factors go besides its region."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adapters.exf.publishing.publishers import EntryPublisher, StreamPublisher

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters.exf.publishing.publishers import VectorPublisher
    from live.exf.exf_settings import ServiceSettings


class ServiceOutputs:
    """The publishers into a Hazelcast entry and onto an Aeron stream, where asked for.

    Parameters
    ----------
    settings : ServiceSettings
        With the URL of the entry and the channel of the stream.
    names : sequence of str
        The factors' names.

    Raises
    ------
    ConfigError
        If the URL, the channel or the credentials in the environment cannot be used, or the
        extra `aeron` is not installed.

    Notes
    -----
    The clients' libraries are loaded only for what is asked for.

    """

    def __init__(self, settings: ServiceSettings, names: Sequence[str]) -> None:
        self._stream: Final = stream_publisher(settings.aeron, names) if settings.aeron else None
        self._entry: Final = (
            entry_publisher(settings.hazelcast, names) if settings.hazelcast else None
        )

    @property
    def publishers(self) -> list[VectorPublisher]:
        """Those that there are."""
        found: tuple[VectorPublisher | None, ...] = (self._stream, self._entry)
        return [publisher for publisher in found if publisher is not None]

    def report(self) -> dict[str, Any]:
        """Return the counters for ``status``."""
        return {
            "hazelcast": None if self._entry is None else self._entry.report(),
            "aeron": None if self._stream is None else self._stream.report(),
        }

    def close(self) -> None:
        """End publishing; safe to call again."""
        for publisher in self.publishers:
            publisher.close()


def entry_publisher(url: str, names: Sequence[str]) -> EntryPublisher:
    """Return a publisher into the Hazelcast entry of a URL."""
    from adapters.hazelcast_map.publisher import HazelcastPublisher  # noqa: PLC0415
    from adapters.hazelcast_map.settings import HazelcastSettings  # noqa: PLC0415

    return EntryPublisher(HazelcastPublisher(HazelcastSettings.from_url(url)), names)


def stream_publisher(channel: str, names: Sequence[str]) -> StreamPublisher:
    """Return a publisher onto the Aeron stream of a channel."""
    from adapters.aeron_stream.channel import AeronChannel  # noqa: PLC0415
    from adapters.aeron_stream.publisher import AeronPublisher  # noqa: PLC0415

    return StreamPublisher(AeronPublisher(AeronChannel.from_text(channel), names))
