"""Real answers of the exchanges, where the optional data folder is there."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest


def recorded(name: str) -> Any:
    """Return the body of ``rest_json/NAME.json``, out of its wrapping; skip without data."""
    folder = os.environ.get("DOLPHIN_DATA")
    if not folder:
        pytest.skip("needs real data: set DOLPHIN_DATA to the folder that has rest_json/")
    found = json.loads((Path(folder) / "rest_json" / f"{name}.json").read_text())
    is_wrapped = isinstance(found, dict) and set(found) == {"route", "query", "response"}
    return found["response"] if is_wrapped else found
