"""Pictures of real runs, made anew by one command.

``uv run --all-extras --group docs python -m docs.site.pictures``, which needs Chromium and
``unshare``.
"""

from __future__ import annotations

import asyncio
import io
import math
import os
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import TYPE_CHECKING, Final

from adapters.command.terminal import say
from docs.site.assembly import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ALONE: Final = "DOLPHIN_PICTURES_ALONE"
FOLDER: Final = ROOT / "docs" / "pictures"
TIMEOUT_S: Final = 600.0
"""Of one run, or of the browser."""
PAGE_PIXELS: Final = (1200, 900)
MARGIN_PIXELS: Final = 16
COLOURS: Final = 64
SCREEN: Final = (112, 18)
"""Columns and lines of the monitor."""
_LOOKS: Final = 40
_LOOK_S: Final = 0.5
_FONT_FACE: Final = re.compile(r"@font-face \{.*?\}", re.DOTALL)
_DEMO: Final = "live/run_node.py --seconds 7"
_NODE: Final = "live/run_node.py --seconds 120"
_TEN_DAYS: Final = "docs/examples/import_ten_days.toml"
_PAPER: Final = "docs/examples/green/paper.toml"
_SHOWN: Final = ("ImbalanceTaker", "dolphin_exf")
_SERVICE: Final = "live/run_exf.py run --venues clock --calendar --seconds 120"


def main() -> int:
    """Make every picture; return the exit code."""
    if shutil.which("chromium") is None:
        say("docs.site.pictures: no chromium here; apt-get install chromium", to=sys.stderr)
        return 2
    if ALONE not in os.environ:
        return _alone()
    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory() as name:
        folder = Path(name)
        _write("demo.svg", terminal(_DEMO, "the demo"))
        _write("monitor.svg", asyncio.run(monitor([_SERVICE, _NODE], _SHOWN)))
        of_backtests(folder)
        of_sessions(folder)
    return 0


def of_backtests(folder: Path) -> None:
    """Make the pictures of what is computed from ten days, and of archives that are made up."""
    catalog, report = folder / "ten_days", folder / "positions"
    _run(f"backtests/import_factors.py --spec {_TEN_DAYS} --catalog {catalog}")
    backtest = (
        f"backtests/run_backtest.py --catalog {catalog} --config docs/examples/backtest.toml"
    )
    _run(f"{backtest} --out {report}")
    _write("report.png", page(report / "report.html"))
    proof = f"{backtest} --prove-no-lookahead --instants 3"
    _write("proof.svg", terminal(proof, "the proof", folder))
    found = folder / "evaluation"
    _run(f"backtests/evaluate_factors.py --catalog {catalog} --out {found}")
    _write("evaluation.png", page(found / "evaluation.html"))
    sweep = folder / "sweep"
    settings = f"--config docs/examples/sweep.toml --out {sweep}"
    _run(f"backtests/sweep.py --catalog {catalog} {settings}")
    _write("sweep.png", page(sweep / "sweep.html"))
    _run(f"backtests/envelope.py {report} --cost 1.5")
    _write("envelope.png", page(report / "envelope.html"))
    exits = f"--horizon 4h --interval 15m --out {folder}/exits.json"
    train = f"backtests/train_exits.py {report} {exits}"
    _write("exits.svg", terminal(train, "the training of exits", folder))
    archives, coverage = folder / "archives", folder / "coverage.html"
    make_archives(archives)
    _run(f"backtests/backfill.py {archives} --catalog {folder}/filled --report {coverage}")
    _write("coverage.png", page(coverage))


def of_sessions(folder: Path) -> None:
    """Make the pictures of a recorded session, of a pair of nodes, and of the latency page."""
    paper = folder / "paper"
    _run(f"live/run_node.py --config {_PAPER} --seconds 200 --record {paper}")
    _write("parity.svg", terminal(f"backtests/check_parity.py {paper}", "parity", folder))
    fleet = folder / "pair.toml"
    shutil.copy(ROOT / "docs" / "examples" / fleet.name, fleet)
    _run(f"live/run_fleet.py {fleet} start")
    try:
        run_folder = Path("/dev/shm/dolphin_fleet_pair")  # noqa: S108 - where regions lie
        shown = ("ImbalanceTaker", "FairPriceMaker")
        _write("pair.svg", asyncio.run(monitor([], shown, [run_folder])))
    finally:
        _run(f"live/run_fleet.py {fleet} stop")
    latency = folder / "latency.html"
    _run(f"live/measure_latency.py --hazelcast none --rounds 2 --html {latency}")
    _write("latency.png", page(latency))


