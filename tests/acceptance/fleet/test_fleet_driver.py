"""A fleet with a media driver: it starts before what streams through it, and is mended."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final

from adapters.aeron_stream.channel import AeronChannel
from adapters.shm import FactorReader
from adapters.shm.region.region_errors import RegionError
from live.fleet.settings.fleet_check import load_fleet
from live.fleet.supervision.control import NoSupervisorError, ask
from tests.support.aeron.media_driver import new_driver_folder, require_aeron
from tests.support.eventually import eventually
from tests.support.nodes.node_process import ROOT
from tests.support.transports.regions import factor_names

if TYPE_CHECKING:
    from pathlib import Path

require_aeron()

TIMEOUT_S: Final = 600.0
NAMES: Final = factor_names(3)
FLEET: Final = """\
[fleet]
name = "streams"
run_folder = "run"
[[bridge]]
name = "bridge"
source = "aeron:ipc?dir={folder}"
region = "bridged"
[[driver]]
name = "driver"
folder = "{folder}"
"""


def test_a_driver_of_a_fleet_carries_its_streams_and_is_started_again(tmp_path: Path) -> None:
    """Fault H01: records go through it into the bridge's region, after SIGKILL of the driver too;
    it runs before the bridge starts, and ends after it.
    """
    from adapters.aeron_stream import AeronPublisher

    folder = new_driver_folder()
    path = tmp_path / "fleet.toml"
    path.write_text(FLEET.format(folder=folder))
    settings = load_fleet(path)
    script = [sys.executable, str(ROOT / "live" / "run_fleet.py"), str(path)]

    def rows() -> dict[str, dict[str, Any]]:
        try:
            found = ask(settings.fleet.run_folder, {"command": "status"})
        except NoSupervisorError:
            return {}
        return {row["name"]: row for row in found["services"]}

    def all_run() -> bool:
        return bool(rows()) and all(row["state"] == "running" for row in rows().values())

    def bridged() -> int:
        try:
            with FactorReader(tmp_path / "bridged") as reader:
                newest = reader.read_latest()
        except (RegionError, OSError):
            return 0
        return 0 if newest is None else int(newest[NAMES[0]])

    with subprocess.Popen([*script, "run"], stdout=subprocess.PIPE, text=True) as supervisor:
        try:
            eventually(all_run, "all to run", TIMEOUT_S)
            channel = AeronChannel.from_text(f"aeron:ipc?dir={folder}")
            with AeronPublisher(channel, NAMES) as publisher:

                def arrives(value: int) -> bool:
                    publisher.write(dict.fromkeys(NAMES, float(value)))
                    return bridged() == value

                eventually(lambda: arrives(1), "a record in the region", TIMEOUT_S)
                pid = rows()["driver"]["pid"]
                os.kill(pid, signal.SIGKILL)
                eventually(lambda: rows()["driver"]["pid"] not in {0, pid}, "a driver anew")
                eventually(lambda: arrives(2), "a record through the next one", TIMEOUT_S)
                eventually(all_run, "all to run again", TIMEOUT_S)
            shutil.rmtree(folder / "driver")
            eventually(lambda: "are gone" in rows()["driver"]["trouble"], "its trouble")
            assert {n: row["restarts"] for n, row in rows().items()} == {"driver": 1, "bridge": 0}
        finally:
            ended = subprocess.run(
                [*script, "stop"], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
            )
        said = supervisor.stdout.read() if supervisor.stdout else ""
    assert ended.returncode == 0, ended.stderr
    assert supervisor.returncode == 0
    assert not (folder / "driver").exists()
    shutil.rmtree(folder)
    steps = [line.split()[1:3] for line in said.splitlines()]
    assert [" ".join(step) for step in steps[:4]] == [
        "driver starting", "driver running", "bridge starting", "bridge running",
    ]  # fmt: skip
    ends = [step for step in steps if step[1].startswith("stop")]
    assert [name for name, _ in ends] == ["bridge", "bridge", "driver", "driver"]
