"""The region and Aeron's C client from Python, as a producer and a reader use them."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from adapters.aeron_stream.driver.driver_client import aeron_library
from adapters.shm import FactorReader, FactorWriter
from adapters.shm.region.region_errors import RegionMovedError, RegionNotReadyError
from dolphin_strategies import DolphinError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from numpy.typing import NDArray

FACTORS: Final = 85
SPIN_NS: Final = 5_000
"""As the feed: the interpreter's lock is given back in between."""
FRAGMENTS: Final = 10
WARM_COUNT: Final = 2_000
CONNECT_S: Final = 20.0

type ValueAt = Callable[[int], float]
"""Gives a record's value at an index."""


class Sender(Protocol):
    """The producer's end; as ``Sender.java``."""

    def send(self, values: NDArray[np.float64]) -> bool:
        """Hand a record over; return whether the engine has it."""

    def beat(self) -> None:
        """Tell that this process lives."""

    def close(self) -> None:
        """Release it."""


class Receiver(Protocol):
    """The reader's end; as ``Receiver.java``."""

    def poll(self, on_record: Callable[[ValueAt], None]) -> bool:
        """Give what is there, one record after the other; return whether there was any."""

    def close(self) -> None:
        """Release it."""


class RegionSender:
    """Records into a region."""

    def __init__(self, path: str) -> None:
        self._writer: Final = FactorWriter(path, [f"factor_{i}" for i in range(FACTORS)])
        self.beat: Final = self._writer.heartbeat
        self.close: Final = self._writer.close

    def send(self, values: NDArray[np.float64]) -> bool:
        """Write a record, which is never refused."""
        self._writer.write_values(values)
        return True


class RegionReceiver:
    """Records of a region, losslessly, each as an ``ExternalFactors``."""

    def __init__(self, path: str) -> None:
        self._path: Final = path
        self._reader = FactorReader(path)

    def poll(self, on_record: Callable[[ValueAt], None]) -> bool:
        """Give the next record; busy-waits for it up to ``SPIN_NS``."""
        try:
            factors = self._reader.read_next(SPIN_NS)
        except RegionMovedError:
            self._follow()
            return False
        if factors is None:
            return False
        on_record(factors.value_at)
        return True

    def _follow(self) -> None:
        try:
            new = FactorReader(self._path)
        except RegionNotReadyError:
            return
        self._reader.close()
        self._reader = new

    def close(self) -> None:
        """Close the reader."""
        self._reader.close()


def _client(address: str) -> tuple[Any, str, int]:
    """Return a client, the channel and the stream of an address "FOLDER CHANNEL STREAM"."""
    folder, channel, stream = address.split(" ")
    library = aeron_library()
    context = library.Context(dir=folder, error_handler=_fail)
    return library.Aeron(context=context), channel, int(stream)


def _fail(code: int, text: str) -> NoReturn:
    msg = f"Aeron: {text} (code {code})"
    raise DolphinError(msg)


class AeronSender:
    """Records onto a channel, with Aeron's C client."""

    def __init__(self, address: str) -> None:
        self._client, channel, stream = _client(address)
        self._publication: Final = self._client.add_exclusive_publication(channel, stream)
        self._offer: Final = self._publication.offer
        deadline_s = time.monotonic() + CONNECT_S
        while not self._publication.is_connected:
            if time.monotonic() > deadline_s:
                msg = f"no subscriber on {channel} within {CONNECT_S:g} s"
                raise DolphinError(msg)
            time.sleep(0.001)

    def send(self, values: NDArray[np.float64]) -> bool:
        """Offer a record."""
        return self._offer(values) is True

    def beat(self) -> None:
        """Do nothing: Aeron's client has a thread for it."""

    def close(self) -> None:
        """End the connection."""
        self._client.close()


class AeronReceiver:
    """Records of a channel, with Aeron's C client, copied out of its buffers."""

    def __init__(self, address: str) -> None:
        self._client, channel, stream = _client(address)
        self._poll: Final = self._client.add_subscription(channel, stream).poll

    def poll(self, on_record: Callable[[ValueAt], None]) -> bool:
        """Give the records of one poll."""

        def take(buffer: Any, _: Any) -> None:
            on_record(memoryview(bytes(buffer)).cast("d").__getitem__)

        return bool(self._poll(take, FRAGMENTS, assemble=False))

    def close(self) -> None:
        """End the connection."""
        self._client.close()


def sender_of(engine: str, address: str) -> Sender:
    """Open the producer's end of ``region`` or ``aeron``."""
    return RegionSender(address) if engine == "region" else AeronSender(address)


def receiver_of(engine: str, address: str) -> Receiver:
    """Open the reader's end of ``region`` or ``aeron``."""
    return RegionReceiver(address) if engine == "region" else AeronReceiver(address)


def warm(engine: str, address: str) -> None:
    """Load both ends of an engine, at an address that nobody else uses."""
    if engine == "region":
        sender: Sender = RegionSender(f"{address}_spare")
        receiver: Receiver = RegionReceiver(f"{address}_spare")
    else:
        receiver, sender = AeronReceiver(f"{address}0"), AeronSender(f"{address}0")
    with contextlib.closing(sender), contextlib.closing(receiver):
        for _ in range(WARM_COUNT):
            while not sender.send(np.zeros(FACTORS)):
                receiver.poll(lambda _: None)
            receiver.poll(lambda _: None)
