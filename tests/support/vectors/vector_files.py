"""The vectors as a file of JSON, and laid out as region files for a reader that takes a path."""

from __future__ import annotations

import json
import math
import struct
from typing import TYPE_CHECKING, Any, Final

from adapters.shm._region import lib

from adapters.shm.region.region_files import folder_of
from adapters.shm.region.region_layout import boot_id, time_namespace
from tests.support.nodes.processes import ROOT
from tests.support.vectors import written_image as w
from tests.support.vectors.readable import Readable, readable
from tests.support.vectors.refused import REASONS, refused

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

VECTORS: Final = ROOT / "adapters" / "shm" / "vectors" / "v1" / "vectors.json"
_GAP: Final = 24
"""So many zeros end a piece: fewer take less room as text than a new piece."""
_STATES: Final = {
    lib.REGION_LIVE: "live",
    lib.REGION_SUPERSEDED: "superseded",
    lib.REGION_CLOSED: "closed",
}
_NAN_BITS: Final = 0x7FF8_0000_0000_0000


def pieces_of(data: bytes) -> list[list[int | str]]:
    """Return offset and hexadecimal digits of what is not zeros."""
    pieces: list[list[int | str]] = []
    at = 0
    while at < len(data):
        if data[at] == 0:
            at += len(data) - at - len(data[at:].lstrip(b"\0"))
            continue
        end = data.find(bytes(_GAP), at)
        end = len(data) if end < 0 else end
        pieces.append([at, data[at:end].hex()])
        at = end
    return pieces


def bytes_of(vector: dict[str, Any]) -> bytes:
    """Return a vector's file as far as its last piece; the rest of its size is zeros."""
    data = bytearray()
    for at, digits in vector["pieces"]:
        data.extend(bytes(at - len(data)))
        data += bytes.fromhex(digits)
    return bytes(data)


def bits_of(values: Sequence[float]) -> list[str]:
    """Return the bits that a writer stores for values: of an infinity, those of NaN."""
    words = [struct.unpack("<Q", struct.pack("<d", v))[0] for v in values]
    return [
        f"{_NAN_BITS if math.isinf(v) else word:016x}"
        for v, word in zip(values, words, strict=True)
    ]


def _reading(case: Readable) -> dict[str, Any]:
    """Return what must be read, from what was written and the page's rules, not by reading."""
    image, lay = case.image, case.image.layout
    first, newest = image.first_sequence, image.published
    oldest = max(first, newest - lay.capacity + 2)
    records = [
        {
            "sequence": str(n),
            **{name: str(ns) for name, ns in w.times_of(n)._asdict().items()},
            "writer_id": str(w.WRITER_ID),
            "values": bits_of(image.written[n]),
        }
        for n in range(oldest, newest + 1)
    ]
    snapshot = None
    if case.has_snapshot:
        last = records[-1]
        snapshot = {"timestamp": last["published_wall_ns"], "values": last["values"]}
    if case.contradicts:
        records = records[:-1]
    return {
        "names": list(image.schema),
        "capacity": lay.capacity,
        "snapshot_size": lay.snapshot_size,
        "record_size": lay.record_size,
        "schema_hash": str(image.schema.hash),
        "stream_id": str(w.STREAM_ID),
        "first_sequence": str(first),
        "published": str(newest),
        "state": _STATES[image.u64(lay.snapshot_size + w.STATE_AT)],
        "writer_pid": str(w.WRITER_PID),
        "heartbeat_mono_ns": str(w.times_of(newest).published_mono_ns),
        "snapshot": snapshot,
        "records": records,
        "lost": str(oldest - first),
        "end": "contradiction" if case.contradicts else "record or nothing",
    }


def made_vectors() -> dict[str, Any]:
    """Make all vectors anew; each time the same."""
    accepted: list[dict[str, Any]] = [
        {
            "name": case.name,
            "what": case.what,
            "size": len(case.image.data),
            "control_at": case.image.layout.snapshot_size,
            "pieces": pieces_of(bytes(case.image.data)),
            "read": _reading(case),
        }
        for case in readable()
    ]
    for vector in accepted:
        if vector["read"]["end"] != "contradiction":
            is_moved = vector["read"]["state"] == "superseded"
            vector["read"]["end"] = "moved" if is_moved else "nothing"
    return {
        "layout_version": lib.REGION_LAYOUT_VERSION,
        "boot_id": w.BOOT_ID.hex(),
        "time_namespace": str(w.TIME_NAMESPACE),
        "reasons": REASONS,
        "accepted": accepted,
        "refused": [
            {
                "name": case.name,
                "reason": case.reason,
                "size": case.size,
                "control_at": 4096,
                "pieces": pieces_of(case.data),
            }
            for case in refused()
        ],
    }


def as_text(vectors: dict[str, Any]) -> str:
    """Return vectors as JSON with a line for each, so that a change shows in a diff."""

    def short(value: object) -> str:
        return json.dumps(value, separators=(",", ":"))

    lines = []
    for key, value in vectors.items():
        is_list = isinstance(value, list)
        text = "[\n" + ",\n".join(map(short, value)) + "\n]" if is_list else short(value)
        lines.append(f"{short(key)}:{text}")
    return "{" + ",\n".join(lines) + "}\n"


def checked_in() -> dict[str, Any]:
    """Return the vectors that are part of the project."""
    vectors: dict[str, Any] = json.loads(VECTORS.read_text(encoding="ascii"))
    return vectors


def for_this_machine(vector: dict[str, Any], vectors: dict[str, Any]) -> bytearray:
    """Return a vector's bytes with this boot and time namespace where it has the vectors' own."""
    data = bytearray(bytes_of(vector))
    at = vector["control_at"]
    for offset, theirs, ours in (
        (w.BOOT_AT, bytes.fromhex(vectors["boot_id"]), boot_id()),
        (
            w.NAMESPACE_AT,
            int(vectors["time_namespace"]).to_bytes(8, "little"),
            time_namespace().to_bytes(8, "little"),
        ),
    ):
        place = slice(at + offset, at + offset + len(theirs))
        if data[place] == theirs:
            data[place] = ours
    return data


def lay_out(vector: dict[str, Any], vectors: dict[str, Any], path: Path) -> None:
    """Make a region of a vector at a path, which this machine's readers may attach."""
    folder = folder_of(path)
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / "lock").touch(mode=0o600)
    (folder / "waiters").write_bytes(bytes(lib.REGION_PAGE))
    path.touch(mode=0o600)
    with path.open("r+b") as file:
        file.write(for_this_machine(vector, vectors))
        file.truncate(vector["size"])
