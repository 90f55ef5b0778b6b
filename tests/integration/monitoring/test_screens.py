"""The monitor's screens, driven as by a person in a terminal of 80 columns and 24 lines."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from typing import TYPE_CHECKING, Any

import pytest

from adapters.run_state.process_identity import ProcessIdentity
from adapters.run_state.run_state import RunState
from adapters.shm import FactorWriter
from adapters.shm.region.region_files import folder_of
from live.exf.service_files import ServiceFiles
from live.monitoring.watching.pictures import NodePicture
from live.monitoring.watching.watcher import Watcher
from tests.support.eventually import TIMEOUT_S, eventually_async
from tests.support.fleet.small_fleet import small_fleet
from tests.support.lengths import long

pytest.importorskip("textual", reason="the extra `monitor` is not installed")

from textual.widgets import Input

from live.monitoring.screens.lines_screen import Lines, LinesScreen  # after the skip
from live.monitoring.screens.monitor_app import MonitorApp
from live.monitoring.screens.switch_page import SwitchPage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from textual.pilot import Pilot

SIZE = (80, 24)


def lines(app: MonitorApp) -> list[str]:
    """Return what the terminal shows, as text."""
    width, height = SIZE
    # Fewer, while the screen is new.
    strips = app.screen._compositor.render_strips()[:height]
    return ["".join(segment.text for segment in strip)[:width] for strip in strips]


def drive(
    watcher: Watcher,
    play: Callable[[MonitorApp, Pilot[None]], Awaitable[None]],
    *writers: FactorWriter,
) -> None:
    """Run the application without a terminal, beat for writers, and close what it watches."""

    async def run() -> None:
        app = MonitorApp(watcher)
        beats = [asyncio.create_task(beat(writer)) for writer in writers]
        async with app.run_test(size=SIZE) as pilot:
            await play(app, pilot)
        for task in beats:
            task.cancel()

    try:
        asyncio.run(run())
    finally:
        watcher.close()


async def beat(writer: FactorWriter) -> None:
    """Show that a writer is alive, as a producer does."""
    while True:
        writer.heartbeat()
        await asyncio.sleep(0.1)


async def see(app: MonitorApp, *words: str) -> None:
    """Wait until the terminal shows each text."""
    deadline_s = time.monotonic() + TIMEOUT_S
    while not all(word in (text := "\n".join(lines(app))) for word in words):
        assert time.monotonic() < deadline_s, f"{words} are not on the screen:\n{text}"
        # To render is work: the application needs its turns.
        await asyncio.sleep(0.05)


async def open_line(app: MonitorApp, pilot: Pilot[None], start: str) -> None:
    """Move to the line whose page begins so, and press Enter."""
    screen = app.screen
    assert isinstance(screen, LinesScreen)
    keys = [row.key for row in screen._shown]
    target = next(i for i, key in enumerate(keys) if key.startswith(start))
    await pilot.press("home")
    for _ in keys:
        if screen.query_one(Lines).highlighted == target:
            break
        await pilot.press("down")
    await pilot.press("enter")
    await pilot.pause()


def status_of(region: Path, sources: int, dead: int) -> dict[str, Any]:
    """Return the status of a service of which some sources do not answer."""
    now_s = time.time()
    return {
        "state": "running",
        "pid": os.getpid(),
        "region": str(region),
        "reason": "",
        "started_unix_s": now_s - 100,
        "updated_unix_s": now_s,
        "published": 1000,
        "publish_errors": {},
        "factors": {"total": sources, "alive": sources - dead, "missing": ["f"] * dead},
        "sources": [
            {
                "source": f"venue{n % 7}/ticker/ASSET{n:02}",
                "last_error": "timeout: no answer within 0.4 s" if n < dead else "",
                "last_success_unix_s": 0.0 if n < dead else now_s,
                "answers": 0 if n < dead else 5,
                "failures_in_a_row": 9 if n < dead else 0,
                "period_s": 1.0,
                "polls": 9,
                "errors": {"timeout": 9} if n < dead else {},
                "factors_alive": 0 if n < dead else 1,
                "factors": 1,
            }
            for n in range(sources)
        ],
        "streams": None,
    }


def test_forty_sources_of_which_half_are_dead(region_path: Path) -> None:
    """The first screen says how many; the service's page has the dead ones first."""

    async def keep_status() -> None:
        while True:
            files.write_status(status_of(region_path, 40, 20))
            await asyncio.sleep(1.0)

    async def play(app: MonitorApp, pilot: Pilot[None]) -> None:
        keeping = asyncio.create_task(keep_status())
        await see(app, "PROBLEM", "20 of 40 sources do not answer", "20 of 40  20 of 40")
        await open_line(app, pilot, "service:")
        await see(app, "SOURCES (40)", "DEAD", "never", "timeout")
        assert "alive" not in "\n".join(lines(app)[6:])
        await pilot.press("escape")
        await see(app, "PRODUCERS (1)")
        keeping.cancel()

    with (
        ServiceFiles(region_path).hold() as files,
        FactorWriter(region_path, ["a", "b"]) as writer,
    ):
        files.write_status(status_of(region_path, 40, 20))
        writer.write({"a": 1.0, "b": 2.0}, time.time_ns())
        drive(Watcher([region_path]), play, writer)


