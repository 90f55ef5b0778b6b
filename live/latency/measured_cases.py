"""The cases of a latency measurement, each measured in a process of its own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Final

import numpy as np

from adapters.process.child import module_command
from live.latency.report import Case

PROBE_SLACK_S: Final = 90.0
ROOT: Final = Path(__file__).resolve().parents[2]


class MeasuredCase:
    """A case, and the command line of its measurement.

    Parameters
    ----------
    key, name : str
        The key and the name of the :class:`~live.latency.report.Case`.
    kind : str
        What is measured: ``get``, ``raw`` or ``node``, see :mod:`live.latency.latency_probe`.
    address : str
        The path of a region, or a ``hazelcast://`` URL.
    wait : str
        ``event`` or ``spin``.

    """

    def __init__(self, key: str, name: str, kind: str, address: str, wait: str = "event") -> None:
        self.case: Final = Case(key=key, name=name)
        self._words: Final = [kind, address, "--wait", wait]

    def run(self, rate_hz: float, count: int) -> None:
        """Measure one round; a failure is stored in the case, not raised."""
        if self.case.problem:
            return
        command = module_command("live.latency.latency_probe", *self._words)
        command += ["--rate", str(rate_hz), "--count", str(count)]
        try:
            done = subprocess.run(
                command, cwd=ROOT, capture_output=True, text=True, check=False,
                timeout=count / rate_hz + PROBE_SLACK_S,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            self.case.problem = "the measurement did not end"
            return
        if done.returncode:
            errors = done.stderr.strip().splitlines()
            self.case.problem = errors[-1] if errors else f"exit code {done.returncode}"
            return
        found = np.array(json.loads(done.stdout.splitlines()[-1]), dtype=float) / 1_000
        self.case.latencies_us = np.concatenate([self.case.latencies_us, found])


def probes(hazelcast: str, no_hazelcast: str, region: Path) -> list[MeasuredCase]:
    """Return all probes.

    Parameters
    ----------
    hazelcast : str
        URL of the entry to measure with.
    no_hazelcast : str
        Why the cluster cannot be used; empty if it can. The probes then have this problem.
    region : Path
        The region to measure with.

    """
    join = "&" if "?" in hazelcast else "?"
    poll = f"{hazelcast}{join}mode=poll&poll_ms=1"
    found = [MeasuredCase("hazelcast/read", "Hazelcast get + parse", "get", hazelcast)]
    for kind, where in (("raw", "source"), ("node", "on_factors")):
        found += [
            MeasuredCase(
                f"hazelcast poll/{kind}", f"Hazelcast polled at 1 ms → {where}", kind, poll
            ),
            MeasuredCase(f"hazelcast push/{kind}", f"Hazelcast push → {where}", kind, hazelcast),
            MeasuredCase(f"shm event/{kind}", f"shared memory event → {where}", kind, str(region)),
            MeasuredCase(
                f"shm spin/{kind}", f"shared memory spin → {where}", kind, str(region), "spin"
            ),
        ]
    for probe in found:
        if probe.case.key.startswith("hazelcast") and no_hazelcast:
            probe.case.problem = no_hazelcast
    return found
