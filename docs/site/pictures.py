"""Pictures of real runs, made anew by one command.

``uv run --all-extras --group docs python -m docs.site.pictures``, which needs Chromium and
``unshare``.
"""

from __future__ import annotations

import asyncio
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from adapters.command.terminal import say
from docs.site.assembly import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

ALONE: Final = "DOLPHIN_PICTURES_ALONE"
FOLDER: Final = ROOT / "docs" / "pictures"
TIMEOUT_S: Final = 600.0
"""Of one run, or of the browser."""
PAGE_PIXELS: Final = (1200, 900)
COLOURS: Final = 64
SCREEN: Final = (112, 18)
"""Columns and lines of the monitor."""
_LOOKS: Final = 40
_LOOK_S: Final = 0.5
_FONT_FACE: Final = re.compile(r"@font-face \{.*?\}", re.DOTALL)
_DEMO: Final = "live/run_node.py --seconds 7"
_NODE: Final = "live/run_node.py --seconds 120"
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
        _write("demo.svg", demo())
        _write("monitor.svg", asyncio.run(monitor()))
        catalog = folder / "ten_days"
        spec = "docs/examples/import_ten_days.toml"
        _run(f"backtests/import_factors.py --spec {spec} --catalog {catalog}")
        config = "docs/examples/backtest.toml"
        report = folder / "report"
        _run(f"backtests/run_backtest.py --catalog {catalog} --config {config} --out {report}")
        _write("report.png", page(report / "report.html"))
        found = folder / "evaluation"
        _run(f"backtests/evaluate_factors.py --catalog {catalog} --out {found}")
        _write("evaluation.png", page(found / "evaluation.html"))
    return 0


def _alone() -> int:
    """Start again with a /dev/shm of its own: the monitor shows all that runs on a machine."""
    mount = 'mount -t tmpfs tmpfs /dev/shm && exec "$0" -m docs.site.pictures'
    return subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", mount, sys.executable],  # noqa: S607
        cwd=ROOT,
        env={**os.environ, ALONE: "1"},
        check=False,
    ).returncode


def demo() -> bytes:
    """Return the demo's terminal as SVG."""
    from rich.console import Console  # noqa: PLC0415 - comes with the extra `monitor`

    console = Console(record=True, width=120, file=io.StringIO())
    console.print(f"$ uv run {_DEMO}\n{_run(_DEMO)}", highlight=False, markup=False)
    return _own_fonts(console.export_svg(title="the demo"))


async def monitor() -> bytes:
    """Return the monitor's screen as SVG, while a node and a service run."""
    from live.monitoring.screens.monitor_app import MonitorApp  # noqa: PLC0415 - an extra
    from live.monitoring.watching.watcher import Watcher  # noqa: PLC0415

    with _running(_SERVICE), _running(_NODE):
        watcher = Watcher([], [], [], fleets=[])
        try:
            app = MonitorApp(watcher, [])
            async with app.run_test(size=SCREEN) as pilot:
                for _ in range(_LOOKS):
                    await pilot.pause(_LOOK_S)
                    shown = app.export_screenshot(title="monitor.py")
                    if "ImbalanceTaker" in shown and "dolphin_exf" in shown:
                        break
                # Its first rates need a second look.
                await pilot.pause(4)
                return _own_fonts(app.export_screenshot(title="monitor.py"))
        finally:
            watcher.close()


def page(path: Path) -> bytes:
    """Return the top of an HTML page as PNG, as a browser shows it."""
    from PIL import Image  # noqa: PLC0415 - of the group docs

    picture = path.with_suffix(".png")
    width, height = PAGE_PIXELS
    subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",  # noqa: S607
         f"--window-size={width},{height}", "--virtual-time-budget=10000",
         f"--screenshot={picture}", path.as_uri()],
        check=True, capture_output=True, timeout=TIMEOUT_S,
    )  # fmt: skip
    small = io.BytesIO()
    with Image.open(picture) as image:
        image.convert("RGB").quantize(COLOURS).save(small, "PNG", optimize=True)
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
