"""What one call costs from Python: the writer's, the reader's, and the roadmap's writer."""

from __future__ import annotations

import json
import statistics
from itertools import cycle
from timeit import Timer
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from adapters.shm import FactorReader, FactorWriter
from tests.benchmarks import roadmap_writer
from tests.benchmarks.report import Group, Options, Row, Target, require
from tests.benchmarks.roadmap_writer import RoadmapWriter
from tests.benchmarks.workload import FACTOR_COUNT, NAMES, own_region

if TYPE_CHECKING:
    from pathlib import Path

CALLS_PER_REPEAT: Final = 10_000
ROADMAP_CALLS_PER_REPEAT: Final = 300
PARSED_DICTS: Final = 16
QUICK_REPEATS: Final = 25
REPEATS: Final = 100

PATH: Final = """
  one process; the C calls of both ends, called from Python:

  array / dict --> FactorWriter --> region in /dev/shm --> FactorReader --> array / ExternalFactors
  |<------------ write --------------------------->|<------------- read ----------------------->|
"""


def run(options: Options) -> Group:
    """Time every call in turn, again and again, so that all see the same machine."""
    with own_region() as path, own_region() as roadmap_path:
        return _measure(path, roadmap_path, QUICK_REPEATS if options.is_quick else REPEATS)


def _measure(path: Path, roadmap_path: Path, repeats: int) -> Group:
    values = np.random.default_rng(1).random(FACTOR_COUNT)
    factors = dict(zip(NAMES, values.tolist(), strict=True))
    parsed = [json.loads(json.dumps(factors)) for _ in range(PARSED_DICTS)]
    into = np.empty(FACTOR_COUNT)
    writer, roadmap = FactorWriter(path, NAMES), RoadmapWriter(roadmap_path)
    reader, idle_reader = FactorReader(path), FactorReader(path)

    names = {
        "write_values": writer.write_values,
        "write": writer.write,
        "values": values,
        "factors": factors,
        "next_parsed": cycle(parsed).__next__,
        "latest_into": reader.latest_into,
        "read_latest": reader.read_latest,
        "idle_into": idle_reader.latest_into,
        "into": into,
        "roadmap_write": roadmap.write,
    }
    # Bound to locals, so that the name look-ups do not count.
    setup = "\n".join(f"{name} = _{name}" for name in names)
    scope = {f"_{name}": value for name, value in names.items()}

    def ns_per_call(statement: str, calls: int = CALLS_PER_REPEAT) -> float:
        return Timer(statement, setup, globals=scope).timeit(calls) * 1e9 / calls

    statements = {
        "loop": "pass",
        "take": "next_parsed()",
        "write_values": "write_values(values)",
        "dict": "write(factors)",
        "parsed": "write(next_parsed())",
        "write+into": "write_values(values); latest_into(into)",
        "write+latest": "write_values(values); read_latest()",
        "nothing": "idle_into(into)",
    }
    found: dict[str, list[float]] = {name: [] for name in [*statements, "roadmap"]}
    for _ in range(repeats):
        for name, statement in statements.items():
            if name == "nothing":
                idle_reader.latest_into(into)
            found[name].append(ns_per_call(statement))
        found["roadmap"].append(ns_per_call("roadmap_write(factors)", ROADMAP_CALLS_PER_REPEAT))

    _check(writer, reader, values, factors)
    require(roadmap_writer.parse(roadmap.mm)[1] == factors, "the roadmap's writer wrote others")
    for each in (reader, idle_reader, writer, roadmap):
        each.close()
    return _group(found, repeats)


def _check(
    writer: FactorWriter, reader: FactorReader, values: Any, factors: dict[str, float]
) -> None:
    """Read back what each way of writing publishes."""
    into = np.empty(FACTOR_COUNT)
    writer.write_values(values)
    require(reader.latest_into(into) == writer.published, "latest_into gave another record")
    require(np.array_equal(into, values), "latest_into gave other values")
    writer.write(json.loads(json.dumps(factors)))
    latest = reader.read_latest()
    require(latest is not None and dict(latest) == factors, "read_latest gave other values")
    counters = writer.counters
    require(counters["missing_values"] == counters["skipped_names"] == 0, f"counters: {counters}")


def _group(found: dict[str, list[float]], repeats: int) -> Group:
    def figures(times: list[float], calls: int = CALLS_PER_REPEAT) -> dict[str, float]:
        p50, p99 = np.percentile(times, [50, 99])
        return {
            "min ns": min(times),
            "median ns": float(p50),
            "p99 ns": float(p99),
            "n": repeats * calls,
        }

    def difference(both: str) -> dict[str, float]:
        pairs = zip(found[both], found["write_values"], strict=True)
        of_pairs = figures([together - write for together, write in pairs])
        of_pairs["min ns"] = min(found[both]) - min(found["write_values"])
        return of_pairs

    ratios = [r / d for r, d in zip(found["roadmap"], found["dict"], strict=True)]
    quarter_us, dict_limit = Target("median ns", "<=", 250), Target("median ns", "<=", 800)
    rows = [
        Row(
            "empty loop",
            figures(found["loop"]),
            note="in every row, not subtracted; shows the core's speed",
        ),
        Row("write_values(array)", figures(found["write_values"]), (quarter_us,)),
        Row("write(dict), same key objects", figures(found["dict"]), (dict_limit,)),
        Row("take the next parsed dict", figures(found["take"]), note="in the row below"),
        Row("write(dict), parsed JSON keys", figures(found["parsed"]), (dict_limit,)),
        Row("write_values + latest_into(array)", figures(found["write+into"])),
        Row(
            "latest_into(array), new record",
            difference("write+into"),
            (quarter_us,),
            "the row above minus write_values",
        ),
        Row("latest_into(array), nothing new", figures(found["nothing"])),
        Row(
            "read_latest() -> ExternalFactors",
            difference("write+latest"),
            note="with write_values, minus write_values",
        ),
        Row(
            "roadmap's write(dict)",
            {
                **figures(found["roadmap"], ROADMAP_CALLS_PER_REPEAT),
                "times ours": statistics.median(ratios),
            },
            (Target("times ours", ">=", 40),),
            f"{min(ratios):.0f} to {max(ratios):.0f} times write(dict) over the repeats",
        ),
    ]
    return Group(
        "calls: ns per call from Python, 85 factors",
        PATH,
        rows,
        [
            f"{repeats} repeats of {CALLS_PER_REPEAT:,} calls ({ROADMAP_CALLS_PER_REPEAT:,} for "
            "the roadmap's), all rows in turn within each; min, median and p99 are of the "
            "repeats' means",
            "every value read back was the one written",
        ],
    )