def test_a_factor_has_a_page_and_is_found_by_a_part_of_its_name(region_path: Path) -> None:
    """Value, drawing, age, unit and source; NaN is a word."""

    async def play(app: MonitorApp, pilot: Pilot[None]) -> None:
        await see(app, region_path.name[:20], "2/3")
        await open_line(app, pilot, "region:")
        await see(app, "dvol_btc", "41.5000", "percent a year", "NaN")
        await pilot.press("slash")
        await eventually_async(lambda: isinstance(app.focused, Input), "the field to be asked")
        await pilot.press(*"dvol", "enter")
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, LinesScreen)
        await eventually_async(
            lambda: [row.key[-9:] for row in screen._shown if row.key] == [":dvol_btc"],
            "one factor",
        )
        await open_line(app, pilot, "factor:")
        await see(app, "value    41.5000", "percent a year", "deribit", "of the newest record")
        writer.write({"dvol_btc": 43.0}, time.time_ns())
        await see(app, "value    43.0000", "highest 43.0000")

    with FactorWriter(region_path, ["other", "dvol_btc", "missing"]) as writer:
        writer.write({"other": 1.0, "dvol_btc": 41.5}, time.time_ns())
        drive(Watcher([region_path]), play, writer)


def test_a_region_that_vanishes_and_comes_back(region_path: Path) -> None:
    """Said at once, also on the page of a factor; a new file is followed."""

    async def play(app: MonitorApp, pilot: Pilot[None]) -> None:
        with FactorWriter(region_path, ["a"]) as writer:
            writer.write({"a": 1.0}, time.time_ns())
            beats = asyncio.create_task(beat(writer))
            await see(app, "ALL IS WELL")
            await open_line(app, pilot, "region:")
            await see(app, "1.0000")
            beats.cancel()
            writer.close(unlink=True)
        await see(app, "gone")
        await pilot.press("escape")
        await see(app, "PROBLEM", "nothing lies at the path")
        with FactorWriter(region_path, ["a", "b", "c"]) as writer:
            writer.write({"a": 5.0}, time.time_ns())
            beats = asyncio.create_task(beat(writer))
            await see(app, "ALL IS WELL", "1/3")
            beats.cancel()

    drive(Watcher([region_path]), play)


@pytest.mark.parametrize(
    "content", [b"", b"DOLPHIN" * 9000, long(b"\0" * 4096), long(os.urandom(70_000))]
)
def test_a_hostile_region_is_a_line_and_no_more(region_path: Path, content: bytes) -> None:
    """The monitor goes on, and the other region is shown."""
    other = region_path.with_name(f"other_{region_path.name}")
    folder_of(region_path).mkdir(mode=0o700)
    region_path.write_bytes(content)
    region_path.chmod(0o600)

    async def play(app: MonitorApp, pilot: Pilot[None]) -> None:
        await see(app, "PROBLEM region", "1/1")
        await open_line(app, pilot, f"region:{region_path}")
        await see(app, "PROBLEM")

    try:
        with FactorWriter(other, ["a"]) as writer:
            writer.write({"a": 1.0}, time.time_ns())
            drive(Watcher([region_path, other]), play, writer)
    finally:
        other.unlink(missing_ok=True)
        shutil.rmtree(folder_of(other), ignore_errors=True)


def test_nothing_runs(tmp_path: Path) -> None:
    """The first screen says so, and how to change it; q quits."""

    async def play(app: MonitorApp, pilot: Pilot[None]) -> None:
        await see(app, "NOTHING RUNS", "run_node.py")
        await pilot.press("p")
        await see(app, "problems", "ALL IS WELL")
        await pilot.press("escape", "q")

    drive(Watcher(parent=tmp_path), play)


