"""The transports of the peers benchmark: each sends and receives 680 bytes from Python.

A payload is 85 words of 8 bytes: when it was sent on ``CLOCK_MONOTONIC``, then 84 times its
number. Each sender fills the payload in the same way and each receiver ends with bytes of its own,
so that only the transport differs.
"""

from __future__ import annotations

import ctypes
import struct
import time
from contextlib import suppress
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

import numpy as np

from adapters.shm import FactorReader, FactorWriter
from tests.benchmarks.roadmap_writer import RoadmapWriter, parse
from tests.benchmarks.workload import FACTOR_COUNT, NAMES

if TYPE_CHECKING:
    from collections.abc import Callable

PAYLOAD_SIZE: Final = 8 * FACTOR_COUNT
SPIN_NS: Final = 20_000
WAIT_S: Final = 0.1
ROADMAP_SIZE: Final = 4096
SHARED_MEMORY_FOLDER: Final = Path("/dev/shm")  # where Python puts it on Linux


class Sender(Protocol):
    """The producer's end."""

    def send(self, number: int) -> None:
        """Send one payload, stamped now."""

    def close(self) -> None: ...


class Receiver(Protocol):
    """The consumer's end."""

    def receive(self) -> bytes | None:
        """Return the next payload, or None after a bounded wait (or look) without one."""

    def close(self) -> None: ...


class Payload:
    """A payload to send, as words and as the floats that share their bytes."""

    def __init__(self) -> None:
        self.floats = np.zeros(FACTOR_COUNT)
        self._words = self.floats.view(np.int64)

    def stamp(self, number: int) -> Any:
        """Fill in the number, then the time; return the floats."""
        self._words[1:] = number
        self._words[0] = time.monotonic_ns()
        return self.floats


class RegionSender:
    """Dolphin's own writer."""

    def __init__(self, address: str) -> None:
        self._writer = FactorWriter(address, NAMES)
        self._payload = Payload()

    def send(self, number: int) -> None:
        self._writer.write_values(self._payload.stamp(number))

    def close(self) -> None:
        self._writer.close()


class RegionSpinReceiver:
    """Dolphin's own reader, with the CPU busy."""

    def __init__(self, address: str) -> None:
        self._reader = FactorReader(address)

    def receive(self) -> bytes | None:
        f = self._reader.read_latest() if self._is_there() else None
        return f.payload if f is not None else None

    def _is_there(self) -> bool:
        return self._reader.spin(SPIN_NS)

    def close(self) -> None:
        self._reader.close()


class RegionEventReceiver(RegionSpinReceiver):
    """Dolphin's own reader, asleep until the writer wakes it."""

    def _is_there(self) -> bool:
        return self._reader.wait(WAIT_S)


class IceoryxPayload(ctypes.Structure):
    """The payload as iceoryx2 wants to know it."""

    _fields_ = (("words", ctypes.c_int64 * FACTOR_COUNT),)


class Iceoryx:
    """What both ends of iceoryx2 need: a node, a data service, and an event service."""

    def __init__(self, address: str) -> None:
        import iceoryx2 as iox

        iox.set_log_level(iox.LogLevel.Fatal)
        self._node = iox.NodeBuilder.new().create(iox.ServiceType.Ipc)
        name = iox.ServiceName.new(address)
        self._data = self._node.service_builder(name).publish_subscribe(IceoryxPayload)
        self._service = self._data.open_or_create()
        self._events = self._node.service_builder(name).event().open_or_create()
        self._wait = iox.Duration.from_millis(int(WAIT_S * 1000))

    def close(self) -> None:
        """Let go; its destructors remove what it put into shared memory."""


class IceoryxSender(Iceoryx):
    """iceoryx2's publisher."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self._publisher = self._service.publisher_builder().create()
        self._payload = Payload()
        self._struct = IceoryxPayload.from_buffer(cast("Any", self._payload.floats))

    def send(self, number: int) -> None:
        self._payload.stamp(number)
        self._publisher.send_copy(self._struct)


class IceoryxNotifyingSender(IceoryxSender):
    """iceoryx2's publisher, with a notification after each payload."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self._notifier = self._events.notifier_builder().create()

    def send(self, number: int) -> None:
        super().send(number)
        self._notifier.notify()