def make_archives(folder: Path) -> None:
    """Write three days as Binance publishes them, with a day that lacks its metrics."""
    from tests.support.catalogs import archives  # noqa: PLC0415 - of the tests

    first = date(2024, 8, 5)
    closes = [60_000 + 40 * math.sin(i / 90) for i in range(24 * 60)]
    for number in range(3):
        day = first + timedelta(days=number)
        for kind in ("klines", "markPriceKlines", "indexPriceKlines"):
            archives.klines(folder, kind, day, closes)
        if number != 1:
            archives.metrics(folder, day)
    archives.funding(folder, first.replace(day=1), ["0.0001"] * 93)


def _alone() -> int:
    """Start again with a /dev/shm of its own: the monitor shows all that runs on a machine."""
    mount = 'mount -t tmpfs tmpfs /dev/shm && exec "$0" -m docs.site.pictures'
    return subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", mount, sys.executable],  # noqa: S607
        cwd=ROOT,
        env={**os.environ, ALONE: "1"},
        check=False,
    ).returncode


def terminal(command: str, title: str, folder: Path | None = None) -> bytes:
    """Return a terminal with a command and what it prints as SVG.

    Parameters
    ----------
    command : str
        The command.
    title : str
        Of the terminal.
    folder : Path, optional
        Which is shown as ``recordings``.

    """
    from rich.console import Console  # noqa: PLC0415 - comes with the extra `monitor`

    console = Console(record=True, width=120, file=io.StringIO())
    shown = f"$ uv run {command}\n{_run(command)}"
    if folder is not None:
        shown = shown.replace(str(folder), "recordings")
    console.print(shown, highlight=False, markup=False)
    return _own_fonts(console.export_svg(title=title))


async def monitor(
    commands: Sequence[str], shown_when: Sequence[str], fleets: Sequence[Path] = ()
) -> bytes:
    """Return the monitor's screen as SVG, while commands run, once it shows some words."""
    from live.monitoring.screens.monitor_app import MonitorApp  # noqa: PLC0415 - an extra
    from live.monitoring.watching.watcher import Watcher  # noqa: PLC0415

    with ExitStack() as stack:
        for command in commands:
            stack.enter_context(_running(command))
        watcher = Watcher([], [], [], fleets=list(fleets))
        try:
            app = MonitorApp(watcher, [])
            async with app.run_test(size=SCREEN) as pilot:
                for _ in range(_LOOKS):
                    await pilot.pause(_LOOK_S)
                    shown = app.export_screenshot(title="monitor.py")
                    if all(word in shown for word in shown_when):
                        break
                # Its first rates need a second look.
                await pilot.pause(4)
                return _own_fonts(app.export_screenshot(title="monitor.py"))
        finally:
            watcher.close()


def page(path: Path) -> bytes:
    """Return the top of an HTML page as PNG, as a browser shows it, without empty space below.

    The folder of these runs is shown as `recordings`.
    """
    from PIL import Image, ImageChops  # noqa: PLC0415 - of the group docs

    picture = path.with_suffix(".png")
    text = re.sub(rf"{re.escape(gettempdir())}/[^/\s]+/", "recordings/", path.read_text("utf-8"))
    path.write_text(text, encoding="utf-8")
    width, height = PAGE_PIXELS
    subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",  # noqa: S607
         f"--window-size={width},{height}", "--virtual-time-budget=10000",
         f"--screenshot={picture}", path.as_uri()],
        check=True, capture_output=True, timeout=TIMEOUT_S,
    )  # fmt: skip
    small = io.BytesIO()
    with Image.open(picture) as image:
        shown = image.convert("RGB")
        white = Image.new("RGB", shown.size, "white")
        *_, bottom = ImageChops.difference(shown, white).getbbox() or (0, 0, 0, height)
        shown = shown.crop((0, 0, width, min(height, bottom + MARGIN_PIXELS)))
        # The usual method makes one of two colours that are near, such as those of a legend.
        few = shown.quantize(COLOURS, Image.Quantize.MAXCOVERAGE)
        few.save(small, "PNG", optimize=True)
    return small.getvalue()


def _run(command: str) -> str:
    result = subprocess.run(
        [sys.executable, *shlex.split(command)],
        cwd=ROOT, check=True, capture_output=True, text=True, timeout=TIMEOUT_S,
    )  # fmt: skip
    return result.stdout


@contextmanager
def _running(command: str) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, *shlex.split(command)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(TIMEOUT_S)


def _own_fonts(svg: str) -> bytes:
    """Return an SVG that loads no font from another machine."""
    return _FONT_FACE.sub("", svg).encode()


def _write(name: str, picture: bytes) -> None:
    (FOLDER / name).write_bytes(picture)
    say(f"{name}: {len(picture):,} bytes")


if __name__ == "__main__":
    sys.exit(main())
