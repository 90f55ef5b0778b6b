"""A node with real orders and the right to send them."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from typing import TYPE_CHECKING

from live.node.order_right import OrderRight
from tests.support.nodes.node_process import ROOT, SCRIPT

if TYPE_CHECKING:
    from pathlib import Path


def test_a_second_node_on_an_account_is_refused_before_any_client_is_made(tmp_path: Path) -> None:
    """Exit code 1, with who has the right; no network is needed to find out."""
    key = f"invented-{uuid.uuid4()}"
    config = tmp_path / "node.toml"
    config.write_text(
        '[node]\nvenue = "binance"\norders = "live"\nregion = "none"\n'
        '[risk]\ninstruments = ["BTCUSDT-PERP.BINANCE"]\n'
    )
    with OrderRight("BINANCE", key):
        ended = subprocess.run(
            [sys.executable, SCRIPT, "--config", config, "--live-orders"],
            cwd=ROOT,
            env=os.environ | {"BINANCE_API_KEY": key, "BINANCE_API_SECRET": "invented"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    assert ended.returncode == 1, ended.stderr
    assert f"the right of process {os.getpid()}" in ended.stderr
    assert key not in ended.stderr + ended.stdout
