"""Time namespaces: another monotonic clock, and a boot clock that a suspend has moved."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from adapters.shm import FactorReader, FactorWriter, RegionError
from tests.proof.figures import Figure, Form, NeedsError
from tests.proof.region.records import is_whole, write_one
from tests.proof.region.victims import forked
from tests.support.transports.regions import factor_names, new_region_path, remove_all_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NAMES: Final = factor_names(3)
HOUR_S: Final = 3600


def prove(form: Form) -> Iterator[Figure]:
    """Yield what processes in other time namespaces say of a region, and it of them.

    Raises
    ------
    NeedsError
        If this process may not make time namespaces.

    """
    for seconds in (HOUR_S, -HOUR_S // 10):
        yield _reader_elsewhere(seconds)
    yield _writer_elsewhere()
    yield _after_a_suspend()


def _in_namespace(act: Callable[[], Any], *, monotonic_s: int = 0, boottime_s: int = 0) -> Any:
    """Run ``act`` in a process of a new time namespace; return what it returned."""
    answer, tell = os.pipe()

    def inside() -> None:
        os.write(tell, json.dumps(act()).encode())

    def enter() -> None:
        uid = os.geteuid()
        try:
            if uid:
                os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWTIME)
                Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1", encoding="ascii")
            else:
                os.unshare(os.CLONE_NEWTIME)
            offsets = f"monotonic {monotonic_s} 0\nboottime {boottime_s} 0\n"
            Path("/proc/self/timens_offsets").write_text(offsets, encoding="ascii")
        except OSError as error:
            os.write(tell, json.dumps({"refused": str(error)}).encode())
            return
        forked(inside).wait()

    with forked(enter) as process:
        os.close(tell)
        with os.fdopen(answer) as said:
            found = json.loads(said.read() or '{"refused": "the process ended"}')
        process.wait()
    if isinstance(found, dict) and "refused" in found:
        msg = f"time namespaces cannot be made here: {found['refused']}; run it as root"
        raise NeedsError(msg)
    return found


def _attach(path: Path) -> str:
    """Return what a new reader gets."""
    try:
        with FactorReader(path) as reader:
            f = reader.latest()
            return "a whole record" if f is not None and is_whole(f) else "no record"
    except RegionError as error:
        return str(error)


def _reader_elsewhere(seconds: int) -> Figure:
    path = new_region_path()
    try:
        with FactorWriter(path, NAMES) as writer:
            write_one(writer)
            said = _in_namespace(lambda: _attach(path), monotonic_s=seconds)
    finally:
        remove_all_of(path)
    return Figure(
        id="",
        what=f"a reader in a time namespace whose monotonic clock differs by {seconds} s",
        value=said.partition("found ")[2] or said,
        reach="refused",
        is_met="time namespace" in said,
    )


def _writer_elsewhere() -> Figure:
    """Return to a region from another namespace, as a container that is started again."""
    path = new_region_path()

    def write() -> int:
        with FactorWriter(path, NAMES) as writer:
            return write_one(writer)

    try:
        with FactorWriter(path, NAMES) as writer:
            for _ in range(5):
                write_one(writer)
        with FactorReader(path) as before:
            before.latest()
            n = _in_namespace(write, monotonic_s=HOUR_S)
            is_followed = not before.is_current()
        said = _attach(path)
    finally:
        remove_all_of(path)
    return Figure(
        id="",
        what="a writer that returns in another time namespace",
        value=f"begins a new stream at {n}; the readers of the old file "
        f"{'leave it' if is_followed else 'stay'}; "
        f"a new reader here finds {said.partition('found ')[2]}",
        reach="a new stream at 1, the old file left, a reader of this namespace refused",
        is_met=n == 1 and is_followed and "time namespace" in said,
    )


def _after_a_suspend() -> Figure:
    """Write and read where ``CLOCK_BOOTTIME`` is an hour ahead of ``CLOCK_MONOTONIC``."""

    def act() -> str:
        path = new_region_path()
        try:
            with FactorWriter(path, NAMES) as writer, FactorReader(path) as reader:
                write_one(writer)
                f = reader.latest()
                status = reader.status()
                age_ns = 0 if f is None else status.heartbeat_mono_ns - f.published_mono_ns
                is_met = f is not None and is_whole(f) and status.alive and age_ns == 0
                return "as without" if is_met else f"{f} {status}"
        finally:
            remove_all_of(path)

    said = _in_namespace(act, boottime_s=HOUR_S)
    return Figure(
        id="",
        what="a boot clock an hour ahead of the monotonic one, as after an hour of suspend: "
        "writing, reading and the heartbeat's age",
        value=said,
        reach="as without",
        is_met=said == "as without",
    )
