"""A producer that fails as it is told, in a process of its own."""

from __future__ import annotations

import math
import os
import select
import sys
import time
from pathlib import Path
from typing import Final

from adapters.shm import FactorWriter

INTERVAL_S: Final = 0.02
NORMAL: Final = ["imbal_btc", "basis", "spread"]
SCHEMAS: Final = {
    "missing": ["imbal_btc", "spread"],
    "reordered": ["spread", "basis", "imbal_btc"],
    "more": [*NORMAL, "funding_btc"],
}
LATE_NS: Final = 2_000_000_000
FAULTS: Final = (
    "silent",
    "nan",
    "none",
    "late",
    "some_late",
    "frozen",
    "future",
    *SCHEMAS,
    "unlinked",
    "replaced",
    "truncated",
    "garbage",
    "burst",
)
"""What this process does by itself; killing and stopping it is done from outside."""


def produce(region: str) -> None:
    """Write records until standard input ends; each line of it is the next fault."""
    path = Path(region)
    fault, schema, began_ns, n = "normal", NORMAL, 0, 0
    writer = FactorWriter(path, schema)
    print("READY", flush=True)
    while True:
        if select.select([sys.stdin], [], [], INTERVAL_S)[0]:
            line = sys.stdin.readline()
            if not line:
                return
            fault, began_ns = line.strip(), time.time_ns()
            harm(path, fault)
            if (names := SCHEMAS.get(fault, NORMAL)) != schema:
                writer.close()
                schema, writer = names, FactorWriter(path, names)
            print(fault, flush=True)
        if fault == "silent":
            continue
        n += 1
        for _ in range(50 if fault == "burst" else 1):
            write(writer, schema, fault, began_ns, n)
        writer.heartbeat()


def write(writer: FactorWriter, schema: list[str], fault: str, began_ns: int, n: int) -> None:
    """Write one record, wrong as a fault has it."""
    values: dict[str, float | None] = dict.fromkeys(schema, 0.1 + n % 7)
    now_ns = ts_event = time.time_ns()
    if fault == "nan":
        values["basis"] = math.nan
    elif fault == "none":
        values["basis"] = None
    elif fault == "late" or (fault == "some_late" and n % 2):
        ts_event = now_ns - LATE_NS
    elif fault == "frozen":
        ts_event = began_ns
    elif fault == "future":
        ts_event = now_ns + LATE_NS
    try:
        writer.write(values, ts_event)
    except (OSError, ValueError) as error:
        print(f"refused {error!r}".replace("\n", " "), file=sys.stderr, flush=True)


def harm(path: Path, fault: str) -> None:
    """Harm the region's file."""
    if fault == "unlinked":
        path.unlink(missing_ok=True)
    elif fault == "replaced":
        other = path.with_name(path.name + ".other")
        other.write_bytes(os.urandom(1 << 16))
        other.chmod(0o600)
        other.rename(path)
    elif fault == "truncated":
        os.truncate(path, 0)
    elif fault == "garbage":
        with path.open("r+b") as file:
            file.seek(4_096)
            file.write(os.urandom(1 << 14))
