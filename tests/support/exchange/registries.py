"""Small factor registries for tests."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from adapters.exchanges import known_venues
from adapters.exf.registry.registry_file import load

if TYPE_CHECKING:
    from pathlib import Path

    from adapters.exf.registry.factor_registry import FactorRegistry

ASKED_EVERY_S: Final = 20.0
VALID_FOR_S: Final = 3600.0


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


def lasting(registry: FactorRegistry) -> FactorRegistry:
    """Return a registry whose values stay for the length of a test, so that one answer does."""
    factors = (
        replace(f, time_to_live_s=max(f.time_to_live_s, VALID_FOR_S)) if f.source else f
        for f in registry.factors
    )
    return replace(registry.with_period(ASKED_EVERY_S), factors=tuple(factors))
