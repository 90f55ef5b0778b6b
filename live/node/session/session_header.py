"""The description of the recorded run in a session's file."""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
import json
import platform
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adapters.command.user_code.strategy_class import AnyFactorStrategy
    from live.node.settings.node_settings import NodeSettings


def describe(settings: NodeSettings, strategy: AnyFactorStrategy) -> dict[str, Any]:
    """Return the content of ``session.json`` for a run: all that a replay needs."""
    source = Path(inspect.getfile(type(strategy)))
    return {
        "strategy": {
            "path": settings.strategy.path,
            "config": _plain(settings.strategy.config),
            "folder": str(Path.cwd()),
            "source_sha256": hashlib.sha256(source.read_bytes()).hexdigest(),
        },
        "sandbox": _plain(dataclasses.asdict(settings.sandbox)),
        "market": _plain(dataclasses.asdict(settings.market)),
        "risk": settings.risk.limits().plain(),
        "node": _plain(dataclasses.asdict(settings.node)),
        "versions": _versions(),
    }


def _plain(values: Any) -> Any:
    return json.loads(json.dumps(values, default=str))


def _versions() -> dict[str, Any]:
    packages = ("dolphin", "nautilus_trader", "numpy", "pyarrow")
    found = {"python": platform.python_version()}
    for name in packages:
        with suppress(ImportError):
            found[name] = version(name)
    return found
