"""Pictures of real runs, made anew by one command.

``uv run --all-extras --group docs python -m docs.site.pictures``, which needs Chromium and
``unshare``; ``... python -m docs.site.pictures sessions`` makes those of one group.
"""

from __future__ import annotations

import asyncio
import math
import os
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from adapters.command.terminal import say
from docs.site.assembly import ROOT
from docs.site.shots import monitor, page, run_program, terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

ALONE: Final = "DOLPHIN_PICTURES_ALONE"
FOLDER: Final = ROOT / "docs" / "pictures"
_DEMO: Final = "live/run_node.py --seconds 7"
_NODE: Final = "live/run_node.py --seconds 120"
_TEN_DAYS: Final = "docs/examples/import_ten_days.toml"
_PAPER: Final = "docs/examples/green/paper.toml"
_EXITS: Final = "docs/examples/exits.toml"
_SESSION: Final = "docs/examples/green/session.toml"
_WATCH: Final = "docs/examples/green/watch.toml"
_SHOWN: Final = ("ImbalanceTaker", "dolphin_exf")
_SERVICE: Final = "live/run_exf.py run --venues clock --calendar --seconds 120"


def main() -> int:
    """Make every picture; return the exit code."""
    if shutil.which("chromium") is None:
        say("docs.site.pictures: no chromium here; apt-get install chromium", to=sys.stderr)
        return 2
    groups = {
        "first": of_first_run,
        "backtests": of_backtests,
        "sessions": of_sessions,
        "latency": of_latency,
    }
    asked = sys.argv[1:] or [*groups]
    if not {*asked} <= {*groups}:
        say(f"docs.site.pictures: expected some of {[*groups]}, found {asked}", to=sys.stderr)
        return 2
    if ALONE not in os.environ:
        return _alone(asked)
    FOLDER.mkdir(exist_ok=True)
    for group in asked:
        with TemporaryDirectory() as name:
            groups[group](Path(name))
    return 0


def of_first_run(_: Path) -> None:
    """Make the pictures of the demo, and of the monitor beside it."""
    _write("demo.svg", terminal(_DEMO, "the demo"))
    _write("monitor.svg", asyncio.run(monitor([_SERVICE, _NODE], _SHOWN)))


def of_backtests(folder: Path) -> None:
    """Make the pictures of what is computed from ten days, and of archives that are made up."""
    catalog, report = folder / "ten_days", folder / "positions"
    imported = f"backtests/import_factors.py --spec {_TEN_DAYS} --catalog {catalog}"
    _write("import.svg", terminal(imported, "an import", folder))
    backtest = (
        f"backtests/run_backtest.py --catalog {catalog} --config docs/examples/backtest.toml"
    )
    run_program(f"{backtest} --out {report}")
    _write("report.png", page(report / "report.html"))
    proof = f"{backtest} --prove-no-lookahead --instants 3"
    _write("proof.svg", terminal(proof, "the proof", folder))
    found = folder / "evaluation"
    run_program(f"backtests/evaluate_factors.py --catalog {catalog} --out {found}")
    _write("evaluation.png", page(found / "evaluation.html"))
    sweep = folder / "sweep"
    settings = f"--config docs/examples/sweep.toml --out {sweep}"
    run_program(f"backtests/sweep.py --catalog {catalog} {settings}")
    _write("sweep.png", page(sweep / "sweep.html"))
    run_program(f"backtests/envelope.py {report} --cost 1.5")
    _write("envelope.png", page(report / "envelope.html"))
    exits = f"--horizon 4h --interval 15m --out {folder}/exits.json"
    train = f"backtests/train_exits.py {report} {exits}"
    _write("exits.svg", terminal(train, "the training of exits", folder))
    with_model = _in(folder, _EXITS)
    again = f"backtests/run_backtest.py --catalog {catalog} --config {with_model}"
    again += f" --out {folder}/with_exits"
    _write("with_exits.svg", terminal(again, "the backtest with the model", folder))
    archives, coverage = folder / "archives", folder / "coverage.html"
    make_archives(archives)
    run_program(f"backtests/backfill.py {archives} --catalog {folder}/filled --report {coverage}")
    _write("coverage.png", page(coverage))


def of_sessions(folder: Path) -> None:
    """Make the pictures of a recorded session, of the next one, and of a pair of nodes."""
    paper = folder / "paper"
    run_program(f"live/run_node.py --config {_PAPER} --seconds 360 --record {paper}")
    _write("parity.svg", terminal(f"backtests/check_parity.py {paper}", "parity", folder))
    expected = folder / "session_backtest"
    run_program(
        f"backtests/run_backtest.py --catalog {paper} --config {_SESSION} --out {expected}"
    )
    run_program(f"backtests/envelope.py {expected}")
    watched = f"live/run_node.py --config {_in(folder, _WATCH)} --seconds 180"
    _write("watched.svg", terminal(watched, "a session that is watched", folder, (3, 13)))
    fleet = folder / "pair.toml"
    shutil.copy(ROOT / "docs" / "examples" / fleet.name, fleet)
    run_program(f"live/run_fleet.py {fleet} start")
    try:
        run_folder = Path("/dev/shm/dolphin_fleet_pair")  # noqa: S108 - where regions lie
        shown = ("blue", "green")
        _write("pair.svg", asyncio.run(monitor([], shown, [run_folder])))
    finally:
        run_program(f"live/run_fleet.py {fleet} stop")


def of_latency(folder: Path) -> None:
    """Make the picture of the latency page; it is worth something on idle cores alone."""
    latency = folder / "latency.html"
    run_program(f"live/measure_latency.py --hazelcast none --rounds 2 --html {latency}")
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


def _alone(groups: Sequence[str]) -> int:
    """Start again with a /dev/shm of its own: the monitor shows all that runs on a machine."""
    mount = 'mount -t tmpfs tmpfs /dev/shm && exec "$0" -m docs.site.pictures "$@"'
    return subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", mount, sys.executable, *groups],  # noqa: S607
        cwd=ROOT,
        env={**os.environ, ALONE: "1"},
        check=False,
    ).returncode


def _in(folder: Path, settings: str) -> Path:
    """Return a copy of a settings file that names the files of a folder as its recordings."""
    text = (ROOT / settings).read_text(encoding="utf-8").replace("recordings/", f"{folder}/")
    copy = folder / settings
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_text(text, encoding="utf-8")
    return copy


def _write(name: str, picture: bytes) -> None:
    (FOLDER / name).write_bytes(picture)
    say(f"{name}: {len(picture):,} bytes")


if __name__ == "__main__":
    sys.exit(main())
