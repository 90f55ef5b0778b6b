"""Small factor registries for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.exchanges import known_venues
from adapters.exf.registry.registry_file import load

if TYPE_CHECKING:
    from pathlib import Path

    from adapters.exf.registry.factor_registry import FactorRegistry


def factor_file(folder: Path, text: str, name: str = "factors.toml") -> Path:
    """Write a factor file."""
    path = folder / name
    path.write_text(text)
    return path


def registry_of(folder: Path, text: str) -> FactorRegistry:
    """Return the packaged registry with a factor file on top."""
    return load(known_venues(), [factor_file(folder, text)])


def packaged() -> FactorRegistry:
    """Return the packaged registry of what is polled, without streams."""
    return load(known_venues()).without_streams()