def test_without_colours_nothing_is_missing(
    region_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All is grey, and what is wrong is not darker than the rest."""
    monkeypatch.setenv("NO_COLOR", "1")

    async def play(app: MonitorApp, pilot: Pilot[None]) -> None:
        await see(app, "PROBLEM region missing", "readers")
        assert app.no_color

        def brightness(word: str) -> int:
            segments = (s for strip in app.screen._compositor.render_strips() for s in strip)
            style = next(s.style for s in segments if word in s.text)
            assert style is not None
            assert style.color is not None
            assert style.color.triplet is not None
            return style.color.triplet.red

        colours = {
            segment.style.color.triplet
            for strip in app.screen._compositor.render_strips()
            for segment in strip
            if segment.style is not None and segment.style.color is not None
        }
        assert all(c is None or c.red == c.green == c.blue for c in colours)
        assert brightness("PROBLEM") >= brightness("readers")

    with FactorWriter(region_path, ["a"]) as writer:
        writer.write({"a": 1.0}, time.time_ns())
        drive(Watcher([region_path, region_path.with_name("missing")]), play, writer)


def test_a_look_takes_no_readers_place(region_path: Path) -> None:
    """The writer has nobody to wake, and the count of readers is the others'."""
    from adapters.shm import FactorReader

    with FactorWriter(region_path, ["a"]) as writer, FactorReader(region_path) as reader:
        writer.write({"a": 1.0}, time.time_ns())
        watcher = Watcher([region_path])
        assert watcher.look().regions[0].readers == 0
        assert sorted(p.name for p in folder_of(region_path).glob("*.fifo")) == []
        reader.fileno()
        other = Watcher([region_path])
        assert other.look().regions[0].readers == 1
        watcher.close()
        other.close()


def test_a_fleet_has_a_page_of_what_each_service_does_and_lacks(tmp_path: Path) -> None:
    """Of a real supervisor: who runs and since when, who is tried again when and why; and that
    the supervisor is gone.
    """
    services = """
[[node]]
name = "blue"
role = "blue"
[[node]]
name = "green"
role = "green"
depends_on = ["blue"]
options = { code = 7 }
"""

    async def play(app: MonitorApp, pilot: Pilot[None]) -> None:
        await see(app, "PROBLEM fleet", "FLEETS (1)", "1 of 2 run", "green")
        await open_line(app, pilot, "fleet:")
        await see(app, "SERVICES (2)", "! green", "backing off", "next  depends on")
        await see(app, "last reason: it ended, code 7: as asked", "blue (leads)", "running")
        row = next(line for line in lines(app) if line.startswith("! green"))
        assert row.rstrip().endswith("blue"), row
        fleet.kill_supervisor()
        await see(app, "PROBLEM NO SUPERVISOR", "no supervisor, told")
        fleet.supervise()
        await see(app, "supervisor ", "backing off")
        await pilot.press("escape")
        await see(app, "FLEETS (1)")

    with small_fleet(tmp_path, services, first_s=30.0) as fleet:
        fleet.wait_for("green", "backing off")
        drive(Watcher(fleets=[fleet.settings.fleet.run_folder]), play)


def test_the_arrows_go_from_one_line_that_opens_a_page_to_the_next(tmp_path: Path) -> None:
    """A person who presses Down and Enter is not left on a heading, and can go to the top."""
    paths = [tmp_path / name for name in ("one", "two")]
    rows = {f"region:{path}" for path in paths}

    async def play(app: MonitorApp, pilot: Pilot[None]) -> None:
        await see(app, "REGIONS (2)", "one", "two")
        chosen = []
        for key in ("down", "up"):
            chosen.append(_chosen(app))
            await pilot.press(key)
        assert set(chosen) == rows
        assert _chosen(app) == chosen[0]
        await pilot.press("up")
        assert not _chosen(app)
        await pilot.press("down", "down", "enter")
        await see(app, "UTC  region ")

    drive(Watcher(paths), play)


def _chosen(app: MonitorApp) -> str:
    """Return the key of the line on which Enter would act."""
    screen = app.screen
    assert isinstance(screen, LinesScreen)
    at = screen.query_one(Lines).highlighted
    return "" if at is None else [*screen.rows(app.picture)][at].key


@pytest.mark.parametrize(
    ("script", "word"),
    [
        ("import sys; print('acknowledged', sys.argv[1:])", "acknowledged ['{}', '--node', '"),
        ("import sys; sys.exit('no answer')", "NOT DONE (exit code 1)"),
        (None, "no switch"),
    ],
)
@pytest.mark.parametrize("command", [long("halt"), "resume"])
def test_a_node_is_switched_after_a_confirmation_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None, word: str, command: str
) -> None:
    """Every key but y leaves it alone; what the command says is shown."""
    path = tmp_path / "switch.py"
    if script is not None:
        path.write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write('x')\n{script}\n")
    monkeypatch.setattr("live.monitoring.screens.switch_page.SCRIPT", path)
    picture = NodePicture(
        key="n", state=RunState(process=ProcessIdentity.own(), strategy="Taker", orders="live"),
        is_running=True,
    )  # fmt: skip

    async def run() -> None:
        app = MonitorApp(Watcher(parent=tmp_path / "empty"))
        async with app.run_test(size=SIZE) as pilot:
            for key in ("n", "escape", "y"):
                app.push_screen(SwitchPage(command, picture))
                await see(app, f"{command.upper()} Taker", "REAL orders", "now ACTIVE")
                await pilot.press("x", "enter")
                assert not (tmp_path / "ran").exists()
                await pilot.press(key)
            await see(app, word.format(command))
            await pilot.press("y", "y")
            await pilot.press("escape")

    asyncio.run(run())
    assert (tmp_path / "ran").exists() == (script is not None)
    if script is not None:
        assert (tmp_path / "ran").read_text() == "x"
