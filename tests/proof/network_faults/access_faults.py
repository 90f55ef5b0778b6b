"""F09, F10, F11: storms, clusters that refuse this client, and a wall clock that is set."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from adapters.hazelcast_map import HazelcastSource
from tests.proof.figures import ROOT, MissingToolError
from tests.proof.network_faults.line_faults import settings_of
from tests.proof.network_faults.observing import suffer
from tests.proof.network_faults.outcomes import NEVER, Outcome
from tests.proof.network_faults.sides import ReadSide
from tests.proof.network_faults.writers import publishing
from tests.support.transports.faulty_line import FaultyLine, make_certificate

if TYPE_CHECKING:
    from adapters.hazelcast_map import HazelcastSettings
    from tests.proof.figures import Form
    from tests.support.transports.member import Member

HOUR_S: Final = 3600
PATIENCE_S: Final = 30.0
STORM_S: Final = 3
LONG_STORM_S: Final = 30
MOST_GROWTH: Final = 50_000_000
"""Bytes by which a reader may grow in a storm: its queue, and the client's buffers."""
FAKETIME: Final = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_MODULES: Final = "tests.proof.network_faults."


def url_of(settings: HazelcastSettings, address: str = "") -> str:
    """Return the settings as a URL, perhaps with another address."""
    address = address or settings.members[0]
    return f"hazelcast://{address}/{settings.map_name}/{settings.key}?cluster={settings.cluster}"


def resident() -> int:
    """Return the bytes of memory that this process occupies."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE


def _storming(settings: HazelcastSettings, form: Form) -> subprocess.Popen[str]:
    seconds = form.count(STORM_S, LONG_STORM_S)
    return subprocess.Popen(
        [sys.executable, "-m", _MODULES + "storm", url_of(settings), str(seconds)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


async def storm(member: Member, form: Form) -> tuple[list[Outcome], str]:
    """Let one entry be changed as fast as it goes, beside a reader and one that reads nothing."""
    settings = settings_of(member)
    reading = ReadSide("source, push", HazelcastSource(settings))
    idle = ReadSide("source, not read", HazelcastSource(settings))
    before = resident()
    process = _storming(settings, form)
    try:
        while process.poll() is None:
            reading.look()
            if not idle.delivered:
                # One to count from.
                idle.look()
            await asyncio.sleep(0.005)
        end_s = time.monotonic()
        assert process.stdout is not None
        number = int(process.stdout.readline() or 0)
        while reading.newest_number < number and time.monotonic() - end_s < PATIENCE_S:
            reading.look()
            await asyncio.sleep(0.005)
        took_s = time.monotonic() - end_s
        grown = resident() - before
        outcomes = [
            Outcome(
                fault="F09 storm", side=side.name, recovered_s=took_s if side is reading else 0.0,
                uncounted=side.unaccounted(),
            )
            for side in (reading, idle)
        ]  # fmt: skip
    finally:
        process.kill()
        process.communicate()
        reading.close()
        idle.close()
    text = (
        f"{number / form.count(STORM_S, LONG_STORM_S):,.0f} changes/s, "
        f"grown by {grown / 1e6:.1f} MB"
    )
    is_flat = grown <= MOST_GROWTH
    return [
        *outcomes,
        Outcome(fault="F09 memory", side="process", uncounted=int(not is_flat)),
    ], text


async def refusals(member: Member, form: Form) -> list[Outcome]:
    """Be refused by name and by certificate: the reason says so, and there is no value."""
    settings = settings_of(member)
    context, _ = make_certificate(form.folder)
    found = []
    with FaultyLine(member.port, context) as encrypted:
        host = encrypted.address.replace("127.0.0.1", "localhost")
        for name, wrong, word in (
            ("wrong cluster", replace(settings, cluster="nobody"), "another cluster"),
            ("wrong certificate", replace(settings, members=(host,), tls=True), "certificate"),
            ("TLS on one side", replace(settings, members=(host,)), "does it want TLS"),
        ):
            begin_s = time.monotonic()
            side = ReadSide("source, push", HazelcastSource(wrong))
            noticed_s = NEVER
            while noticed_s == NEVER and time.monotonic() - begin_s < PATIENCE_S:
                side.look()
                if word in side.source.status().reason:
                    noticed_s = time.monotonic() - begin_s
                await asyncio.sleep(0.005)
            found.append(
                Outcome(
                    fault=f"F10 {name}",
                    side=side.name,
                    noticed_s=noticed_s,
                    stale=side.delivered,
                )
            )
            side.close()
    return found


class SteppedSide:
    """A source in a process whose wall clock is set."""

    name = "source, other process"

    def __init__(self, url: str, folder: Path) -> None:
        self._clock: Final = folder / "clock"
        self.set_clock(0)
        environment = {
            **os.environ, "LD_PRELOAD": str(FAKETIME), "FAKETIME_NO_CACHE": "1",
            "FAKETIME_TIMESTAMP_FILE": str(self._clock), "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }  # fmt: skip
        self._process: Final = subprocess.Popen(
            [sys.executable, "-m", _MODULES + "stepped_source", url],
            stdout=subprocess.PIPE, cwd=ROOT, env=environment,
        )  # fmt: skip
        assert self._process.stdout is not None
        os.set_blocking(self._process.stdout.fileno(), False)
        self._unread = b""
        self._seen: list[Any] = [False, 0.0, 0, 0, 0.0]
        self.stale = 0

    @property
    def skew_s(self) -> float:
        """Its wall clock less the monotonic one, seconds."""
        return float(self._seen[4])

    def set_clock(self, offset_s: int) -> None:
        """Set its wall clock so far off."""
        new = self._clock.with_suffix(".new")
        new.write_text(f"{offset_s:+d}s\n", encoding="ascii")
        new.rename(self._clock)

    def look(self) -> None:
        """Take its newest line."""
        assert self._process.stdout is not None
        self._unread += self._process.stdout.read() or b""
        *lines, self._unread = self._unread.split(b"\n")
        if lines:
            self._seen = json.loads(lines[-1])
        self.stale = self._seen[3]

    def has_noticed(self) -> bool:
        """Return whether its source is not live."""
        return not self._seen[0]

    def has_since(self, unix_s: float) -> bool:
        """Return whether it is live and has a value that was written after an instant."""
        return bool(self._seen[0]) and self._seen[1] > unix_s

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


async def clock_steps(member: Member, form: Form) -> list[Outcome]:
    """Set the wall clock of a node's process by an hour, each way, and let the line fall silent.

    Raises
    ------
    MissingToolError
        If libfaketime is not installed.
    """
    if not FAKETIME.exists():
        raise MissingToolError(str(FAKETIME), "faketime")
    settings = settings_of(member)
    outcomes: list[Outcome] = []
    with FaultyLine(member.port) as line, publishing(settings):
        side = SteppedSide(url_of(settings, line.address), form.folder)

        def step_and_mute(offset_s: int) -> None:
            side.set_clock(offset_s)
            line.is_mute = True

        def speak() -> None:
            line.is_mute = False

        try:
            for _ in range(form.count(1, 5)):
                for offset_s, name in ((HOUR_S, "an hour on"), (0, "an hour back")):
                    before_s = side.skew_s
                    outcomes += await suffer(
                        f"F11 clock {name}, half-open", [side],
                        partial(step_and_mute, offset_s), speak, 1.5,
                    )  # fmt: skip
                    assert before_s == 0.0 or abs(side.skew_s - before_s) > HOUR_S / 2
        finally:
            side.close()
    return outcomes
