"""Measure every transport on this machine, in one run, and say which one to choose."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from hazelcast.client import HazelcastClient
from hazelcast.errors import HazelcastError

from adapters.command.terminal import say
from adapters.hazelcast_map import HazelcastSettings
from adapters.hazelcast_map.settings import credentials
from adapters.process.stop_signals import LEFT_AT_ONCE, interrupt_at_stop_signals
from dolphin_strategies import ConfigError, DolphinError
from live.cluster import local_member
from live.latency import machine
from live.latency.report import Case, Report
from live.node.run_folder import RunFolder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

READS: Final = 1_000
"""Reads of the roadmap's phase 1, over all rounds."""
ROUNDS: Final = 5
SECONDS: Final = 2.0
RATE_HZ: Final = 200.0
MEMBER_TIMEOUT_S: Final = 60.0
PROBE_SLACK_S: Final = 90.0
ROOT: Final = Path(__file__).resolve().parents[1]
BAD_USAGE: Final = 2


class Probe:
    """A case, and the command line of its measurement."""

    def __init__(self, key: str, name: str, kind: str, address: str, wait: str = "event") -> None:
        self.case: Final = Case(key=key, name=name)
        self._words: Final = [kind, address, "--wait", wait]

    def run(self, rate_hz: float, count: int) -> None:
        """Measure once more; a failure is noted, not raised."""
        if self.case.problem:
            return
        command = [sys.executable, "-m", "live.latency.probe", *self._words]
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
            said = done.stderr.strip().splitlines()
            self.case.problem = said[-1] if said else f"exit code {done.returncode}"
            return
        found = np.array(json.loads(done.stdout.splitlines()[-1]), dtype=float) / 1_000
        self.case.latencies_us = np.concatenate([self.case.latencies_us, found])


def probes(hazelcast: str, no_hazelcast: str, region: Path) -> list[Probe]:
    """Return all probes; those of Hazelcast with the reason, if there is none."""
    join = "&" if "?" in hazelcast else "?"
    poll = f"{hazelcast}{join}mode=poll&poll_ms=1"
    found = [Probe("hazelcast/read", "Hazelcast get + parse", "get", hazelcast)]
    for kind, where in (("raw", "source"), ("node", "on_factors")):
        found += [
            Probe(f"hazelcast poll/{kind}", f"Hazelcast polled at 1 ms → {where}", kind, poll),
            Probe(f"hazelcast push/{kind}", f"Hazelcast push → {where}", kind, hazelcast),
            Probe(f"shm event/{kind}", f"shared memory event → {where}", kind, str(region)),
            Probe(f"shm spin/{kind}", f"shared memory spin → {where}", kind, str(region), "spin"),
        ]
    for probe in found:
        if probe.case.key.startswith("hazelcast") and no_hazelcast:
            probe.case.problem = no_hazelcast
    return found


