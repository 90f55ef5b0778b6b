"""The proofs by name: the module of each, and what it shows in one line."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proof.figures import Figure, Form


@dataclass(frozen=True)
class Entry:
    """A proof: the module that has its ``prove``, and a sentence."""

    module: str
    sentence: str

    def prove(self, form: Form) -> Iterator[Figure]:
        """Run it; each figure comes as soon as it is known."""
        figures: Iterator[Figure] = import_module(self.module).prove(form)
        return figures


# One row a proof.
PROOFS: Final[dict[str, Entry]] = {
    "memory_model": Entry(
        "tests.proof.memory_model",
        "No interleaving that C11 allows tears, loses or doubles a record, or a wake-up.",
    ),
    "kills": Entry(
        "tests.proof.kills",
        "A writer killed at any instruction leaves every committed record.",
    ),
    "torn_reads": Entry(
        "tests.proof.torn_reads",
        "No reader ever gets a torn or a wrong record.",
    ),
    "sanitizers": Entry(
        "tests.proof.sanitizers.prove",
        "No call of the region's C reads, writes or races where it must not.",
    ),
    "planted": Entry(
        "tests.proof.planted.prove",
        "The drivers find the faults that are planted in the region's C.",
    ),
    "hostile_files": Entry(
        "tests.proof.hostile_files.prove",
        "No file, whatever it holds, crashes or hangs who attaches to it or reads it.",
    ),
    "arm64": Entry(
        "tests.proof.arm64.prove",
        "The region works on arm64 as on x86-64, and refuses files of big-endian machines.",
    ),
    "pythons": Entry(
        "tests.proof.pythons.prove",
        "The project holds on each supported Python, not on the oldest alone.",
    ),
    "accounting": Entry(
        "tests.proof.accounting",
        "Every sequence of operations, crashes and damage: each record is counted exactly once.",
    ),
    "bounds": Entry(
        "tests.proof.bounds",
        "How long a reader's call takes, and that no wake-up is lost.",
    ),
    "clocks": Entry(
        "tests.proof.clocks",
        "Clocks that are set, other time namespaces and boots, numbers that wrap.",
    ),
    "gate": Entry(
        "tests.proof.gate.gate_proof",
        "No order on old factors or with the gate shut, whatever fails.",
    ),
    "flat": Entry(
        "tests.proof.flat.flat_proof",
        "SIGTERM and SIGINT at any instant leave nothing open.",
    ),
    "misuse": Entry(
        "tests.proof.misuse.misuse_proof",
        "Wrong uses of an author's API end with a word, and leave nothing open silently.",
    ),
    "watchdog": Entry(
        "tests.proof.watchdog",
        "A node that is killed, stopped or hangs is noticed in two seconds, with what is open.",
    ),
    "network_faults": Entry(
        "tests.proof.network_faults.matrix",
        "Faults of Hazelcast and REST are noticed, over soon, and lose nothing without a count.",
    ),
    "hot_path": Entry(
        "tests.proof.hot_path",
        "What a write and a read cost, beside another checkout (--against).",
    ),
}