class IceoryxPolledReceiver(Iceoryx):
    """iceoryx2's subscriber, asked again and again."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self._subscriber = self._service.subscriber_builder().create()

    def receive(self) -> bytes | None:
        sample = self._subscriber.receive()
        return None if sample is None else ctypes.string_at(sample.payload_ptr, PAYLOAD_SIZE)


class IceoryxEventReceiver(IceoryxPolledReceiver):
    """iceoryx2's subscriber, asleep until it is notified."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self._listener = self._events.listener_builder().create()

    def receive(self) -> bytes | None:
        payload = super().receive()
        if payload is None and self._listener.timed_wait(self._wait):
            payload = super().receive()
        return payload


class ZeroMqSender:
    """ZeroMQ's PUSH over a Unix socket."""

    def __init__(self, address: str) -> None:
        import zmq

        self._socket: Any = zmq.Context.instance().socket(zmq.PUSH)
        self._socket.setsockopt(zmq.LINGER, 1000)
        self._socket.bind(f"ipc://@{address}")
        self._payload = Payload()

    def send(self, number: int) -> None:
        self._socket.send(self._payload.stamp(number))

    def close(self) -> None:
        self._socket.close()


class ZeroMqReceiver:
    """ZeroMQ's PULL."""

    def __init__(self, address: str) -> None:
        import zmq

        self._socket: Any = zmq.Context.instance().socket(zmq.PULL)
        self._socket.setsockopt(zmq.RCVTIMEO, int(WAIT_S * 1000))
        self._socket.connect(f"ipc://@{address}")
        self._nothing_came = zmq.Again

    def receive(self) -> bytes | None:
        with suppress(self._nothing_came):
            return cast("bytes", self._socket.recv())
        return None

    def close(self) -> None:
        self._socket.close()


class RoadmapSender:
    """The roadmap's writer in Python's own shared memory; its stamp is monotonic."""

    def __init__(self, address: str) -> None:
        self._memory = SharedMemory(address, create=True, size=ROADMAP_SIZE)
        self._writer = RoadmapWriter(
            SHARED_MEMORY_FOLDER / self._memory.name, ROADMAP_SIZE, time.monotonic_ns
        )
        self.send(0)

    def send(self, number: int) -> None:
        self._writer.write(dict.fromkeys(NAMES, float(number)))

    def close(self) -> None:
        self._writer.close()
        self._memory.close()
        self._memory.unlink()


class RoadmapReceiver:
    """The roadmap's reader: looks for another timestamp, then parses whatever is there."""

    def __init__(self, address: str) -> None:
        self._memory = SharedMemory(address)
        self._buffer: Any = self._memory.buf
        # Python 3.12 would let this process remove what the sender owns.
        resource_tracker.unregister(f"/{self._memory.name}", "shared_memory")
        self._seen_ns = self._stamp_ns()

    def receive(self) -> bytes | None:
        if self._stamp_ns() == self._seen_ns:
            return None
        stamp_ns, factors = parse(self._buffer)
        self._seen_ns = stamp_ns
        numbers = [int(value) for value in factors.values()][1:]
        return struct.pack(f"<{FACTOR_COUNT}q", stamp_ns, *numbers)

    def _stamp_ns(self) -> int:
        return int.from_bytes(self._buffer[:8], "little")

    def close(self) -> None:
        del self._buffer
        self._memory.close()


TRANSPORTS: Final[dict[str, tuple[Callable[[str], Sender], Callable[[str], Receiver]]]] = {
    "dolphin spin": (RegionSender, RegionSpinReceiver),
    "iceoryx2 polled": (IceoryxSender, IceoryxPolledReceiver),
    "roadmap polled": (RoadmapSender, RoadmapReceiver),
    "dolphin event": (RegionSender, RegionEventReceiver),
    "iceoryx2 event": (IceoryxNotifyingSender, IceoryxEventReceiver),
    "zeromq ipc": (ZeroMqSender, ZeroMqReceiver),
}
