"""Writers for the machines: one in this process, and one in a process that can be killed."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from adapters.shm import FactorWriter
from tests.support.nodes.processes import Child
from tests.support.transports.regions import values_of, write_records

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class Writer(Protocol):
    """What a machine asks of a writer."""

    @property
    def published(self) -> int:
        """The sequence of the newest record."""

    @property
    def counters(self) -> dict[str, int]:
        """The writer's own counters."""

    def write(self, factors: Mapping[Any, Any], ts_event: int) -> None:
        """Publish a mapping."""

    def write_values(self, values: Sequence[float], ts_event: int) -> None:
        """Publish a vector."""

    def burst(self, count: int) -> None:
        """Publish records whose values follow from their sequence."""

    def heartbeat(self) -> None:
        """Show that the writer lives, and restore what is missing."""

    def close(self, *, unlink: bool) -> None:
        """End in good order."""

    def kill(self) -> None:
        """End without a word."""


class LocalWriter(FactorWriter):
    """A writer in this process; a kill leaves what a killed process leaves."""

    def write_values(self, values: Any, ts_event: int = 0) -> None:
        super().write_values(np.array(values, np.float64), ts_event)

    def burst(self, count: int) -> None:
        for n in range(self.published + 1, self.published + 1 + count):
            super().write_values(values_of(n, len(self.schema)))

    def kill(self) -> None:
        self.abandon()


class ProcessWriter:
    """A writer in a process of its own, which SIGKILL ends."""

    def __init__(self, path: Path, names: Sequence[str], *, capacity: int) -> None:
        self._child: Final = Child(serve, path, list(names), capacity)
        self._state: dict[str, Any] = json.loads(self._child.line())

    @staticmethod
    def start(path: Path, names: Sequence[str], *, capacity: int) -> Child:
        """Start one, and do not wait until it writes."""
        return Child(serve, path, list(names), capacity)

    @property
    def published(self) -> int:
        return int(self._state["published"])

    @property
    def counters(self) -> dict[str, int]:
        counters: dict[str, int] = self._state["counters"]
        return counters

    def write(self, factors: Mapping[Any, Any], ts_event: int) -> None:
        self._ask("write", {k: coded(v) for k, v in factors.items()}, ts_event)

    def write_values(self, values: Sequence[float], ts_event: int) -> None:
        self._ask("write_values", [coded(v) for v in values], ts_event)

    def burst(self, count: int) -> None:
        self._ask("burst", count)

    def heartbeat(self) -> None:
        self._ask("heartbeat")

    def close(self, *, unlink: bool) -> None:
        self._ask("close", unlink)
        assert self._child.wait() == 0
        self._child.close()

    def kill(self) -> None:
        self._child.close()

    def begin_burst(self) -> None:
        """Start to publish flat out, until killed."""
        assert self._child.popen.stdin is not None
        self._child.popen.stdin.write(b'["burst", 1000000000]\n')

    def _ask(self, *words: Any) -> None:
        self._state = json.loads(self._child.ask(json.dumps(words)))


def coded(value: Any) -> Any:
    """Return a value as JSON can carry it: floats by their digits in base 16, ints as text."""
    if isinstance(value, float):
        return {"float": value.hex()}
    return {"int": str(value)} if type(value) is int else value


def _decoded(value: Any) -> Any:
    if isinstance(value, dict):
        return float.fromhex(value["float"]) if "float" in value else int(value["int"])
    return value


def serve(path: str, names: list[str], capacity: int) -> None:
    """Obey the lines of stdin with a writer; print its state after each."""
    writer = FactorWriter(path, names, capacity=capacity)
    print(json.dumps({"published": writer.published, "counters": writer.counters}), flush=True)
    for line in sys.stdin:
        what, *rest = json.loads(line)
        if what == "write":
            writer.write({k: _decoded(v) for k, v in rest[0].items()}, rest[1])
        elif what == "write_values":
            writer.write_values(np.array([_decoded(v) for v in rest[0]]), rest[1])
        elif what == "burst":
            write_records(writer, rest[0])
        elif what == "heartbeat":
            writer.heartbeat()
        state = {"published": writer.published, "counters": writer.counters}
        if what == "close":
            writer.close(unlink=rest[0])
        print(json.dumps(state), flush=True)
        if what == "close":
            return
