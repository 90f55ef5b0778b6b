"""Where passwords and keys are not: anywhere but in the environment of who needs them."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from adapters.hazelcast_map.settings import PASSWORD_VARIABLE, USERNAME_VARIABLE
from adapters.shm.region.region_files import folder_of
from live.node.settings.nautilus_configs import execution_client
from tests.support.eventually import eventually
from tests.support.exchange.exf import SCRIPT
from tests.support.exchange.local_exchange import local_exchange
from tests.support.nodes.processes import ROOT

SECRET: Final = "correct-horse-battery-staple"  # noqa: S105 - a planted one


def processes_of(pid: int) -> list[int]:
    """Return a process and its descendants."""
    found = [pid]
    for each in found:
        for task in Path(f"/proc/{each}/task").iterdir():
            found += [int(p) for p in (task / "children").read_text().split()]
    return found


def files_with_secret(folder: Path) -> list[Path]:
    """Return the files below a folder that hold the secret."""
    return [p for p in folder.rglob("*") if p.is_file() and SECRET.encode() in p.read_bytes()]


def test_a_secret_of_a_running_service_is_nowhere_but_in_its_environment(
    region_path: Path, tmp_path: Path
) -> None:
    """Fault G09: not in the region, its files, status, log and output, nor in the process list,
    while the cluster cannot be reached; and the service leaves no core dump.
    """
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        USERNAME_VARIABLE: "trader",
        PASSWORD_VARIABLE: SECRET,
    }
    command = [
        *(sys.executable, SCRIPT, "run", "--region", region_path, "--log", tmp_path / "log"),
        *("--hazelcast", "hazelcast://127.0.0.1:9"),
    ]
    output = tmp_path / "output"
    status = folder_of(region_path.with_name(f"{region_path.name}.service")) / "status.json"
    with local_exchange() as exchange, output.open("wb") as to:
        with subprocess.Popen(
            [*map(str, command), "--base-url", exchange.url],
            env=environment,
            stdout=to,
            stderr=to,
            cwd=tmp_path,
        ) as service:
            try:
                eventually(
                    lambda: status.exists() and "problem" in status.read_text(), "its status"
                )
                pids = processes_of(service.pid)
                for pid in pids:
                    assert SECRET.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()
                limits = Path(f"/proc/{service.pid}/limits").read_text()
                (core,) = [li for li in limits.splitlines() if li.startswith("Max core file")]
                assert core.split()[4] == "0"
                assert SECRET.encode() not in region_path.read_bytes()
                for folder in (folder_of(region_path), status.parent):
                    assert not files_with_secret(folder)
                assert SECRET.encode() in Path(f"/proc/{service.pid}/environ").read_bytes()
            finally:
                service.send_signal(signal.SIGTERM)
                service.wait(240)
        assert not files_with_secret(tmp_path)


def test_keys_of_an_account_do_not_show_in_the_config_of_its_client(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Fault G09: NautilusTrader's config is printed by whoever debugs."""
    names = ("BINANCE_API_KEY", "BINANCE_API_SECRET")
    _, config = execution_client(dict.fromkeys(names, SECRET))
    print(repr(config), config)
    assert SECRET not in capsys.readouterr().out


def test_a_process_without_secrets_keeps_its_core_dumps() -> None:
    """Fault G09: the limit is lowered only where there is something to hide."""
    code = (
        "import resource\n"
        "from adapters.process.core_dumps import keep_secrets_from_core_dumps as keep\n"
        "hard = resource.getrlimit(resource.RLIMIT_CORE)[1]\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (hard and 4096, hard))\n"
        "keep()\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE)[0] != 0)\n"
    )
    plain = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
        pytest.skip("this machine allows no core dumps")
    for name, expected in (("HOME", "True"), ("X_API_KEY", "False"), ("DB_PASSWORD", "False")):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**plain, name: "x"},
            capture_output=True,
            text=True,
            timeout=240,
            check=True,
        )
        assert done.stdout.strip() == expected, name
