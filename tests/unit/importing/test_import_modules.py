"""What import_factors.py loads: neither the C extension nor NautilusTrader's node."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

from tests.support.catalogs.imports import ROOT

NOT_NEEDED: Final = (
    "adapters.shm",
    "nautilus_trader.backtest",
    "nautilus_trader.live",
    "nautilus_trader.trading",
)


def test_importing_needs_neither_the_c_extension_nor_a_node() -> None:
    """A machine that only prepares data has no use for them: loading one would fail here."""
    code = (
        f"import sys; sys.modules |= dict.fromkeys({NOT_NEEDED!r}); "
        "from backtests.import_factors import main; "
        "sys.exit(main(['--spec', 'docs/examples/import_ten_days.toml', '--check']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "OK" in done.stdout
