"""The right to send real orders: one process an account and instrument, freed by the kernel."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from live.node.settings.order_right import OrderRight, RightHeldError
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BTC, ETH = "BTCUSDT-PERP.BINANCE", "ETHUSDT-PERP.BINANCE"
HOLDER = """
import sys, time
from pathlib import Path
from live.node.settings.order_right import OrderRight
right = OrderRight("BINANCE", sys.argv[2], sys.argv[3:] or None, Path(sys.argv[1]))
print("held", flush=True)
time.sleep(600)
"""


@pytest.fixture
def held(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process with the right to BTC orders of the account ``key``."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "rights"), "key", BTC],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def test_the_right_is_one_processs_until_its_kill(
    held: subprocess.Popen[str], tmp_path: Path
) -> None:
    """A second holder is refused with the first one's pid, another instrument is free, the whole
    account is not; after SIGKILL it is free at once.
    """
    folder = tmp_path / "rights"
    with pytest.raises(RightHeldError, match=f"process {held.pid} ") as refused:
        OrderRight("BINANCE", "key", [ETH, BTC], folder)
    assert refused.value.pid == held.pid
    with pytest.raises(RightHeldError):
        OrderRight("BINANCE", "key", None, folder)
    with OrderRight("BINANCE", "key", [ETH], folder), OrderRight("BINANCE", "other", None, folder):
        pass
    held.kill()
    held.wait()

    def takes() -> bool:
        with OrderRight("BINANCE", "key", None, folder):
            return True

    assert eventually(takes, "the right to be free")


def test_a_key_is_written_nowhere(tmp_path: Path) -> None:
    """Neither in the lock's name nor in the file."""
    folder = tmp_path / "rights"
    with OrderRight("BINANCE", "very-secret-key", [BTC], folder):
        for path in folder.iterdir():
            assert "very-secret" not in path.name
            assert path.read_bytes() == b""
