"""Wrong uses of what is beside the node: its region, its producer, its folder, its factors."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import threading
from pathlib import Path
from typing import Any

from adapters.shm import FactorReader, FactorWriter
from tests.proof.misuse.case import misuse


def children() -> list[int]:
    """Return the pids of this process's children."""
    tasks = Path("/proc/self/task").glob("*/children")
    return [int(pid) for task in tasks for pid in task.read_text().split()]


def producers() -> list[int]:
    """Return the pids of this node's producers."""
    return [p for p in children() if b"producer" in Path(f"/proc/{p}/cmdline").read_bytes()]


def folder() -> Path:
    """Return the run's folder."""
    (found,) = Path("/dev/shm").glob(f"dolphin_run_{os.getpid()}_*")
    return found


def region() -> Path:
    """Return the region of this run's producer."""
    return folder() / "dolphin_exf"


@misuse("regions")
def region_removed(s: Any) -> None:
    region().unlink()


@misuse("regions")
def region_truncated(s: Any) -> None:
    os.truncate(region(), 0)


@misuse("regions")
def region_cut_in_the_middle(s: Any) -> None:
    os.truncate(region(), 4096)


@misuse("regions")
def region_overwritten(s: Any) -> None:
    with region().open("r+b") as file:
        file.write(os.urandom(os.fstat(file.fileno()).st_size))


@misuse("regions")
def region_a_folder(s: Any) -> None:
    region().unlink()
    region().mkdir()


@misuse("regions")
def run_folder_removed(s: Any) -> None:
    shutil.rmtree(folder())


@misuse("regions")
def producer_killed(s: Any) -> None:
    for pid in producers():
        os.kill(pid, signal.SIGKILL)


@misuse("regions")
def producer_stopped(s: Any) -> None:
    for pid in producers():
        os.kill(pid, signal.SIGSTOP)


@misuse("regions")
def all_children_killed(s: Any) -> None:
    for pid in children():
        os.kill(pid, signal.SIGKILL)


@misuse("regions")
def second_writer(s: Any) -> None:
    FactorWriter(region(), ["imbal_btc"])


@misuse("regions")
def factors_array_changed(s: Any) -> None:
    s.factors.array[:] = 0.0


@misuse("regions")
def factors_attribute_set(s: Any) -> None:
    s.factors.ts_event = 0


@misuse("regions")
def factors_unknown_name(s: Any) -> None:
    s.factors["no such factor"]


@misuse("regions")
def factors_of_wrong_types(s: Any) -> None:
    s.factors[None], s.factors[3], s.factors[b"imbal_btc"]


@misuse("regions")
def factors_kept_for_ever(s: Any) -> None:
    s.kept = []
    s.on_quote = lambda quote: s.kept.extend([s.factors] * 1_000)


@misuse("regions")
def reader_closed_while_it_waits(s: Any) -> None:
    reader = FactorReader(region())
    threading.Thread(target=reader.wait, args=(1.0,), daemon=True).start()
    reader.close()
    reader.close()


@misuse("regions")
def reader_collected_with_its_values(s: Any) -> None:
    reader = FactorReader(region())
    s.kept = reader.latest() if hasattr(reader, "latest") else reader
    del reader
    gc.collect()
    repr(s.kept)


@misuse("regions")
def hundred_readers(s: Any) -> None:
    s.kept = [FactorReader(region()) for _ in range(100)]
