"""F09, F10, F11: storms, clusters that refuse this client, and a wall clock that is set."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from adapters.hazelcast_map import HazelcastSource
from tests.proof.figures import ROOT, MissingToolError
from tests.proof.network_faults.line_faults import settings_of
from tests.proof.network_faults.memory import resident
from tests.proof.network_faults.observing import suffer
from tests.proof.network_faults.outcomes import NEVER, Outcome
from tests.proof.network_faults.sides import ReadSide
from tests.proof.network_faults.writers import publishing
from tests.support.transports.faulty_line import FaultyLine, make_certificate
from tests.support.transports.stepped_source import SteppedSource, faketime

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
_MODULES: Final = "tests.proof.network_faults."


def url_of(settings: HazelcastSettings, address: str = "") -> str:
    """Return the settings as a URL, perhaps with another address."""
    address = address or settings.members[0]
    return f"hazelcast://{address}/{settings.map_name}/{settings.key}?cluster={settings.cluster}"


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
    before = resident(os.getpid())
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
        grown = resident(os.getpid()) - before
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


async def clock_steps(member: Member, form: Form) -> list[Outcome]:
    """Set the wall clock of a node's process by an hour, each way, and let the line fall silent.

    Raises
    ------
    MissingToolError
        If libfaketime is not installed.
    """
    library = faketime()
    if library is None:
        raise MissingToolError("libfaketime", "faketime")
    settings = settings_of(member)
    outcomes: list[Outcome] = []
    with FaultyLine(member.port) as line, publishing(settings):
        side = SteppedSource(url_of(settings, line.address), form.folder, library)

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