@contextmanager
def own_member() -> Iterator[str]:
    """Give the URL of a member that runs as long as this.

    Raises
    ------
    DolphinError
        If there can be none.

    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    cluster = f"dolphin-latency-{os.getpid()}"
    process = subprocess.Popen(
        local_member.command(port, cluster),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    settings = HazelcastSettings(members=(f"127.0.0.1:{port}",), cluster=cluster, key="latency")
    try:
        deadline_s = time.monotonic() + MEMBER_TIMEOUT_S
        while (reason := reach(settings)) and process.poll() is None:
            if time.monotonic() > deadline_s:
                raise DolphinError(reason)
        if process.poll() is not None:
            msg = f"the member ended with code {process.poll()}; try live/hazelcast_member.py"
            raise DolphinError(msg)
        yield f"{settings}?cluster={cluster}"
    finally:
        process.kill()
        process.wait()


def reach(settings: HazelcastSettings) -> str:
    """Return why the cluster cannot be reached, or an empty string."""
    options: dict[str, Any] = {**settings.client_config(), **credentials()}
    try:
        client = HazelcastClient(**options, cluster_connect_timeout=0.2, smart_routing=False)
    except HazelcastError as error:
        return f"no member at {', '.join(settings.members)}: {error.args[0]}"
    client.shutdown()
    return ""


def hazelcast_of(url: str, stack: ExitStack) -> tuple[str, str]:
    """Return the URL to measure with, or why there is none."""
    if url == "none":
        return "", "left out by --hazelcast none"
    try:
        if url == "own":
            return stack.enter_context(own_member()), ""
        settings = HazelcastSettings.from_url(url)
    except DolphinError as error:
        if isinstance(error, ConfigError):
            raise
        return "", str(error)
    # An entry of its own: the producer's must stay as it is.
    query = url.partition("?")[2]
    own = str(dataclasses.replace(settings, key=f"latency-{os.getpid()}"))
    return f"{own}?{query}" if query else own, reach(settings)


def measure(options: argparse.Namespace) -> Report:
    """Measure all cases in turn, round by round."""
    count = max(int(options.seconds * options.rate), 1)
    disturbance = machine.Disturbance()
    with ExitStack() as stack:
        url, problem = hazelcast_of(options.hazelcast, stack)
        folder = stack.enter_context(RunFolder())
        all_probes = probes(url, problem, folder.region)
        for number in range(1, options.rounds + 1):
            for probe in all_probes:
                if not probe.case.problem:
                    say(f"round {number} of {options.rounds}: {probe.case.name}", to=sys.stderr)
                is_read = probe.case.key == "hazelcast/read"
                reads = -(-READS // options.rounds)
                probe.run(options.rate, reads if is_read else count)
    how = (
        f"rounds: {options.rounds}, the cases in turn; 85 factors at {options.rate:g}/s from a "
        "process of its own; a latency is from the producer's write (for get + parse: from the "
        f"call) to the place named; {disturbance}"
    )
    return Report([probe.case for probe in all_probes], machine.describe(), how)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(
        prog="measure_latency.py",
        description=__doc__,
        epilog="Takes about five minutes; nothing else should run meanwhile, and spinning needs "
        "two whole cores.",
    )
    add = parser.add_argument
    add("--hazelcast", default="own", metavar="URL", help="the cluster to measure with, in an "
        "entry of its own; 'own' (default) starts a member here, 'none': without")  # fmt: skip
    add("--rounds", type=int, default=ROUNDS, metavar="N", help=f"default: {ROUNDS}")
    add("--seconds", type=float, default=SECONDS, metavar="N", help="of each case and round "
        f"(default: {SECONDS:g})")  # fmt: skip
    add("--rate", type=float, default=RATE_HZ, metavar="HZ", help=f"default: {RATE_HZ:g}")
    add("--json", type=Path, metavar="FILE", help="save the figures and every latency")
    add("--html", type=Path, metavar="FILE", help="save a page with the distributions")
    options = parser.parse_args(arguments)
    if options.rounds < 1 or not 0 < options.seconds < 3600 or not 1 <= options.rate <= 2000:
        parser.error("expected --rounds 1 or more, --seconds above 0, --rate 1 to 2000")
    for path in (options.json, options.html):
        if path is not None and not path.absolute().parent.is_dir():
            parser.error(f"there is no folder {path.absolute().parent}")
    try:
        report = measure(options)
    except DolphinError as error:
        print(f"measure_latency.py: {error}", file=sys.stderr)
        return BAD_USAGE
    print(report.text())
    if options.json:
        text = json.dumps(report.as_dict(), indent=1, ensure_ascii=False)
        options.json.write_text(text + "\n", encoding="utf-8")
    if options.html:
        options.html.write_text(report.page(), encoding="utf-8")
    return int(all(case.problem for case in report.cases))


if __name__ == "__main__":
    # The children are ended on the way out.
    interrupt_at_stop_signals()
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(LEFT_AT_ONCE)
