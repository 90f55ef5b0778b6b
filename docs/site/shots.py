"""Shots: what a terminal, the monitor or a page shows, as a small picture."""

from __future__ import annotations

import io
import re
import shlex
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from tempfile import gettempdir
from typing import TYPE_CHECKING, Final

from adapters.command.terminal import say
from docs.site.assembly import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

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


def terminal(
    command: str, title: str, folder: Path | None = None, ends: tuple[int, int] | None = None
) -> bytes:
    """Return a terminal with a command and what it prints as SVG.

    Parameters
    ----------
    command : str
        The command.
    title : str
        Of the terminal.
    folder : Path, optional
        Which is shown as ``recordings``, and the files of ``docs`` in it as the project's own.
    ends : tuple of int, optional
        How many lines are shown of the beginning and of the end; default: all.

    """
    from rich.console import Console  # noqa: PLC0415 - comes with the extra `monitor`

    console = Console(record=True, width=120, file=io.StringIO())
    lines = run_program(command).splitlines()
    if ends is not None and len(lines) > sum(ends):
        lines = [*lines[: ends[0]], "   ...", *lines[-ends[1] :]]
    shown = "\n".join([f"$ uv run {command}", *lines])
    if folder is not None:
        shown = shown.replace(f"{folder}/docs/", "docs/").replace(str(folder), "recordings")
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


def run_program(command: str) -> str:
    """Return what a command prints; it must end with 0, or what it said is shown."""
    result = subprocess.run(
        [sys.executable, *shlex.split(command)],
        cwd=ROOT, check=False, capture_output=True, text=True, timeout=TIMEOUT_S,
    )  # fmt: skip
    if result.returncode:
        say(f"{command}:\n{result.stdout}{result.stderr}", to=sys.stderr)
    result.check_returncode()
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
