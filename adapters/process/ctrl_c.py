"""CtrlC: one Ctrl-C is one, also under ``uv run``, which passes the terminal's signal on."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

ECHO_S: Final = 1.0
"""How late the second copy of one Ctrl-C may be."""


class CtrlC:
    """Tells uv's copy of a SIGINT from a second one."""

    def __init__(self) -> None:
        self._echo_until_s = 0.0

    def is_echo(self) -> bool:
        """Return whether the SIGINT that came now is the copy of one before; ask once for each."""
        now_s = time.monotonic()
        if now_s < self._echo_until_s:
            self._echo_until_s = 0.0
            return True
        with suppress(OSError):
            parent = Path(f"/proc/{os.getppid()}/comm").read_text(encoding="utf-8").strip()
            self._echo_until_s = now_s + ECHO_S if parent == "uv" else 0.0
        return False
