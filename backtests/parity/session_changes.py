"""The changes since a session was recorded: versions, and the strategy's own source."""

from __future__ import annotations

import hashlib
import inspect
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from backtests.parity.session_replay import make_strategy

if TYPE_CHECKING:
    from adapters.session.recorded_session import RecordedSession


def changes_since(session: RecordedSession) -> list[str]:
    """Return a sentence for each change since a session was recorded.

    Raises
    ------
    ConfigError
        If the session's strategy cannot be made.

    """
    changes = []
    for name, was in session.header.get("versions", {}).items():
        now = platform.python_version() if name == "python" else _version(name)
        if now != was:
            changes.append(f"recorded with {name} {was}, replayed with {now}")
    source = Path(inspect.getfile(type(make_strategy(session))))
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    if digest != session.header["strategy"].get("source_sha256", digest):
        changes.append(f"{source.name} has changed since the session was recorded")
    return changes


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"
